"""Signs of units of measurement, and what each is called, one and many."""

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
    "rad": "radian",
    "Wb": "weber",
    "VA": "volt ampere",
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
    "A": "nµ\u03bcumk",
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
    "rad": "mµ\u03bc",
    "Wb": "mµ\u03bc",
    "VA": "kM",
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
    "Gyr": ("billion years", "billion years"),
    "Myr": ("million years", "million years"),
    "mos": ("month", "months"),
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
    "cu in": ("cubic inch", "cubic inches"),
    "cu m": ("cubic meter", "cubic meters"),
    "ft-lb": ("foot pound", "foot pounds"),
    "ft-lbs": ("foot pound", "foot pounds"),
    "ft·lb": ("foot pound", "foot pounds"),
    "ft lb": ("foot pound", "foot pounds"),
    "ft lbs": ("foot pound", "foot pounds"),
    "lb-ft": ("pound foot", "pound feet"),
    "lb·ft": ("pound foot", "pound feet"),
    "lb ft": ("pound foot", "pound feet"),
    "lbf": ("pound force", "pounds force"),
    "inHg": ("inch of mercury", "inches of mercury"),
    "VDC": ("volt D C", "volts D C"),
    "VAC": ("volt A C", "volts A C"),
    "mEq": ("milliequivalent", "milliequivalents"),
    "GbE": ("gigabit ethernet", "gigabit ethernet"),
    "pkg": ("package", "packages"),
    "pkgs": ("package", "packages"),
    "doz": ("dozen", "dozen"),
    "pcs": ("piece", "pieces"),
    "mcL": ("microliter", "microliters"),
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
    "N m": ("newton meter", "newton meters"),
    "NM": ("nautical mile", "nautical miles"),
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
    "dB(A)": ("decibel A", "decibels A"),
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
    "mph": "MPH",
    "psi": "PSI",
    "rpm": "RPM",
    "bpm": "BPM",
    "fps": "FPS",
    "tbsp": "Tbsp tbs Tbs TBSP",
    "tsp": "Tsp TSP",
    "qt": "qts",
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
