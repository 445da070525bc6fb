"""Tell what a measure stands before by the thing's name: bulbs, lenses, races."""

import re

from s2v.text.normal.claiming import after, before

_THINGS = (
    "adapter|ad|amplifier|antenna|baby|bag|ball|band|barbell|barrel|battery|beam|board|bolt|"
    "bottle|box|bucket|buffer|bulb|burger|cable|camera|can|capacitor|capsule|cart|channel|charger|"
    "chip|circuit|clip|clock|clone|commute|connection|container|cord|countdown|dash|delay|disk|"
    "display|dose|drive|dumbbell|engine|episode|exposure|fan|fence|file|film|fish|flight|fuse|hail|"
    "heater|hike|hole|hose|hurdle|intro|interval|jar|jump|kettlebell|lamp|laser|lens|lesson|limit|"
    "link|loan|marathon|meeting|microwave|monitor|MRI|magnet|motor|nail|network|outlet|pack"
    "|package|panel|"
    "parcel|pill|pipe|pizza|plank|plug|pole|pool|pump|queue|race|radius|ramp|relay|resistor|"
    "resolution|road|rod|rope|route|sack|salmon|screen|screw|sensor|shaft|sheet|signal|snake|"
    "socket|solo|speaker|spot|sprint|square|SSD|steak|stick|strip|supply|swim|syringe|tablet|tank|"
    "television|timeout|timer|tower|trail|transmitter|trip|truck|tube|turbine|turkey|tuna|TV|"
    "vial|video|wall|warranty|wave|weight|wheel|window|wire|workout|zone|zoom"
)
_MEASURED = re.compile(rf"[ -](?:{_THINGS})(?:s|es)?\b(?! of\b)|[ -](?:batteries|babies)\b")
_CURRENT_AFTER = re.compile(r" (?:fuse|circuit|breaker|current|supply|charger|at|max|peak|AC|DC)\b")
_VOLTAGE = re.compile(r"[0-9] ?[km]?(?:V|W|Ω|Hz)(?!\w)")


def is_before_measured(match: re.Match[str]) -> bool:
    """Tell whether what follows is a thing that is told by a measure of it."""
    return _MEASURED.match(after(match)) is not None


def is_current(match: re.Match[str]) -> bool:
    """Tell whether the "A" after a number means amperes, by what else is measured around."""
    if _CURRENT_AFTER.match(after(match)):
        return True
    return _VOLTAGE.search(f"{before(match)};{after(match)}") is not None
