"""Read English: every class in the order in which they are looked for."""

import re
from collections.abc import Iterator

from s2v.text.languages import primary
from s2v.text.normal import (
    abbreviations,
    acronyms,
    addresses,
    chemistry,
    counting,
    dates,
    decades,
    emoji,
    keys,
    markup,
    measures,
    money,
    music,
    places,
    references,
    romans,
    spelling,
    symbols,
    telephones,
    times,
    verses,
    versions,
    weekdays,
)
from s2v.text.normal.claiming import Claim, Claims
from s2v.text.normal.code import claim_code
from s2v.text.normal.formulas import BROKEN_FORMULAS, claim_formulas, spoken_formula
from s2v.text.normal.mathematics.expressions import expressions
from s2v.text.normal.spans import SpeechClass

_AMERICAN = dates.rules(day_first=False)
_BRITISH = dates.rules(day_first=True)
_AREA = re.compile(r"[0-9.,\s]*[ckdm]?m[²³]")
"""What other languages say by their own words of units."""
_LATIN = frozenset({"en", "de", "es", "fr", "it", "pt", "nl", "sv", "pl", "tr"})
_MONTH_FIRST = frozenset({"en", "en-us", "en-ph"})


def claim_protected(claims: Claims, language: str) -> None:
    """Claim what stands for itself: code, formulas, tags, links, addresses and marks."""
    claims.apply(spelling.SPELLING[:1])
    if primary(language) == "en":
        claims.apply(emoji.FACES)
    claim_code(claims)
    claim_formulas(claims, language)
    claims.apply((*markup.TAGS, markup.ENTITIES))
    markup.claim_links(claims)
    claims.apply(addresses.urls(primary(language)))
    claims.apply(markup.BLOCKS)
    markup.claim_emphasis(claims)
    claims.apply(spelling.SPELLING[1:])
    if primary(language) in _LATIN:
        claims.apply(spelling.FIGURES)


def claim_english(claims: Claims, language: str) -> None:
    """Claim everything that English reads otherwise than letter by letter."""
    claims.apply(music.RULES)
    claims.apply(emoji.RULES[:4])
    claims.apply(symbols.RUNS)
    claims.apply(spelling.NOTES)
    claims.apply(keys.RULES)
    claims.apply(telephones.RULES)
    claims.apply(addresses.MACHINES)
    claims.apply(places.RULES)
    claims.apply(weekdays.RULES)
    claims.apply(_AMERICAN if language.lower() in _MONTH_FIRST else _BRITISH)
    claims.apply(telephones.SERIALS)
    claims.apply(decades.RULES)
    claims.apply(verses.RULES)
    claims.apply(references.RULES)
    claims.apply(times.RULES)
    claims.apply(money.RULES)
    claims.apply(versions.RULES)
    claims.apply(measures.RULES)
    claims.apply(chemistry.RULES)
    claim_expressions(claims, "en")
    claims.apply(BROKEN_FORMULAS)
    claims.apply(abbreviations.BEFORE_NUMBERS)
    claims.apply(dates.YEARS)
    claims.apply(acronyms.MODELS)
    claims.apply(romans.RULES)
    claims.apply(counting.RULES)
    claims.apply(acronyms.MIXED)
    claims.apply(counting.NUMBERS)
    claims.apply(abbreviations.RULES)
    claims.apply(symbols.PAIRS)
    claims.apply(acronyms.WORDS)
    claims.apply(counting.REST)
    claims.apply(emoji.RULES[4:])
    claims.apply(markup.CELLS)
    claims.apply(markup.STRAY)
    claims.apply(symbols.RULES)


def claim_expressions(claims: Claims, language: str) -> None:
    """Claim mathematics of plain text, which is said in words of the language."""
    claims.take(_expressions(claims, language))


def _expressions(claims: Claims, language: str) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for begin, finish, tex in expressions(claims.text, first, end):
            if language != "en" and _AREA.fullmatch(claims.text, begin, finish):
                continue
            said = spoken_formula(tex, language)
            if said:
                yield Claim(begin, finish, said, SpeechClass.MATHEMATICS, "formula.plain")
