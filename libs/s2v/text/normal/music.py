"""Say what music is written with: sharps and flats, keys, time signatures."""

import re

from s2v.text.normal.claiming import Reader, Rule
from s2v.text.normal.numerals import cardinal
from s2v.text.normal.spans import SpeechClass

_TURNS = {"♯": "sharp", "♭": "flat", "♮": "natural", "b": "flat", "#": "sharp"}
_KEYS = (
    "major|minor|clarinet|trumpet|saxophone|sax|scale|chord|key|horn|cornet|tuba|flute|pentatonic|"
    "blues|triad|arpeggio|instruments?"
)


def _turned(match: re.Match[str]) -> str:
    return f"{match['note']} {_TURNS[match['turn']]}"


def _signature(match: re.Match[str]) -> str:
    return f"{cardinal(int(match['beats']))} {cardinal(int(match['unit']))}"


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"music.{name}", SpeechClass.SYMBOL, re.compile(pattern), read)


RULES = (
    _rule("note", r"(?<![A-Za-z])(?P<note>[A-Ga-g])(?P<turn>[♯♭♮])(?![a-z])", _turned),
    _rule("note", rf"(?<![\w-])(?P<note>[A-G])(?P<turn>[b#])(?= (?:{_KEYS})\b)", _turned),
    _rule(
        "note",
        r"(?<![\w-])(?P<note>[A-G])(?P<turn>#)(?=(?:m|maj|min|dim|aug|sus|add)?[0-9]{1,2}(?!\w)|m"
        r"(?!\w))",
        lambda match: f"{_turned(match)} ",
    ),
    _rule("turn", r"[♯♭♮]", lambda match: f" {_TURNS[match.group()]} "),
    _rule(
        "signature",
        r"(?<![\w/.])(?P<beats>[2-9]|12)/(?P<unit>[248]|16)"
        r"(?=[ -](?:time|meter|metre|signature|beat|groove|waltz|march|rhythm|bars?)\b)",
        _signature,
    ),
    _rule(
        "signature", r"(?<![\w/.])(?P<beats>4)/(?P<unit>4)(?![\w/])(?!\.[0-9]| ?[-+=*])", _signature
    ),
    _rule(
        "signature",
        r"(?<=\bin )(?P<beats>[5-79]|12)/(?P<unit>8)(?![\w/])(?! of\b)",
        _signature,
    ),
)
