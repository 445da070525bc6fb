"""Say what is so long by so wide, so many times so much, and how tall somebody is."""

import re
from collections.abc import Sequence

from s2v.text.normal.claiming import Reader, Rule, before
from s2v.text.normal.fractions import fraction
from s2v.text.normal.numerals import cardinal, number, pairs
from s2v.text.normal.patterns import NUMBER, SPACE, plain
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.units import (
    LENGTHS,
    UNIT,
    is_before_word,
    is_inches,
    stands_before_noun,
    unit_words,
)

_MARKS = {"'": "ft", "’": "ft", "′": "ft", '"': "in", "”": "in", "″": "in"}
_SIGN = rf"(?:{UNIT})|[\"”″'’′]"
_QUOTES = re.compile('["“”]')
_TIMES = rf"{SPACE}?[x×X]{SPACE}?"
_PART = re.compile(rf"(?P<n>{NUMBER})(?:(?P<space>{SPACE})?(?P<sign>{_SIGN}))?(?![\w.])")


def _size(match: re.Match[str]) -> str | None:
    parts = [_PART.fullmatch(part) for part in re.split(_TIMES, match["it"])]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or not known[-1]["sign"]:
        return None
    last = _MARKS.get(known[-1]["sign"], known[-1]["sign"])
    if known[-1]["space"] and (len(last) == 1 and last != "m"):
        return None
    if last == "in" and known[-1]["sign"] == "in" and not is_inches(match):
        return None
    one = stands_before_noun(match)
    if last in LENGTHS:
        return " by ".join(_sides(known, one=one))
    counted = len(known) == 2 and not known[0]["sign"]
    return " times ".join(_sides(known, one=one)) if counted else None


def _sides(parts: Sequence[re.Match[str]], *, one: bool) -> list[str]:
    """Return each side in words; the unit of all of them is said once, after the last one."""
    signs = [_MARKS.get(part["sign"] or "", part["sign"] or "") for part in parts]
    if len(set(signs)) == 1:
        signs = [*("" for _ in signs[1:]), signs[-1]]
    said = []
    for part, sign in zip(parts, signs, strict=True):
        amount = plain(part["n"])
        words = unit_words(sign, "1" if one else amount) if sign else ""
        said.append(f"{number(amount)} {words}".strip())
    return said


def _height(match: re.Match[str]) -> str:
    feet = f"{cardinal(int(match['feet']))} {'foot' if match['feet'] == '1' else 'feet'}"
    return f"{feet} {cardinal(int(match['inches']))}{(match['named'] and ' inches') or ''}"


def _closes_quote(match: re.Match[str]) -> bool:
    """Tell whether the mark of inches ends what another one began: "version 3.1"."""
    line = before(match, 200).rpartition("\n")[2]
    quoted = False
    for mark in _QUOTES.finditer(line):
        measured = not quoted and line[mark.start() - 1 : mark.start()].isdigit()
        quoted = mark.group() == "“" or (mark.group() == '"' and not quoted and not measured)
    return quoted


def _inches(match: re.Match[str]) -> str | None:
    if _closes_quote(match):
        return None
    above, _, below = match["n"].partition("/")
    said = fraction(int(above), int(below)) if below else number(above)
    one = is_before_word(match) or match["n"] == "1"
    return f"{said} {'inch' if one else 'inches'}"


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"unit.{name}", SpeechClass.UNIT, re.compile(pattern), read)


RULES = (
    _rule(
        "size",
        rf"(?<![\w.,/-])(?!0[xX])(?P<it>(?:{NUMBER})(?:{SPACE}?(?:{_SIGN}))?"
        rf"(?:{_TIMES}(?:{NUMBER})(?:{SPACE}?(?:{_SIGN}))?){{1,2}})(?![\w²³/^])",
        _size,
    ),
    _rule(
        "height",
        r"(?<![\w.,])(?P<feet>[1-9])['’′] ?(?P<inches>[0-9]|1[01])(?P<named>(?!)i)?"
        r"(?:\"|”|″|'')?(?![\w'’\"])",
        _height,
    ),
    _rule(
        "height",
        r"(?<![\w.,])(?P<feet>[1-9][0-9]?) ?(?:ft|feet|foot)\.?,? (?P<inches>[0-9]|1[01]) ?"
        r"(?P<named>in\b\.?|inch(?:es)?\b)(?! [a-z]+(?:ing|ed)\b)",
        _height,
    ),
)
APERTURES = (
    _rule(
        "resolution",
        r"(?<![\w.,])(?P<it>[1-9][0-9]{2,3}(?:[x×][1-9][0-9]{2,3}){1,2})(?!\w|[.,][0-9]| ?=)",
        lambda match: " by ".join(map(pairs, re.split("[x×]", match["it"]))),
    ),
    _rule(
        "stone",
        r"(?<![\w.,])(?P<it>(?P<n>[0-9]{1,2}) ?st) ?(?=[0-9]{1,2} ?lbs?\b)",
        lambda match: f"{number(match['n'])} stone ",
    ),
    _rule(
        "aperture",
        r"(?<!\w)(?P<it>[fƒ]/(?P<n>[0-9]{1,2}(?:\.[0-9])?))(?!\w)",
        lambda match: f"f {number(match['n'])}",
    ),
)
INCHES = (
    _rule(
        "inches",
        r"(?<![\w.,/])(?P<n>[0-9]{1,3}(?:\.[0-9]{1,2})?|[1-9]/[1-9][0-9]?)[\"″”]"
        r"(?=[ -][a-z]|[.,;)]|$)",
        _inches,
    ),
)
