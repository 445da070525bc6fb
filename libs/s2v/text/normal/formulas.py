"""Find mathematics in a text: between dollars and other delimiters, and bare commands."""

import re
from collections.abc import Iterator

from s2v.text.languages import primary
from s2v.text.normal.claiming import Claim, Claims, Rule
from s2v.text.normal.mathematics.expressions import COMMANDS
from s2v.text.normal.mathematics.shaping import FormulaUnreadable
from s2v.text.normal.mathematics.speaking import foreign_formula, say_formula
from s2v.text.normal.spans import SpeechClass

_DELIMITERS = (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"))
_ENVIRONMENT = re.compile(
    r"\\begin\{(equation|align|aligned|gather|multline|eqnarray|cases|[pbBvV]?matrix|array|split)"
    r"(\*?)\}"
)
_AMOUNT = re.compile(
    r"[0-9][0-9,.]*(?:[kKmMbB]|\s?(?:million|billion|thousand|trillion))?(?![\w^_])"
)
_WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_TEX = re.compile(r"[\\^_{}=<>+]")
_KEPT_WORDS = re.compile(r"\\(?:text|mathrm|operatorname|mbox)\s*\{[^{}]*\}|\\[A-Za-z]+")
_NAMES = re.compile(r"\\([A-Za-z]+)|[\\{}$&]")
_LONGEST_INLINE = 1_000


def claim_formulas(claims: Claims, language: str) -> None:
    """Say what stands between the delimiters of mathematics."""
    for opening, closing in _DELIMITERS:
        claims.take(_delimited(claims, language, opening, closing))
    claims.take(_environments(claims, language))
    claims.take(_inline(claims, language))


def spoken_formula(tex: str, language: str) -> str:
    """Return a formula in words; one that cannot be read is said by the names in it.

    In other languages than English mathra's own words are said.
    """
    try:
        return say_formula(tex) if primary(language) == "en" else foreign_formula(tex, language)
    except FormulaUnreadable:
        return " ".join(_NAMES.sub(r" \1 ", tex[:_LONGEST_INLINE]).split())


def _claim(first: int, end: int, tex: str, rule: str, language: str) -> Iterator[Claim]:
    said = spoken_formula(tex, language)
    if said:
        yield Claim(first, end, said, SpeechClass.MATHEMATICS, rule)


def _delimited(claims: Claims, language: str, opening: str, closing: str) -> Iterator[Claim]:
    text = claims.text
    for gap_first, gap_end in claims.gaps:
        first = text.find(opening, gap_first, gap_end)
        while first >= 0:
            inside = first + len(opening)
            end = text.find(closing, inside, gap_end)
            if end < 0:
                break
            if text[inside:end].strip():
                yield from _claim(
                    first, end + len(closing), text[inside:end], "formula.display", language
                )
            first = text.find(opening, end + len(closing), gap_end)


def _environments(claims: Claims, language: str) -> Iterator[Claim]:
    for gap_first, gap_end in claims.gaps:
        position = gap_first
        while match := _ENVIRONMENT.search(claims.text, position, gap_end):
            closing = rf"\end{{{match[1]}{match[2]}}}"
            end = claims.text.find(closing, match.end(), gap_end)
            if end < 0:
                break
            position = end + len(closing)
            tex = claims.text[match.start() : position]
            if match[1] in ("equation", "multline"):
                tex = claims.text[match.end() : end]
            yield from _claim(match.start(), position, tex, "formula.environment", language)


def _inline(claims: Claims, language: str) -> Iterator[Claim]:
    text = claims.text
    for gap_first, gap_end in claims.gaps:
        dollars = [match.start() for match in re.finditer(r"(?<!\\)\$", text[gap_first:gap_end])]
        index = 0
        while index + 1 < len(dollars):
            first, end = gap_first + dollars[index], gap_first + dollars[index + 1]
            if _is_formula(text, first, end):
                yield from _claim(first, end + 1, text[first + 1 : end], "formula.inline", language)
                index += 2
            else:
                index += 1


def _is_formula(text: str, first: int, end: int) -> bool:
    """Tell whether two dollars stand around a formula, not in front of two amounts."""
    tex = text[first + 1 : end]
    if not tex.strip() or len(tex) > _LONGEST_INLINE or "\n\n" in tex:
        return False
    if text[end + 1 : end + 2].isdigit() or (tex[0].isspace() != tex[-1].isspace()):
        return False
    if tex[0].isspace() and not _TEX.search(tex):
        return False
    if text[first - 1 : first].isalnum() and first:
        return False
    amount = _AMOUNT.match(tex)
    if amount and amount.end() < len(tex) and not _TEX.search(tex):
        return False
    return not (_WORDS.search(_KEPT_WORDS.sub("", tex)) and (amount or not _TEX.search(tex)))


BROKEN_FORMULAS = (
    Rule(
        "formula.broken",
        SpeechClass.MATHEMATICS,
        re.compile(rf"(?<![\\\w])\$?\\(?:{COMMANDS})(?![A-Za-z])[^\s$]{{0,400}}\$?"),
        lambda match: spoken_formula(match.group().strip("$"), "en") or None,
    ),
)
"""A command of LaTeX outside of any delimiters, or where the closing one is missing."""
