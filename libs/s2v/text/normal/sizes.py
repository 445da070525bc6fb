"""Say what is so long by so wide, so many times so much, and how tall somebody is."""

import re
from collections.abc import Sequence

from s2v.text.normal.claiming import Reader, Rule, before
from s2v.text.normal.fractions import GLYPHS, fraction
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
_MIXED = rf"[0-9]{{1,3}}[ -][1-9]/[1-9][0-9]?|[0-9]{{0,3}}[{''.join(GLYPHS)}]|[1-9]/[1-9][0-9]?"
"""A mixed number or a fraction."""
_SIDE = rf"(?:{_MIXED}|{NUMBER})"
_PART = re.compile(rf"(?P<n>{_SIDE})(?:(?P<space>{SPACE})?(?P<sign>{_SIGN}))?(?![\w.])")


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
        words = unit_words(sign, "1" if one else plain(part["n"])) if sign else ""
        said.append(f"{_side(part['n'])} {words}".strip())
    return said


def _side(written: str) -> str:
    """Say a number that may be a mixed one: "8 1/2", "8½", "3/4"."""
    glyph = GLYPHS.get(written[-1])
    if glyph:
        whole, part = written[:-1], fraction(*glyph)
    elif "/" in written:
        *before_it, last = re.split("[ -]", written)
        above, _, below = last.partition("/")
        whole, part = "".join(before_it), fraction(int(above), int(below))
    else:
        return number(plain(written))
    return f"{number(whole)} and {part}" if whole else part


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
    one = is_before_word(match) or match["n"] == "1" or _PART_ALONE.fullmatch(match["n"])
    return f"{_side(match['n'])} {'inch' if one else 'inches'}"


def _feet(match: re.Match[str]) -> str:
    return f"{number(match['n'])} {'foot' if is_before_word(match) else 'feet'}"


def _arc(match: re.Match[str]) -> str:
    """Say minutes and seconds, of which there are too many for inches."""
    minutes, seconds = int(match["m"]), int(match["s"])
    said = f"{cardinal(minutes)} minute{'' if minutes == 1 else 's'}"
    return f"{said} {cardinal(seconds)} second{'' if seconds == 1 else 's'}"


_PART_ALONE = re.compile(rf"[1-9]/[1-9][0-9]?|[{''.join(GLYPHS)}]")


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"unit.{name}", SpeechClass.UNIT, re.compile(pattern), read)


RULES = (
    _rule(
        "size",
        rf"(?<![\w.,/-])(?!0[xX])(?P<it>{_SIDE}(?:{SPACE}?(?:{_SIGN}))?"
        rf"(?:{_TIMES}{_SIDE}(?:{SPACE}?(?:{_SIGN}))?){{1,2}})(?![\w²³/^])",
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
    _rule("arc", r"(?<![\w.,])(?P<m>[0-9]{1,3})['’′] ?(?P<s>[1-5][0-9])[\"”″](?!\w)", _arc),
    _rule(
        "inches",
        rf"(?<![\w.,/])(?P<n>{_MIXED}|[0-9]{{1,3}}(?:\.[0-9]{{1,2}})?)[\"″”]"
        r"(?=[ -][A-Za-z]|[.,;)]|$)",
        _inches,
    ),
    _rule(
        "feet",
        r"(?<![\w.,'‘])(?P<n>[1-9][0-9]{0,3})['’′](?= (?:tall|long|wide|deep|high|boat|yacht"
        r"|ceiling|"
        r"ceilings|fence|ladder|pole|wall|above|below|by|x|trailer|tree|drop|cliff|wave|rope)\b)",
        _feet,
    ),
)
