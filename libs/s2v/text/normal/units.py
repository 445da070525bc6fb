"""Units of measurement: their signs, and what they are called, one and many."""

import re

from s2v.text.normal.claiming import after, before
from s2v.text.normal.wordlists import words

_SI = {
    "m": "meter",
    "g": "gram",
    "s": "second",
    "A": "ampere",
    "K": "kelvin",
    "Hz": "hertz",
    "N": "newton",
    "Pa": "pascal",
    "J": "joule",
    "W": "watt",
    "V": "volt",
    "Ω": "ohm",
    "\u2126": "ohm",
    "F": "farad",
    "C": "coulomb",
    "H": "henry",
    "T": "tesla",
    "L": "liter",
    "l": "liter",
    "mol": "mole",
    "lm": "lumen",
    "lx": "lux",
    "cd": "candela",
    "Bq": "becquerel",
    "Gy": "gray",
    "Sv": "sievert",
    "eV": "electronvolt",
    "cal": "calorie",
    "t": "ton",
    "bar": "bar",
    "Wh": "watt hour",
    "Ah": "ampere hour",
    "Wp": "watt peak",
    "pc": "parsec",
}
_PREFIXES = {
    "": "",
    "p": "pico",
    "n": "nano",
    "µ": "micro",
    "\u03bc": "micro",
    "u": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
}
_PREFIXED = {
    "m": "pnµ\u03bcumcdhk",
    "g": "nµ\u03bcumck",
    "s": "pnµ\u03bcum",
    "A": "nµ\u03bcum",
    "K": "m",
    "Hz": "mkMGT",
    "N": "mkM",
    "Pa": "mhkMG",
    "J": "mkMGT",
    "W": "nµ\u03bcumkMGT",
    "V": "µ\u03bcumkM",
    "Ω": "mkMG",
    "\u2126": "mkMG",
    "F": "pnµ\u03bcum",
    "C": "mµ\u03bcun",
    "H": "nµ\u03bcum",
    "T": "mµ\u03bcun",
    "L": "µ\u03bcumcdh",
    "l": "µ\u03bcumcdh",
    "mol": "nµ\u03bcumk",
    "lm": "k",
    "lx": "k",
    "cd": "m",
    "Bq": "kMG",
    "Gy": "m",
    "Sv": "mµ\u03bcun",
    "eV": "kMGT",
    "cal": "k",
    "t": "MG",
    "bar": "m",
    "Wh": "kMGT",
    "Ah": "m",
    "Wp": "kM",
    "pc": "kMG",
}
_PLAIN = {
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "msec": ("millisecond", "milliseconds"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "mo": ("month", "months"),
    "ha": ("hectare", "hectares"),
    "ac": ("acre", "acres"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "fl oz": ("fluid ounce", "fluid ounces"),
    "st": ("stone", "stone"),
    "in": ("inch", "inches"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "nmi": ("nautical mile", "nautical miles"),
    "sq ft": ("square foot", "square feet"),
    "sqft": ("square foot", "square feet"),
    "sq mi": ("square mile", "square miles"),
    "sq m": ("square meter", "square meters"),
    "sqm": ("square meter", "square meters"),
    "cu ft": ("cubic foot", "cubic feet"),
    "cc": ("cubic centimeter", "cubic centimeters"),
    "gal": ("gallon", "gallons"),
    "qt": ("quart", "quarts"),
    "pt": ("point", "points"),
    "pts": ("point", "points"),
    "tsp": ("teaspoon", "teaspoons"),
    "tsps": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "tbsps": ("tablespoon", "tablespoons"),
    "mcg": ("microgram", "micrograms"),
    "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"),
    "cfm": ("cubic foot per minute", "cubic feet per minute"),
    "mpg": ("mile per gallon", "miles per gallon"),
    "kn": ("knot", "knots"),
    "kt": ("knot", "knots"),
    "kts": ("knot", "knots"),
    "Nm": ("newton meter", "newton meters"),
    "IU": ("international unit", "international units"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "bpm": ("beat per minute", "beats per minute"),
    "fps": ("frame per second", "frames per second"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "ppm": ("part per million", "parts per million"),
    "ppb": ("part per billion", "parts per billion"),
    "dpi": ("dot per inch", "dots per inch"),
    "ppi": ("pixel per inch", "pixels per inch"),
    "px": ("pixel", "pixels"),
    "MP": ("megapixel", "megapixels"),
    "atm": ("atmosphere", "atmospheres"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
    "hp": ("horsepower", "horsepower"),
    "dB": ("decibel", "decibels"),
    "dBA": ("decibel A", "decibels A"),
    "dBm": ("decibel milliwatt", "decibel milliwatts"),
    "dBFS": ("decibel full scale", "decibels full scale"),
    "AU": ("astronomical unit", "astronomical units"),
    "ly": ("light year", "light years"),
    "BTU": ("B T U", "B T Us"),
    "Cal": ("calorie", "calories"),
    "°C": ("degree celsius", "degrees celsius"),
    "℃": ("degree celsius", "degrees celsius"),
    "°F": ("degree fahrenheit", "degrees fahrenheit"),
    "℉": ("degree fahrenheit", "degrees fahrenheit"),
    "°": ("degree", "degrees"),
    "º": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
    "bps": ("bit per second", "bits per second"),
    "Bps": ("byte per second", "bytes per second"),
    "B": ("byte", "bytes"),
    "b": ("bit", "bits"),
    "bit": ("bit", "bits"),
    "Å": ("angstrom", "angstroms"),
    "Mpx": ("megapixel", "megapixels"),
}
_DIGITAL = {
    "k": "kilo",
    "K": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
    "E": "exa",
}
_BINARY = {"Ki": "kibi", "Mi": "mebi", "Gi": "gibi", "Ti": "tebi", "Pi": "pebi"}
_SAME_IN_PLURAL = frozenset({"hertz", "lux", "kelvin"})
_IRREGULAR = {"henry": "henries", "watt peak": "watts peak", "gray": "grays"}


_AS_TYPED = {
    "km": "Km KM kms Kms",
    "kg": "Kg KG kgs Kgs KGs",
    "lb": "Lb LB Lbs LBS LBs",
    "cm": "Cm CM cms",
    "mm": "mms",
    "km/h": "Km/h KM/H Kmh kmph",
}
"""How people who do not mind capitals write units."""


def _plural(name: str) -> str:
    for same in _SAME_IN_PLURAL:
        if name.endswith(same):
            return name
    for one, many in _IRREGULAR.items():
        if name.endswith(one):
            return name.removesuffix(one) + many
    return f"{name}s"


def _all_units() -> dict[str, tuple[str, str]]:
    names = {
        f"{prefix}{sign}": _PREFIXES[prefix] + name
        for sign, name in _SI.items()
        for prefix in ("", *_PREFIXED[sign])
    }
    for prefix, word in (_DIGITAL | _BINARY).items():
        names[f"{prefix}B"] = f"{word}byte"
        names[f"{prefix}b"] = names[f"{prefix}bit"] = f"{word}bit"
    units = {sign: (name, _plural(name)) for sign, name in names.items()}
    for prefix, word in _DIGITAL.items():
        units[f"{prefix}bps"] = (f"{word}bit per second", f"{word}bits per second")
        units[f"{prefix}Bps"] = (f"{word}byte per second", f"{word}bytes per second")
        if prefix in "kMG":
            units[f"{prefix}p/s"] = units[f"{prefix}bps"]
    units |= _PLAIN
    for sign in [sign for sign in units if " " in sign]:
        units[sign.replace(" ", ". ")] = units[sign]
    for sign, others in _AS_TYPED.items():
        units |= {other: units.get(sign) or units["kmh"] for other in others.split()}
    return units


UNITS = _all_units()
_SIGNS = sorted((u for u in UNITS if u not in ("°", "º", "%", "‰")), key=len, reverse=True)
UNIT = "|".join(map(re.escape, _SIGNS))
"""A pattern of the sign of any unit, but for degrees and percent."""
LENGTHS = words("m cm mm km nm µm in ft yd px Å mi")
POWERS = {"²": "square", "³": "cubic", "^2": "square", "^3": "cubic", "2": "square", "3": "cubic"}
_ONE = frozenset({"1", "1.0", "-1", "−1"})
_FACTOR = re.compile(r"(?P<sign>.+?)(?P<power>²|³|\^2|\^3|(?<=m)[23]|(?<=ft)[23])?")
_BELOW = re.compile(r"[ ·⋅]?([A-Za-z]+)⁻([¹²³])")
_PRODUCT = re.compile("[·⋅]")
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
    plain = _BELOW.sub(lambda match: f"/{match[1]}{match[2].replace('¹', '')}", written)
    first, *below = plain.split("/")
    many = amount not in _ONE
    said = _factor(first.strip(), many=many)
    if said is None or len(below) > 2:
        return None
    for part in below:
        per = _factor(part.strip(), many=False) or _PER.get(part.strip())
        if per is None:
            return None
        said = f"{said} per {per}"
    return said


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


def _factor(written: str, *, many: bool) -> str | None:
    if written in UNITS:
        return UNITS[written][many]
    if parts := _PRODUCT.split(written)[1:]:
        first, last = _factor(_PRODUCT.split(written)[0], many=False), _factor(parts[-1], many=many)
        return f"{first} {last}" if first and last and len(parts) == 1 else None
    match = _FACTOR.fullmatch(written)
    if match is None or match["power"] is None or match["sign"] not in UNITS:
        return None
    name, power = UNITS[match["sign"]][many], POWERS[match["power"]]
    if match["sign"] == "s":
        return f"{name} {'squared' if power == 'square' else 'cubed'}"
    return f"{power} {name}"
