"""Say numbers of places: houses, rooms, roads, post codes, and the states after towns."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.numerals import digits, number, pairs
from s2v.text.normal.spans import SpeechClass

_STATES = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
}
_CLEAR = "AZ|CT|FL|GA|IL|KS|KY|MN|MO|NE|NV|NH|NJ|NM|NY|NC|ND|RI|SC|SD|TN|TX|UT|VA|WA|WI|WV|WY"
"""States whose letters after a town are nothing else: "MD" may be a doctor, "OK" a word."""
_PARTIES = {"D": "Democrat", "R": "Republican", "I": "Independent"}
_TURNS = {
    "N": "north",
    "S": "south",
    "E": "east",
    "W": "west",
    "NE": "northeast",
    "NW": "northwest",
    "SE": "southeast",
    "SW": "southwest",
}
_TURN = "NE|NW|SE|SW|N|S|E|W"
_STREET = (
    "St|Str|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Ln|Lane|Dr|Drive|Ct|Court|Pl|Place|Sq|Square|"
    "Way|Hwy|Highway|Pkwy|Parkway|Terrace|Crescent|Close|Alley|Broadway|Row|Circle|Cir|Trail"
)
_NAMED = {
    "Rm": "room",
    "Apt": "apartment",
    "Ste": "suite",
    "Bldg": "building",
    "Hwy": "highway",
    "Rte": "route",
}
_ROOM_BEFORE = re.compile(
    r"\b(?:room|suite|ste\.?|apartment|apt\.?|flight|highway|route|rte\.?|interstate|bus|boeing|"
    r"port|airbus|rtx|gtx|rx|hwy\.?|locker|rm\.?|cabin|house|peugeot|porsche|p\.? ?o\.? ?box|"
    r"area|studio) \Z",
    re.IGNORECASE,
)
_AIRLINER = re.compile("7[0-8]7")
_STATUS_BEFORE = re.compile(
    r"\b(?:HTTP|status|status code|error|error code|code|an? HTTP|returns?) \Z"
)
_STATUS_AFTER = re.compile(
    r"\s(?:errors?|pages?|status|responses?|not found|bad gateway|too many)\b", re.IGNORECASE
)
_NAME = (
    rf"(?:[0-9]{{1,3}}(?:st|nd|rd|th)|[A-Z][a-z'’]+\.?)(?: [A-Z][a-z'’]+){{0,2}}? "
    rf"(?:{_STREET})(?!\w)"
)
_ROAD = r"(?:I|US|SR|CR|[Hh]wy\.?|[Hh]ighway|[Rr]oute|[Rr]te\.?|[Ii]nterstate|[Ee]xit)"


def _house(match: re.Match[str]) -> str:
    figures, letter = match["n"], match["letter"]
    said = pairs(figures) if len(figures) in (3, 4) else number(figures)
    return f"{digits(figures) if len(figures) > 4 else said} {letter or ''}".strip()


def _room(match: re.Match[str]) -> str | None:
    if _AIRLINER.fullmatch(match["it"]) and before(match, 4).lower() == "the ":
        return pairs(match["it"])
    return pairs(match["it"]) if _ROOM_BEFORE.search(before(match)) else None


def _status(match: re.Match[str]) -> str | None:
    """Say what a server answers: "a 404 error"."""
    rest, behind = after(match), before(match)
    clear = match["it"] == "404" and re.search(r"\b(?:an?|the|got|to|is) \Z", behind)
    if _STATUS_AFTER.match(rest) or _STATUS_BEFORE.search(behind) or clear:
        return pairs(match["it"])
    return None


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"place.{name}", SpeechClass.ADDRESS, re.compile(pattern), read)


RULES = (
    _rule(
        "state",
        rf"(?<=[a-z.], )(?P<it>{'|'.join(_STATES)})(?= [0-9]{{5}}(?!\w))",
        lambda match: _STATES[match["it"]],
    ),
    _rule(
        "state",
        rf"(?<=[a-z] )(?P<it>{_CLEAR}|CA|CO|MA|MD|MI|OH|PA|LA|AL|DE|ID|IA|IN|ME|OK|OR)"
        rf"(?= [0-9]{{5}}(?![\w,.][0-9]))",
        lambda match: _STATES[match["it"]],
    ),
    _rule(
        "code",
        r"(?<=[a-z] [A-Z]{2} )(?P<it>[0-9]{5})(?![\w-])(?![.,][0-9])",
        lambda match: (
            digits(match["it"])
            if match.string[match.start() - 3 : match.start() - 1] in _STATES
            else None
        ),
    ),
    _rule(
        "party",
        rf"\((?P<party>[DRI])-(?P<it2>{'|'.join(_STATES)})\)",
        lambda match: f"({_PARTIES[match['party']]}, {_STATES[match['it2']]})",
    ),
    _rule(
        "state",
        rf"(?<=[a-z], )(?P<it>{_CLEAR})(?![\w&/-])",
        lambda match: _STATES[match["it"]],
    ),
    _rule(
        "code",
        r"(?<=[a-z.], [A-Z]{2} )(?P<it>[0-9]{5})(?![\w-])",
        lambda match: digits(match["it"]),
    ),
    _rule(
        "code",
        r"(?<!\w)(?:ZIP|[Zz]ip|[Pp]ostal|[Pp]ost)(?: [Cc]ode)?:? (?P<it>[0-9]{5})(?!\w)",
        lambda match: digits(match["it"]),
    ),
    _rule(
        "house",
        r"(?<![\w.,$€£#/-])(?P<n>[1-9][0-9]{0,4})(?P<letter>[A-Z])?"
        rf"(?= (?:(?:{_TURN})\.? |[NSEW][a-z]{{3,4}} )?{_NAME})",
        _house,
    ),
    _rule(
        "turn",
        rf"(?<=[0-9] )(?P<it>(?P<turn>{_TURN})\.?)(?= {_NAME})",
        lambda match: _TURNS[match["turn"]],
    ),
    _rule(
        "turn",
        rf"(?<!\w)(?:{_STREET})\.? (?P<it>{_TURN})(?![\w&/-])",
        lambda match: _TURNS[match["it"]],
    ),
    _rule(
        "turn",
        rf"(?<!\w){_ROAD}[ -]?[0-9]{{1,4}} (?P<it>[NSEW])(?![\w&/.-])",
        lambda match: _TURNS[match["it"]],
    ),
    _rule(
        "name",
        rf"(?<![\w.])(?P<it>(?P<name>{'|'.join(_NAMED)})\.?)(?= ?#?[0-9])",
        lambda match: _NAMED[match["name"]],
    ),
    _rule("room", r"(?<![\w.,])(?P<it>[1-9][0-9]{2,3})(?![\w.,:%-][0-9]|\w)", _room),
    _rule("status", r"(?<![\w.,$-])(?P<it>[45]0[0-9])(?![\w%]|[.,:-][0-9])", _status),
)
