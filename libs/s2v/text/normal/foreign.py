"""Read numbers, dates and money of other languages than English, through kitten-text-processing.

It gets short pieces only, around figures: on whole sentences it takes seconds, refuses ordinary
ones and swallows white space. What it fails on stays as it is written, which a warning tells.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType

from s2v.text.languages import primary
from s2v.text.normal import foreign_words as words
from s2v.text.normal.claiming import Claim, Claims
from s2v.text.normal.foreign_forms import Form, forms
from s2v.text.normal.foreign_pieces import pieces
from s2v.text.normal.foreign_ranks import RANKS
from s2v.text.normal.foreign_unspaced import unspaced
from s2v.text.normal.romans import value
from s2v.text.normal.spans import SpeechClass

try:
    import kitten_text_processing as _kitten
except ImportError:  # the extra `languages` is not installed
    _kitten = None
kitten: ModuleType | None = _kitten

_NUMBER = r"[0-9]{1,3}(?:[.\u00a0\u202f ][0-9]{3})+(?![0-9])(?:,[0-9]+)?|[0-9]++(?:,[0-9]+)?"
_THOUSANDS = re.compile(r"(?<=[0-9])[.\u00a0\u202f ](?=[0-9]{3}(?![0-9]))")
_HOUR = re.compile(r"(?<![\w.,])([0-9]{1,2})\s?h\s?([0-9]{2})?(?!\w)")
_HOUR_AND_MINUTES = re.compile(r"(?<![\w.,])[0-9]{1,2}\s?h\s?[0-9]{2}(?!\w)")
_OTHER = re.compile(r"(?<!\w)[-−+]?[0-9]++(?:[.,:/][0-9]++)*+(?:[\w%°ªº]{1,3}(?!\w))?")
_TELEPHONE = re.compile(
    r"(?<![\w+])\+[0-9][0-9 ()/-]{5,22}[0-9](?!\w)"
    r"|(?<![\w+.,:/-])0[1-9][0-9]{1,4}[ /-][0-9]{3,8}(?:[ -][0-9]{1,6}){0,2}(?![\w/-])"
)
_COMMAS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_ROMAN = re.compile(
    r"(?:(?<=[a-zà-ÿ.] )(?=[IVX]{2})|(?<=ítulo )(?=[IVX])|(?<=éculo )(?=[IVX])|(?<=siglo )"
    r"(?=[IVX]))X{0,3}(?:IX|IV|V?I{0,3})(?![\w.])"
)
_CLAUSE = re.compile(r"[^，。！？、；：\n\s]*[0-9][^，。！？、；：\n\s]*")
_UNSPACED = frozenset({"zh", "ja", "ko"})
_LONGEST_CLAUSE = 60
_FIGURE = re.compile("[0-9]")
_AFTER_CASE = re.compile(r"\b(?:am|dem|vom|zum|den|im)\s\Z", re.IGNORECASE)


def claim_numbers(claims: Claims, language: str) -> None:
    """Claim what has figures in it, as far as it can be read in the language."""
    spoken = primary(language)
    if spoken in _UNSPACED:
        claims.take(_clauses(claims, spoken))
        return
    claims.take(_telephones(claims, spoken))
    if spoken in words.UNITS:
        for form in (*pieces(spoken, language), *forms(spoken), *RANKS.get(spoken, ())):
            claims.take(_formed(claims, form, spoken))
        for pattern in _patterns(spoken):
            claims.take(_pieces(claims, pattern, spoken))
        claims.take(_romans(claims, spoken))
    claims.take(_pieces(claims, _OTHER, spoken))


def _formed(claims: Claims, form: Form, language: str) -> Iterator[Claim]:
    pattern, read = form

    def say(piece: str) -> str | None:
        return _alone(read_piece(_plain(piece), language), language)

    for first, end in claims.gaps:
        for match in pattern.finditer(claims.text, first, end):
            said = read(match, say)
            if said is not None:
                yield Claim(*match.span(), said, SpeechClass.NUMBER, f"foreign.{language}")


def _alone(said: str | None, language: str) -> str | None:
    """Return a number that nothing follows: Spanish "un" becomes "uno"."""
    if said is None or language != "es":
        return said
    said = re.sub(r"veintiún$", "veintiuno", said)
    return re.sub(r"(?<!\w)un$", "uno", said)


@lru_cache(maxsize=16)
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Return patterns of money, dates, times and units, which are read as one piece."""
    units = "|".join(map(re.escape, sorted(words.units(language), key=len, reverse=True)))
    signs = "|".join(map(re.escape, sorted(words.MONEY[language], key=len, reverse=True)))
    month = words.MONTHS[language]
    return (
        re.compile(
            rf"(?<![\w.,])(?:(?P<before>{signs}) ?)?(?P<n>{_NUMBER})(?:,[-–—]+)? ?"
            rf"(?P<sign>{signs})(?!\w)"
        ),
        re.compile(rf"(?<![\w.,])(?P<before>{signs}) ?(?P<n>{_NUMBER})(?P<sign>)(?!\w)"),
        re.compile(
            rf"(?<![\w.,])[0-9]{{1,2}}(?:\.|er|º|°)?(?: de)? (?:{month})"
            r"(?:(?: de)? [0-9]{4})?(?!\w)"
        ),
        re.compile(r"(?<![\w.,])[0-9]{1,2}:[0-9]{2}(?: Uhr| h)?(?![\w:])"),
        _HOUR if language == "fr" else _HOUR_AND_MINUTES,
        re.compile(rf"(?<![\w.,/:])[-−+]?(?:{_NUMBER})[ \u00a0\u202f]?(?P<unit>{units})(?!\w)"),
        re.compile(rf"(?<![\w.,/:])[-−+]?(?:{_NUMBER})(?![\w%°ªº.,/:]?[0-9a-zªº°%])"),
    )


def _pieces(claims: Claims, pattern: re.Pattern[str], language: str) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for match in pattern.finditer(claims.text, first, end):
            said = read_piece(_rewritten(match, language), language)
            if said is not None:
                said = _in_case(said, claims.text[: match.start()][-12:], language)
                yield Claim(*match.span(), said, SpeechClass.NUMBER, f"foreign.{language}")


def _rewritten(match: re.Match[str], language: str) -> str:
    """Return a piece as kitten reads it right: no thousands' marks, units and money in words."""
    groups = match.re.groupindex
    piece = match.group()
    if "sign" in groups:
        return _money(match, language)
    if "unit" in groups:
        number = piece[: match.start("unit") - match.start()].rstrip()
        unit = words.units(language)[match["unit"]]
        return words.one_of(unit, language) if number == "1" else f"{_plain(number)} {unit}"
    if match.re is _HOUR:
        if match[1] == "1":
            return f"une heure {match[2] or ''}".strip()
        return f"{match[1]} heures {match[2] or ''}".strip()
    return _plain(piece)


def _money(match: re.Match[str], language: str) -> str:
    name, joint = words.MONEY[language][match["before"] or match["sign"]]
    whole, _, part = _plain(match["n"]).partition(",")
    if len(part) != 2:
        single = match["n"] == "1"
        return words.one_of(name, language) if single else f"{_plain(match['n'])} {name}"
    return " ".join(
        filter(None, (whole, name, joint if int(part) else "", part.strip("0") and part))
    )


def _plain(number: str) -> str:
    return _THOUSANDS.sub("", number).replace("−", "-")


@lru_cache(maxsize=4096)
def read_piece(piece: str, language: str) -> str | None:
    """Return a short piece in words, None where kitten cannot read it or is not installed."""
    if kitten is None or language not in kitten.SUPPORTED_LANGUAGES:
        return None
    try:
        said = str(kitten.normalize_text(piece, locale=language)).strip()
    except Exception:  # noqa: BLE001 - it raises what it likes, NoPathError for one
        return None
    if not said or _FIGURE.search(said) or 2 * len(said) < len(piece):
        return None
    return said


def _in_case(said: str, before: str, language: str) -> str:
    """Bring a German ordinal into the case that the word before asks for: "am fünfzehnten"."""
    if language != "de" or not _AFTER_CASE.search(before):
        return said
    return re.sub(r"^(\w+?(?:t|st)e)r?(?= |$)", r"\1n", said)


def _telephones(claims: Claims, language: str) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for match in _TELEPHONE.finditer(claims.text, first, end):
            groups = re.findall(r"[0-9]+", match.group())
            said = [
                [_alone(read_piece(figure, language), language) or figure for figure in g]
                for g in groups
            ]
            plus = words.PLUS.get(language, "plus") if match.group()[0] == "+" else ""
            spoken = f"{plus} {', '.join(map(' '.join, said))}".strip()
            yield Claim(*match.span(), spoken, SpeechClass.TELEPHONE, f"foreign.{language}")


def _romans(claims: Claims, language: str) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for match in _ROMAN.finditer(claims.text, first, end):
            said = read_piece(str(value(match.group())), language)
            if said is not None:
                yield Claim(*match.span(), said, SpeechClass.ROMAN, f"foreign.{language}")


def _clauses(claims: Claims, language: str) -> Iterator[Claim]:
    """Read clauses of a language without spaces; only what changes in them is claimed."""
    for first, end in claims.gaps:
        for match in _CLAUSE.finditer(claims.text, first, end):
            written = match.group()
            plain = unspaced(_COMMAS.sub("", written), language)
            said = read_piece(plain, language) if len(plain) <= _LONGEST_CLAUSE else None
            if said is None or said == written:
                continue
            begin = _alike(written, said)
            finish = min(_alike(written[::-1], said[::-1]), min(len(written), len(said)) - begin)
            stop = match.end() - finish
            spoken = said[begin : len(said) - finish]
            if match.start() + begin < stop:
                yield Claim(
                    match.start() + begin, stop, spoken, SpeechClass.NUMBER, f"foreign.{language}"
                )


def _alike(left: str, right: str) -> int:
    """Return how many characters both begin with."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
