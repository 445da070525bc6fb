"""Say days of the week: alone, in a row, from one to another."""

import re

from s2v.text.normal.claiming import Reader, Rule, after
from s2v.text.normal.patterns import DASH, MONTH
from s2v.text.normal.spans import SpeechClass

_WEEKDAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_REST = r"(?:(?:day|s|r|rs|nes|sday|nesday|rsday|urday)\b)?"
_DAY_END = rf"{_REST}(?:\.(?=\s*[^\s]))?"
_SHORT = "Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
_NAME = rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun){_REST}(?!\w)"
_JOINT = r"(?:/|, ?(?:and |or |& ?)?| ?& ?| and | or )"


def _several(match: re.Match[str]) -> str:
    """Say days in a row; strokes between them are commas, and the last one "and"."""
    names = [_WEEKDAYS[name[:3]] for name in re.findall(rf"\b(?:{_SHORT})", match["it"])]
    joints = re.findall(_JOINT, match["it"])
    said = names[0]
    for index, (joint, name) in enumerate(zip(joints, names[1:], strict=True)):
        if joint == "/":
            joint = " and " if index == len(joints) - 1 else ", "
        said += joint.replace("&", "and") + name
    return said


def _day(match: re.Match[str]) -> str:
    return _WEEKDAYS[match["w"]] + ("" if after(match).strip() else match["dot"] or "")


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"date.{name}", SpeechClass.DATE, re.compile(pattern), read)


RULES = (
    _rule(
        "weekdays",
        rf"(?<!\w)(?P<a>Mon|Tue|Wed|Thu|Fri|Sat|Sun){_DAY_END}\s?{DASH}\s?"
        rf"(?P<b>Mon|Tue|Wed|Thu|Fri|Sat|Sun){_DAY_END}(?!\w)",
        lambda match: f"{_WEEKDAYS[match['a']]} to {_WEEKDAYS[match['b']]}",
    ),
    _rule(
        "weekdays",
        rf"(?<!\w)(?P<it>{_NAME}\.?(?:{_JOINT}{_NAME}(?:\.(?=[,/]| [&a-z0-9]))?){{1,6}})",
        _several,
    ),
    _rule(
        "weekday",
        rf"(?<!\w)(?P<w>{_SHORT})(?P<dot>\.)?(?=,? (?:[0-9]|the|"
        rf"{MONTH})|\s?[-–]\s?(?:Tue|Wed|Thu|Fri|Sat|Sun)|$)",
        _day,
    ),
    _rule(
        "weekday",
        r"(?<=day)(?P<it>\s?[-–]\s?(?P<w>Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun))(?!\w)",
        lambda match: f" to {_WEEKDAYS[match['w']]}",
    ),
)
