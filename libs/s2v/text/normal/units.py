"""Say units of measurement and what is made of several: W/(m²·K), J mol⁻¹ K⁻¹, mg/kg/day."""

import re

from s2v.text.normal.claiming import after, before
from s2v.text.normal.numerals import cardinal, ordinal
from s2v.text.normal.unit_signs import UNITS
from s2v.text.normal.wordlists import words

_SIGNS = sorted((u for u in UNITS if u not in ("°", "º", "%", "‰")), key=len, reverse=True)
UNIT = "|".join(map(re.escape, _SIGNS))
"""A pattern of the sign of any unit, but for degrees and percent."""
_POWER = r"(?:[²³⁴]|\^[-−]?[1-4]|\^\{[-−]?[1-4]\}|⁻[¹²³⁴]|(?<=m)[23](?![0-9])|(?<=ft)[23](?![0-9]))"
_ONE_OF = rf"(?:{UNIT}){_POWER}?"
COMPOUND = (
    rf"{_ONE_OF}(?:[·⋅]{_ONE_OF}|(?<=[²³]){_ONE_OF}|[ ·⋅]?(?:{UNIT})(?:⁻[¹²³⁴]|\^[-−][1-4])){{0,3}}"
    rf"(?:/(?:\({_ONE_OF}(?:[ ·⋅*]?{_ONE_OF}){{0,2}}\)"
    r"|(?:day|week|month|year|hour|minute|second|person|night|unit|liter|litre|mile|user|gallon)"
    rf"(?!\w)|(?:[1-9][0-9]{{0,3}} ?(?=(?:[md]?[Ll]|k?g|k?m[²³]?)(?!\w)))?{_ONE_OF}"
    rf"(?:[·⋅]{_ONE_OF}|(?<=[²³]){_ONE_OF})?)){{0,2}}"
)
"""A pattern of a unit that may be made of several."""
_FACTOR = re.compile(rf"(?P<sign>{UNIT})(?P<power>{_POWER})?[ ·⋅*]?")
_RAISED = str.maketrans("¹²³⁴⁻−", "1234--", "^{}")
_STROKE = re.compile("/")
_COUNT = re.compile("([0-9]+) ?")
LENGTHS = words("m cm mm km nm µm in ft yd px Å mi")
_ONE = frozenset({"1", "1.0", "-1", "−1"})
_NOUN = re.compile(r"[ -](?:[a-z]{3,}|[a-z]-[a-z]|[A-Z]{2,}|[A-Z][a-z]+)")
_NO_NOUN = re.compile(
    r"[ -](?:for|per|and|each|from|more|less|into|with|was|were|than|that|but|long|away|wide|tall|"
    r"high|deep|thick|apart|later|ago|before|after|the|are|off|out|over|under|while|when|has|have|"
    r"had|can|will|would|which|who|she|not|may|then|does|did|you|they|because|since|until|only|"
    r"instead|worth|below|above|within|along|around|between|without|through|during|inside|"
    r"outside|compared|plus|minus|behind|ahead|beyond|left|where|if|north|south|east|west)\b"
)
_ARTICLE = re.compile(
    r"\b(?:an?|the|our|its|this|each|every|your|my|his|her|their|\w+['’]s)"
    r"(?: (?!last|first|next|same)[a-z-]+)? \Z",
    re.IGNORECASE,
)
_INCH_AFTER = re.compile(
    r"\s?(?:$|[,;)!?]|\.(?:\s|$)|(?:x|by|tall|long|wide|deep|high|thick|of)\b)"
)


def stands_before_noun(match: re.Match[str]) -> bool:
    """Tell whether a measure stands before what it is the measure of: "a 2 TB drive"."""
    return _ARTICLE.search(before(match)) is not None and is_before_word(match)


def is_before_word(match: re.Match[str]) -> bool:
    """Tell whether a word follows that may be what a measure is the measure of."""
    rest = after(match)
    return _NOUN.match(rest) is not None and _NO_NOUN.match(rest) is None


def is_inches(match: re.Match[str]) -> bool:
    """Tell whether the "in" that a match ends with is a unit, by what follows."""
    return _INCH_AFTER.match(after(match)) is not None


def unit_words(written: str, amount: str) -> str | None:
    """Return what a unit is called after an amount: "km/h" after "60", None if it is none."""
    many = amount not in _ONE
    if written in UNITS:
        return UNITS[written][many]
    first, *below = _STROKE.split(written)
    factors = _factors(first.strip())
    if factors is None or len(below) > 3:
        return None
    above = [factor for factor in factors if factor[1] > 0]
    said = [_factor(*factor, many=False) for factor in above[:-1]]
    said += [_factor(*factor, many=many) for factor in above[-1:]]
    said += [f"per {_factor(sign, -power, many=False)}" for sign, power in factors if power < 0]
    for part in below:
        per = _divisor(part.strip())
        if per is None:
            return None
        said.append(f"per {per}")
    return " ".join(said)


def _divisor(written: str) -> str | None:
    """Return what something is measured by: "kg" or "(m²·K)"; "mK" below a stroke is m·K."""
    if written in _PER or written == "mK":
        return _PER.get(written, "meter kelvin")
    count = _COUNT.match(written)
    if count:
        counted = unit_words(written[count.end() :], count[1])
        return counted and f"{cardinal(int(count[1]))} {counted}"
    factors = _factors(written.strip("()"))
    if factors is None:
        return None
    return " ".join(_factor(*factor, many=False) for factor in factors)


def _factors(written: str) -> list[tuple[str, int]] | None:
    """Return the units of a product with their powers, None if anything else is in it."""
    found = list(_FACTOR.finditer(written))
    ends = [0, *(match.end() for match in found)]
    if not found or ends[-1] != len(written):
        return None
    if any(match.start() != end for end, match in zip(ends, found, strict=False)):
        return None
    return [(match["sign"], int((match["power"] or "1").translate(_RAISED))) for match in found]


def _factor(sign: str, power: int, *, many: bool) -> str:
    name = UNITS[sign][many]
    if power == 1:
        return name
    if UNITS[sign][0].endswith(("meter", "inch", "foot", "yard", "mile")) and power < 4:
        return f"{'square' if power == 2 else 'cubic'} {name}"
    raised = {2: "squared", 3: "cubed"}.get(power)
    return f"{name} {raised or f'to the {ordinal(power)}'}"


_PER = {
    name: name
    for name in [
        "day",
        "week",
        "month",
        "year",
        "hour",
        "minute",
        "second",
        "person",
        "night",
        "unit",
        "item",
        "kilo",
        "liter",
        "litre",
        "mile",
        "user",
        "head",
        "seat",
        "capita",
        "gallon",
        "pound",
        "ounce",
        "piece",
        "word",
        "page",
        "request",
        "share",
        "cup",
        "glass",
        "bottle",
    ]
}
