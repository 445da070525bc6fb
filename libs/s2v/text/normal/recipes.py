"""Say what recipes and prescriptions measure: cups, spoons, ovens, and how often to take it."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.fractions import GLYPHS, fraction
from s2v.text.normal.numerals import cardinal, number
from s2v.text.normal.patterns import DASH, NUMBER, START, plain
from s2v.text.normal.spans import SpeechClass

_FOODS = (
    "sugar|flour|water|milk|butter|oil|rice|cream|broth|stock|cheese|honey|nuts?|chocolate|oats|"
    "yogh?urt|juice|coffee|tea|vinegar|wine|salt|pepper|syrup|raisins|beans?|berries|blueberries|"
    "cocoa|cornmeal|buttermilk|pasta|onions?|carrots?|spinach|tomato(?:es)?|breadcrumbs|walnuts|"
    "pecans|almonds|shortening|molasses|lemon|vanilla|brown|white|powdered|chopped|diced|grated|"
    "shredded|sliced|heavy|warm|cold|hot|fresh|all-purpose|whole|olive|vegetable|chicken|beef|ice"
)
_MEASURES = {
    "c": ("cup", "cups"),
    "C": ("cup", "cups"),
    "T": ("tablespoon", "tablespoons"),
    "t": ("teaspoon", "teaspoons"),
    "pt": ("pint", "pints"),
}
_PART = rf"(?:[{''.join(GLYPHS)}]|[1-9]/[1-9][0-9]?)"
_OVEN = re.compile(
    r"\b(?:bake[ds]?|baking|oven|roast(?:ed|ing)?|(?:pre)?heat(?:ed|ing|s)?|cook(?:ed)?|temp"
    r"(?:erature)?|"
    r"weather|hot|cold|cool|warm|fever|simmer|fridge|fr[eo]ez\w*|boil\w*|wash|reach(?:es|ed)?|"
    r"degrees|below|above|outside|hits?|grill|smoker)\b[^.!?]{0,30}\Z|[°º]? ?[CF] ?/ ?\Z",
    re.IGNORECASE,
)
_OVEN_AFTER = re.compile(r" ?/ ?[0-9]{2,3} ?[°º]?[CF]\b| (?:fan|oven|outside|weather|today)\b")
_OFTEN = {
    "b.i.d.": "twice a day",
    "t.i.d.": "three times a day",
    "q.i.d.": "four times a day",
    "q.d.": "once a day",
    "p.o.": "by mouth",
    "p.r.n.": "as needed",
    "h.s.": "at bedtime",
    "BID": "twice a day",
    "TID": "three times a day",
    "QID": "four times a day",
    "PRN": "as needed",
}
_DOSE = re.compile(
    r"[0-9] ?(?:mg|mcg|µg|g|ml|mL|cc|IU|units?|tabs?|tablets?|caps?|capsules?|drops?|puffs?)\b"
    r"[^!?\n]{0,30}\Z"
)


def _measured(match: re.Match[str]) -> str:
    one, many = _MEASURES[match["unit"]]
    part, whole = match["part"], match["whole"]
    if not part:
        high = match["high"]
        said = number(plain(whole)) + (f" to {number(plain(high))}" if high else "")
        return f"{said} {one if whole == '1' and not high else many}"
    above, below = GLYPHS.get(part) or map(int, part.split("/"))
    said = fraction(above, below)
    return f"{number(plain(whole))} and {said} {many}" if whole else f"{said} {one}"


def _temperature(match: re.Match[str]) -> str | None:
    if not (_OVEN.search(before(match)) or _OVEN_AFTER.match(after(match))):
        return None
    low = f"{number(match['low'])} to " if match["low"] else ""
    scale = "celsius" if match["scale"] == "C" else "fahrenheit"
    return f"{low}{number(match['n'])} degrees {scale}"


def _dosed(match: re.Match[str]) -> str | None:
    if _DOSE.search(before(match, 60)) is None:
        return None
    ends = match["it"].endswith(".") and re.match(r"\s*$|\s+[A-Z]", after(match))
    return _OFTEN[match["it"]] + ("." if ends else "")


def _hourly(match: re.Match[str]) -> str:
    high = f" to {cardinal(int(match['high']))}" if match["high"] else ""
    return f"every {cardinal(int(match['n']))}{high} hours"


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"unit.{name}", SpeechClass.UNIT, re.compile(pattern), read)


_AMOUNT = (
    rf"{START}(?<![0-9]/)(?:(?P<whole>{NUMBER})(?:{DASH}(?P<high>[0-9]{{1,2}}))?)?"
    rf"(?:[ -]?(?P<part>{_PART}))?(?<=[0-9{''.join(GLYPHS)}])"
)
RULES = (
    _rule(
        "recipe",
        rf"{_AMOUNT} ?(?P<unit>[cCTt]|pt)\.(?=,? (?!to\b|of (?:the|a)\b)[a-z]{{2,}}|,? \("
        rf"| of [a-z])",
        _measured,
    ),
    _rule("recipe", rf"{_AMOUNT} ?(?P<unit>[cCTt]|pt)(?= (?:{_FOODS})\b)", _measured),
    _rule("recipe", rf"{_AMOUNT} (?P<unit>pt)(?=[,;.)]| of\b)", _measured),
    _rule(
        "type",
        r"(?<![\w.,])(?P<n>[0-9]{1,3}(?:\.5)?)[ -]?pt(?= (?:font|type|text|size|Times|Arial"
        r"|Helvetica|bold|"
        r"italic|heading|serif|lead|sans)\b)",
        lambda match: f"{number(match['n'])} point",
    ),
    _rule(
        "oven",
        rf"{START}(?P<n>[0-9]{{2,3}})(?P<low>(?!)0)? ?(?P<scale>[CF])(?![\w+#/-]| ?°)",
        _temperature,
    ),
    _rule(
        "oven",
        rf"{START}(?:(?P<low>[0-9]{{2,3}}){DASH})?(?P<n>[0-9]{{2,3}})(?P<scale>[CF])(?![\w+#-])",
        _temperature,
    ),
    _rule(
        "dose",
        rf"(?<![\w.])(?P<it>{'|'.join(map(re.escape, _OFTEN))})(?!\w)",
        _dosed,
    ),
    _rule(
        "dose",
        rf"(?<!\w)[qQ](?P<n>[1-9][0-9]?)(?:{DASH}(?P<high>[1-9][0-9]?))?[hH](?!\w)",
        _hourly,
    ),
)
