"""Say what is measured: numbers with units, and percentages."""

import re

from s2v.text.normal import recipes, sizes
from s2v.text.normal.chemistry import FORMULA
from s2v.text.normal.claiming import Rule, after, before
from s2v.text.normal.fractions import GLYPHS, fraction
from s2v.text.normal.numerals import cardinal, number, ordinal, to_the_power
from s2v.text.normal.patterns import DASH, NUMBER, SIGN, SPACE, START, plain
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.things import is_before_measured, is_current
from s2v.text.normal.units import COMPOUND, UNIT, is_inches, stands_before_noun, unit_words
from s2v.text.normal.wordlists import words

_BARE = words("A C F H T K B b t st pt ac mo d in pc a P N J m s h g u kn kt")
"""Signs that are often something else where a space stands before them."""
_PLAIN_SPACED = words("m s h g K N J t kn kt")
"""Those of them that are units after a space, unless a capital or an article follows."""
_ELECTRIC = words("A F H T")
"""And those that are after a number with a decimal point: "1.5 A"."""
_NEVER_JOINED = words("A C F H T K B b st pt a P d ac")
"""Those that are letters of a name where no space stands before them: "5A", "3B"."""
_MEASURE = (
    rf"(?P<unit>{COMPOUND})(?![\w²³^]|/(?!(?<=V/)[0-9]))"
    r"(?:(?<=oz|ft|lb|bs|hr|in|ec|sp|yd|al|mi|rs|qt|pt|os|oz|kg)\.(?=\s+[a-z0-9(]|[,;)]))?"
)
_HYPHENED = words("m s h g V W")
"""And those that stand after a hyphen: "the 400-m hurdles", but "a 10-K" is a report."""
_AMOUNT = rf"(?P<amount>{SIGN}(?:{NUMBER}))"
_TO = rf"(?:{SPACE}?{DASH}{SPACE}?(?P<high>{NUMBER}))?"
_MOLAR = {
    "M": "molar",
    "mM": "millimolar",
    "µM": "micromolar",
    "μM": "micromolar",
    "nM": "nanomolar",
}
_PERIODS = {
    "hr": "hour",
    "h": "hour",
    "min": "minute",
    "sec": "second",
    "s": "second",
    "kg": "kilogram",
    "km": "kilometer",
    "yr": "year",
    "mo": "month",
    "wk": "week",
    "d": "day",
}
_AGO = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_WORD_TOO = re.compile(r"[a-zA-Z]|[a-zA-Z]?[a-z]*[aeiou][a-z]*|A[A-Z]|[A-Z]{2}|pt|st")
"""What after "in" need not be a unit."""
_PLURAL = re.compile(r"[0-9+] (?:[a-z]+ )?[a-z]{2,}\Z")
_ONE_BEFORE = re.compile(r"\b(?:an?|one|per|each|every|the) \Z", re.IGNORECASE)
_MODEMS = frozenset({"110", "300"})
"""Bits per second, where "bps" mostly are basis points."""
_COMPASS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def _measure(match: re.Match[str]) -> str | None:
    unit, amount = match["unit"], plain(match["amount"])
    if not _is_unit(match):
        return None
    if unit == "kt" and re.match(r" ?(?:gold|white|yellow|ring|necklace|chain)", after(match)):
        return f"{number(amount)} karat"
    high = match["high"]
    unit = "°C" if unit == "C" and match["joint"] else unit
    words = unit_words(unit, "2" if high else amount)
    if words is None:
        return None
    if _is_attribute(match):
        words = unit_words(unit, "1") or words
    if high:
        return f"{number(amount)} to {number(plain(high))} {words}"
    return f"{number(amount)} {words}"


def _is_attribute(match: re.Match[str]) -> bool:
    """Tell whether a measure is one of the thing that follows: "a 2 TB drive", "100 W bulbs"."""
    if is_before_measured(match):
        return True
    return not match["high"] and (match["joint"] == "-" or stands_before_noun(match))


def _is_unit(match: re.Match[str]) -> bool:
    unit, joint = match["unit"], match["joint"]
    if unit not in _BARE:
        return True
    if unit == "in":
        return is_inches(match)
    if unit == "T" and re.match(r" (?:MRI|magnet|scanner|field)", after(match)):
        return True
    if joint == "-":
        return unit in _HYPHENED
    if not joint:
        return unit not in _NEVER_JOINED
    if unit == "C":
        return match["amount"][0] in "-−"
    if unit in _ELECTRIC and "." not in match["amount"]:
        return unit == "A" and is_current(match)
    return (
        unit in _PLAIN_SPACED | _ELECTRIC and re.match(r"[ ]?(?:[A-Z]|the\b)", after(match)) is None
    )


def _percent(match: re.Match[str]) -> str:
    sign = "percent" if match["sign"] == "%" else "per mille"
    sign += " plus" if match["plus"] else ""
    if match["high"]:
        return f"{number(plain(match['amount']))} to {number(plain(match['high']))} {sign}"
    return f"{number(plain(match['amount']))} {sign}"


def _points(match: re.Match[str]) -> str | None:
    """Say what rates move by: basis points, percentage points."""
    amount = plain(match["amount"])
    if match["unit"] == "bps" and (abs(float(amount.lstrip("±+"))) > 500 or amount in _MODEMS):
        return None
    if match["unit"] == "pp" and after(match, 1) == "." and "." not in amount and int(amount) > 20:
        return f"{number(amount)} pages"
    name = "basis point" if match["unit"] == "bps" else "percentage point"
    return f"{number(amount)} {name}{'' if amount in ('1', '-1') else 's'}"


def _degrees(match: re.Match[str]) -> str:
    amount = plain(match["amount"])
    one = amount in ("1", "-1") or (not match["minutes"] and stands_before_noun(match))
    low = f"{number(plain(match['low']))} to " if match["low"] else ""
    said = f"{low}{number(amount)} {'degree' if one else 'degrees'}"
    if match["minutes"]:
        said += f" {cardinal(int(match['minutes']))} minutes"
    if match["seconds"]:
        said += f" {cardinal(int(match['seconds']))} seconds"
    return f"{said} {_COMPASS[match['side']]}" if match["side"] else said


def _scientific(match: re.Match[str]) -> str | None:
    words = unit_words(match["unit"], "2")
    if words is None or (match["space"] and match["unit"] in _NEVER_JOINED):
        return None
    base = f"{number(plain(match['base']))} times " if match["base"] else ""
    return f"{base}ten {to_the_power(match['up'])} {words}"


def _molar(match: re.Match[str]) -> str:
    return f"{number(plain(match['n']))} {_MOLAR[match['unit']]}"


def _per(match: re.Match[str]) -> str | None:
    return None if match["it"] in _NEVER_JOINED else unit_words(match["it"], "1")


def _rate(match: re.Match[str]) -> str | None:
    return (
        f" per {_PERIODS.get(match['per'], match['per'])}"
        if _PLURAL.search(before(match))
        else None
    )


def _part_measure(match: re.Match[str]) -> str | None:
    words = unit_words(match["unit"], "1" if not match["whole"] else "2")
    unit = match["unit"]
    if words is None or (unit in _BARE - {"s", "in"}) or (unit == "in" and not is_inches(match)):
        return None
    if match["glyph"]:
        above, below = GLYPHS[match["glyph"]]
    else:
        above, below = int(match["above"]), int(match["below"])
    said = fraction(above, below)
    if not match["whole"] and unit in ("s", "sec") and below > 4:
        return f"{cardinal(above)} {ordinal(below)}{'s' if above > 1 else ''} of a second"
    if match["whole"]:
        return f"{cardinal(int(match['whole']))} and {said} {words}"
    return f"{said} {words}"


def _ago(match: re.Match[str]) -> str:
    unit = _AGO[match["unit"]]
    return f"{number(match['n'])} {unit}{'' if match['n'] == '1' else 's'}"


_GLYPHS = "".join(GLYPHS)
RULES = (
    *sizes.RULES,
    *sizes.APERTURES,
    *recipes.RULES,
    Rule(
        "unit.scientific",
        SpeechClass.UNIT,
        re.compile(
            rf"{START}(?:(?P<base>{SIGN}(?:{NUMBER})){SPACE}?[×x·⋅*]{SPACE}?)?10"
            rf"(?P<up>[⁺⁻]?[⁰¹²³⁴-⁹]++|\^\{{?[-−+]?[0-9]++\}}?)(?P<space>{SPACE})?{_MEASURE}"
        ),
        _scientific,
    ),
    Rule(
        "unit.molar",
        SpeechClass.UNIT,
        re.compile(
            rf"{START}(?P<n>{NUMBER}){SPACE}?(?P<unit>[mnµμ]?M)(?= (?:solution|aqueous|{FORMULA}))"
        ),
        _molar,
    ),
    Rule(
        "unit.colour",
        SpeechClass.UNIT,
        re.compile(r"(?<![\w.,$€£])(?P<n>[1-9][0-9]00)K(?!\w)(?! (?:users|people|views))"),
        lambda match: f"{number(match['n'])} kelvin",
    ),
    Rule(
        "unit.ago",
        SpeechClass.UNIT,
        re.compile(r"(?<![\w.,])(?P<n>[0-9]{1,3}) ?(?P<unit>mo|[smhdwy])(?= ago\b)"),
        _ago,
    ),
    Rule(
        "unit.consumption",
        SpeechClass.UNIT,
        re.compile(rf"{START}(?P<n>{NUMBER}) ?(?P<unit>{UNIT})/100 ?km(?!\w)"),
        lambda match: (
            f"{number(match['n'])} {unit_words(match['unit'], match['n'])}"
            " per one hundred kilometers"
        ),
    ),
    Rule(
        "unit.part",
        SpeechClass.UNIT,
        re.compile(
            rf"(?<![\w.,/])(?:(?P<whole>[0-9]{{1,4}})[ -]?(?=[{_GLYPHS}]|[0-9]{{1,2}}/))?"
            rf"(?:(?P<glyph>[{_GLYPHS}])|(?P<above>[1-9])/(?P<below>[1-9][0-9]{{0,3}}))[ -]"
            rf"?{_MEASURE}(?P<joint>)"
        ),
        _part_measure,
    ),
    Rule(
        "unit.points",
        SpeechClass.UNIT,
        re.compile(rf"{START}{_AMOUNT} ?(?P<unit>bps|ppt?s?)(?![\w/])"),
        _points,
    ),
    Rule(
        "unit.pressure",
        SpeechClass.UNIT,
        re.compile(r"(?<![\w.,/])(?P<a>[0-9]{2,3})/(?P<b>[0-9]{2,3}) ?mm ?Hg(?!\w)"),
        lambda match: f"{number(match['a'])} over {number(match['b'])} millimeters of mercury",
    ),
    Rule(
        "unit.alone",
        SpeechClass.UNIT,
        re.compile(rf"(?<![\w/.·⋅^])(?<![0-9] )(?P<it>(?=(?:{UNIT})/){COMPOUND})(?![\w²³/^])"),
        lambda match: unit_words(match["it"], "2") if len(match["it"]) > 3 else None,
    ),
    Rule(
        "unit.alone",
        SpeechClass.UNIT,
        re.compile(
            r"(?<![\w/.])(?<![0-9] )(?P<it>(?:k?N|k?W|Pa|V|A|kg|M?J)[·⋅](?:m|h|s|A))(?![\w²³/^])"
        ),
        lambda match: unit_words(match["it"], "2"),
    ),
    Rule(
        "percent",
        SpeechClass.PERCENT,
        re.compile(
            rf"(?<![\w.,]){_AMOUNT}{SPACE}?%?{_TO}{SPACE}?(?P<sign>[%‰])(?P<plus>\+)?(?![\w%])"
        ),
        _percent,
    ),
    Rule(
        "unit",
        SpeechClass.UNIT,
        re.compile(
            rf"{START}(?<![A-Za-z][-‑])(?<![0-9]/){_AMOUNT}{_TO}(?P<joint>{SPACE}|-)?{_MEASURE}"
        ),
        _measure,
    ),
    Rule(
        "unit.degrees",
        SpeechClass.UNIT,
        re.compile(
            rf"{START}(?:(?P<low>{SIGN}(?:{NUMBER}))[°º]{DASH})?{_AMOUNT}{SPACE}?[°º](?:{SPACE}?"
            rf"(?P<minutes>[0-9]{{1,2}})['’′])?"
            rf"(?:{SPACE}?(?P<seconds>[0-9]{{1,2}})[\"”″])?(?:{SPACE}?(?P<side>[NSEW])(?!\w))"
            rf"?(?![CF]\b)"
        ),
        _degrees,
    ),
    Rule(
        "unit.degrees",
        SpeechClass.UNIT,
        re.compile(r"(?<=\bdegrees )[CF](?![\w+#])"),
        lambda match: "celsius" if match.group() == "C" else "fahrenheit",
    ),
    Rule(
        "unit.degrees",
        SpeechClass.UNIT,
        re.compile(r"(?<=[0-9] )deg\.? (?P<scale>[CF])(?![\w+#])"),
        lambda match: f"degrees {'celsius' if match['scale'] == 'C' else 'fahrenheit'}",
    ),
    *sizes.INCHES,
    Rule(
        "unit.per",
        SpeechClass.UNIT,
        re.compile(rf"(?<=\b[Pp]er )(?![A-Z]\b)(?P<it>(?:{UNIT})(?:²|³)?)(?![\w/²³])"),
        _per,
    ),
    Rule(
        "unit.in",
        SpeechClass.UNIT,
        re.compile(rf"(?<=\bin )(?P<it>{COMPOUND})(?![\w/²³'’])"),
        lambda match: None if _WORD_TOO.fullmatch(match["it"]) else unit_words(match["it"], "2"),
    ),
    Rule(
        "unit.alone",
        SpeechClass.UNIT,
        re.compile(
            r"(?<![\w/.-])(?P<it>[kMGT]Wh|[kMG]Hz|[kMG]bps|mAh|mmHg|[ck]?m[²³])(?![\w/²³^])"
        ),
        lambda match: unit_words(match["it"], "1" if _ONE_BEFORE.search(before(match)) else "2"),
    ),
    Rule(
        "unit.pace",
        SpeechClass.UNIT,
        re.compile(r"(?<=[0-9]:[0-5][0-9])/(?P<per>km|mi(?:le)?)(?![\w/])"),
        lambda match: f" per {'kilometer' if match['per'] == 'km' else 'mile'}",
    ),
    Rule(
        "unit.per",
        SpeechClass.UNIT,
        re.compile(r"(?<=[A-Z][A-Z0-9₂₃₄])/(?P<it2>[ck]?m[²³]|k?g|L|ha)(?![\w/²³])"),
        lambda match: f" per {unit_words(match['it2'], '1')}",
    ),
    Rule(
        "unit.formula",
        SpeechClass.UNIT,
        re.compile(rf"(?<=[0-9}}]\$ )(?P<it>{UNIT})(?![\w/²³^])"),
        lambda match: None if match["it"] in _BARE else unit_words(match["it"], "2"),
    ),
    Rule(
        "unit.rate",
        SpeechClass.UNIT,
        re.compile(
            r"(?<=[a-z])/(?P<per>day|week|month|year|hour|hr|h|minute|min|second|sec|s|person"
            r"|night|"
            r"user|kg|km|yr|mo|wk|d|page|capita)(?![\w/])"
        ),
        _rate,
    ),
)
