"""Say times of day and how long something lasts."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.numerals import cardinal, digits, two_figures
from s2v.text.normal.patterns import DASH, SPACE
from s2v.text.normal.spans import SpeechClass

_ZONE = "E[SD]?T|C[SDE]?T|M[SD]T|P[SD]?T|GMT|UTC|BST|CEST|IST|JST|AE[SD]T|Eastern|Pacific|Central"
_HALF = (
    rf"(?:{SPACE}?(?P<half>[AaPp])"
    rf"(?:[Mm](?!\w)|\.{SPACE}?[Mm](?:\.(?=[,;:)!?]|\s?[-–]\s?[0-9]|\s+(?:[a-z0-9]|"
    rf"(?:{_ZONE})\b))|(?=\.)|(?!\w))))"
)
_HALF_2 = _HALF.replace("half", "half2")
_CLOCK = r"(?P<h>[01]?[0-9]|2[0-4])[:h.]?(?P<m>[0-5][0-9])"
_CLOCK_BEFORE = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]|[0-9]{4},? |\bat )\Z")
_RATIOS = re.compile(
    r"\b(?:ratio|scale|odds|score|scored|mix|mixture|proportion|dilution|aspect|won|lost|beat"
    r"|win|led|"
    r"tied|drew|defeated)\b[^.!?]{0,30}\Z",
    re.IGNORECASE,
)


_RATIO_AFTER = re.compile(r" (?:scale|ratio|odds|dilution|mix|mixture|aspect|split)\b")


def _half(letter: str | None) -> str:
    return f" {letter.lower()} m" if letter else ""


def clock(hours: str, minutes: str, *, half: str | None = None) -> str:
    """Return a time of day in words: "three thirty p m", "fifteen oh five"."""
    hour = int(hours)
    if int(minutes):
        said = f"{cardinal(hour) if hour or half else 'zero'} {two_figures(minutes)}"
    elif half:
        said = cardinal(hour)
    elif hour in (0, 24):
        return "midnight"
    else:
        said = f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
    return said + _half(half)


def _time(match: re.Match[str]) -> str | None:
    ratio = _RATIOS.search(before(match)) or _RATIO_AFTER.match(after(match))
    if not match["half"] and ratio:
        return None
    return clock(match["h"], match["m"], half=match["half"])


def _minutes(match: re.Match[str]) -> str | None:
    """Say minutes and seconds, of which there are too many for a time of day."""
    if _RATIOS.search(before(match)) or _RATIO_AFTER.match(after(match)):
        return None
    return f"{cardinal(int(match['m']))} {two_figures(match['s'])}"


def _range(match: re.Match[str]) -> str:
    first = clock(match["h"], match["m"] or "00", half=match["half"]).replace(" o'clock", "")
    last = clock(match["h2"], match["m2"] or "00", half=match["half2"])
    return f"{first} to {last}"


def _hour(match: re.Match[str]) -> str:
    return cardinal(int(match["h"])) + _half(match["half"])


def _counted(figures: str | None, unit: str, part: str | None = None) -> str:
    if figures and part:
        return f"{cardinal(int(figures))} point {digits(part)} {unit}s"
    if not figures or not int(figures):
        return ""
    return f"{cardinal(int(figures))} {unit}{'' if int(figures) == 1 else 's'}"


def _duration(match: re.Match[str]) -> str:
    parts = [
        _counted(match["h"], "hour"),
        _counted(match["m"], "minute"),
        _counted(match["s"], "second", match.groupdict().get("part")),
    ]
    parts = list(filter(None, parts)) or ["zero seconds"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _split(match: re.Match[str]) -> str:
    seconds = _counted(match["s"], "second", match["part"])
    return " and ".join(filter(None, [_counted(match["m"], "minute"), seconds]))


def _with_seconds(match: re.Match[str]) -> str:
    if match["half"] or _CLOCK_BEFORE.search(before(match)):
        said = clock(match["h"], match["m"])
        seconds = _counted(match["s"], "second", match["part"])
        return " and ".join(filter(None, [said, seconds])) + _half(match["half"])
    return _duration(match)


def _iso(match: re.Match[str]) -> str:
    zone = ""
    if match["zone"] == "Z":
        zone = " U T C"
    elif match["zone"]:
        sign = "plus" if match["zone"][0] == "+" else "minus"
        zone = f" U T C {sign} {cardinal(int(match['zone'][1:3]))}"
    return f", {clock(match['h'], match['m'])}{zone}"


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"time.{name}", SpeechClass.TIME, re.compile(pattern), read)


_START = r"(?<![\w:.,$])(?<![0-9]/)"
_OFFSET = r"(?P<sign>[-−+])(?P<h>[01]?[0-9])(?::?(?P<m>[0-5][0-9]))?(?![\w:])"


def _offset(match: re.Match[str]) -> str:
    sign = "plus" if match["sign"] == "+" else "minus"
    minutes = f" {two_figures(match['m'])}" if match["m"] and int(match["m"]) else ""
    return f" {sign} {cardinal(int(match['h']))}{minutes}"


def _military(match: re.Match[str]) -> str:
    """Say "0800 hours" as soldiers do: oh eight hundred hours."""
    hours, minutes = match["h"], match["m"]
    said = two_figures(hours)
    return f"{said} {'hundred' if minutes == '00' else two_figures(minutes)} hours"


RULES = (
    _rule("zone", rf"(?<=\bUTC|\bGMT){_OFFSET}", _offset),
    _rule(
        "military",
        r"(?<![\w.,:$])(?P<h>[01][0-9]|2[0-3])(?P<m>[0-5][0-9])(?: ?(?:hours|hrs)\b|h(?!\w))",
        _military,
    ),
    _rule(
        "clock",
        r"(?<=\bat )(?P<h>0[0-9])(?P<m>[0-5][0-9])(?!\w|[.,:-][0-9])",
        lambda match: (
            f"{two_figures(match['h'])} "
            + ("hundred" if match["m"] == "00" else two_figures(match["m"]))
        ),
    ),
    _rule(
        "clock",
        r"(?<![\w:.])(?P<h>[01]?[0-9]|2[0-3]):(?P<m>[0-5][0-9])(?P<tail>Z|[- ]?ish)(?!\w)",
        lambda match: (
            clock(match["h"], match["m"]) + (" U T C" if match["tail"] == "Z" else "-ish")
        ),
    ),
    _rule("until", r"(?<=noon)\s?[-–]\s?(?=[0-9])|(?<=night)\s?[-–]\s?(?=[0-9])", lambda _: " to "),
    _rule("until", r"(?<=[0-9m])\s?[-–]\s?(?=noon|midnight)", lambda _: " to "),
    _rule("always", r"(?<![\w/])24/7(?![\w/])", lambda _: "twenty four seven"),
    _rule("always", r"(?<![\w/])24/7/365(?![\w/])", lambda _: "twenty four seven three sixty five"),
    _rule(
        "iso",
        r"(?<=[0-9])T(?P<h>[01][0-9]|2[0-3]):(?P<m>[0-5][0-9])(?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
        r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?(?!\w)",
        _iso,
    ),
    _rule(
        "range",
        rf"{_START}(?P<h>[01]?[0-9]|2[0-4])(?::(?P<m>[0-5][0-9]))?{_HALF}?{SPACE}?{DASH}{SPACE}?"
        rf"(?P<h2>[01]?[0-9]|2[0-4])(?::(?P<m2>[0-5][0-9]))?{_HALF_2}(?!\w)",
        _range,
    ),
    _rule(
        "range",
        rf"{_START}(?P<h>[01]?[0-9]|2[0-4]):(?P<m>[0-5][0-9])(?P<half>(?!)a)?{SPACE}?{DASH}{SPACE}?"
        r"(?P<h2>[01]?[0-9]|2[0-4]):(?P<m2>[0-5][0-9])(?P<half2>(?!)a)?(?![\w:])",
        _range,
    ),
    _rule(
        "seconds",
        rf"{_START}(?P<h>[0-9]{{1,2}}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])"
        rf"(?P<part>\.[0-9]{{1,3}})?{_HALF}?(?![\w:])",
        _with_seconds,
    ),
    _rule(
        "seconds",
        rf"{_START}(?P<m>[0-9]{{1,2}}):(?P<s>[0-5][0-9])\.(?P<part>[0-9]{{1,3}})(?![\w:.])",
        _split,
    ),
    _rule(
        "minutes",
        rf"{_START}(?P<m>2[5-9]|[345][0-9]):(?P<s>[0-5][0-9])(?![\w:])",
        _minutes,
    ),
    _rule(
        "clock",
        rf"{_START}(?P<h>[01]?[0-9]|2[0-4]):(?P<m>[0-5][0-9]){_HALF}?(?: ?h(?!\w))?(?![\w:])(?!"
        rf"\.[0-9])",
        _time,
    ),
    _rule("clock", rf"{_START}(?P<h>[01]?[0-9])\.(?P<m>[0-5][0-9]){_HALF}(?!\w)", _time),
    _rule("hour", rf"{_START}(?P<h>1[0-2]|0?[1-9]){_HALF}(?!\w)", _hour),
    _rule(
        "duration",
        r"(?<![\w.,])(?P<h>[0-9]{1,3})h ?(?P<m>[0-9]{1,2})(?:m(?:in)?)?(?: ?(?P<s>[0-9]{1,2})"
        r"s)?(?!\w)",
        _duration,
    ),
    _rule(
        "duration",
        r"(?<![\w.,])(?P<h>(?!)0)?(?P<m>[0-9]{1,3})m(?:in)? ?(?P<s>[0-9]{1,2})s(?!\w)",
        _duration,
    ),
)
