"""Say signs that stand alone."""

import re
import unicodedata

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.mathematics.vocabulary import LETTERS
from s2v.text.normal.spans import SpeechClass

_SIGNS = {
    "&": "and",
    "&&": "and",
    "||": "or",
    "%": "percent",
    "‰": "per mille",
    "@": "at",
    "§": "section",
    "§§": "sections",
    "¶": "paragraph",
    "©": "copyright",
    "®": "registered",
    "™": "trademark",
    "℠": "service mark",
    "°": "degrees",
    "№": "number",
    "=": "equals",
    "==": "equals",
    "!=": "is not equal to",
    ">=": "is greater than or equal to",
    "<=": "is less than or equal to",
    "=>": "to",
    "->": "to",
    "≠": "is not equal to",
    "≈": "is approximately",
    "≡": "is equivalent to",
    "≤": "is less than or equal to",
    "≥": "is greater than or equal to",
    "±": "plus or minus",
    "×": "times",
    "÷": "divided by",
    "∞": "infinity",
    "√": "the square root of",
    "∛": "the cube root of",
    "∑": "the sum of",
    "∏": "the product of",
    "∫": "the integral of",
    "∂": "partial",
    "∇": "nabla",
    "∈": "in",
    "∉": "not in",
    "⊂": "is a subset of",
    "⊆": "is a subset of or equal to",
    "∪": "union",
    "∩": "intersection",
    "∅": "the empty set",
    "∀": "for all",
    "∃": "there exists",
    "¬": "not",
    "∧": "and",
    "∨": "or",
    "∝": "is proportional to",
    "∼": "about",
    "→": "to",
    "⇒": "implies",
    "⟶": "to",
    "←": "from",
    "↔": "to and from",
    "⇔": "if and only if",
    "↑": "up",
    "↓": "down",
    "∴": "therefore",
    "∵": "because",
    "⊥": "is perpendicular to",
    "∥": "is parallel to",
    "∠": "angle",
    "€": "euros",
    "£": "pounds",
    "¥": "yen",
    "₹": "rupees",
    "¢": "cents",
    "₩": "won",
    "₿": "bitcoin",
    "♀": "female",
    "♂": "male",
    "♪": "music",
    "♫": "music",
    "−": "minus",
    "\u2126": "ohm",
    "℃": "degrees celsius",
    "℉": "degrees fahrenheit",
    "µ": "micro",
    "ª": "",
    "º": "degrees",
    "µg": "micrograms",
    "′": "prime",
    "″": "double prime",
}
_MARKS = {
    "†": "",
    "‡": "",
    "•": "",
    "◦": "",
    "▪": "",
    "·": "",
    "¬": "not",
    "¦": "",
    "¤": "",
    "\u00ad": "",
    "¨": "",
    "¸": "",
    "¯": "",
    "※": "",
    "■": "",
    "□": "",
    "●": "",
    "○": "",
    "▲": "",
    "▼": "",
    "◆": "",
    "◇": "",
    "►": "",
    "▶": "",
    "◄": "",
    "│": "",
    "─": "",
    "|": "",
    "~": "",
    "^": "",
    "`": "",
    "\\": "",
    "#": "",
    "*": "",
    "_": "",
    "{": "",
    "}": "",
    "<": "",
    ">": "",
    "+": "",
    "$": "",
}
_JOINING = re.compile("[*_~`\u00ad¨¸¯^]")
"""Marks that stand inside of one word."""
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_HE_OR_SHE = {
    "and/or": "and or",
    "he/she": "he or she",
    "she/he": "she or he",
    "his/her": "his or her",
    "him/her": "him or her",
    "yes/no": "yes or no",
    "either/or": "either or",
    "s/he": "he or she",
    "they/them": "they them",
    "he/him": "he him",
    "she/her": "she her",
    "he/they": "he they",
    "she/they": "she they",
    "km/h": "kilometers per hour",
    "m/s": "meters per second",
    "true/false": "true or false",
    "on/off": "on off",
    "TCP/IP": "T C P I P",
    "I/O": "I O",
    "A/B": "A B",
    "A/C": "A C",
    "P/E": "P E",
    "mi/h": "miles per hour",
    "y/y": "year over year",
    "q/q": "quarter over quarter",
    "m/m": "month over month",
}


def _word(text: str) -> Rule:
    return Rule(
        "symbol.pair",
        SpeechClass.ABBREVIATION,
        re.compile(rf"(?<![\w/])(?i:{text})(?![\w/])"),
        lambda match: _HE_OR_SHE.get(match.group()) or _HE_OR_SHE.get(match.group().lower()),
    )


def _rule(name: str, pattern: str, read: Reader, kind: SpeechClass = SpeechClass.SYMBOL) -> Rule:
    return Rule(name, kind, re.compile(pattern), read)


def _power(match: re.Match[str]) -> str:
    written = match.group().translate(_POWERS)
    return {"2": "squared", "3": "cubed"}.get(written, f"to the power of {written}")


def _greek(match: re.Match[str]) -> str | None:
    return LETTERS.get(match.group())


def _between_words(said: str) -> Reader:
    """Return the reader of a sign that is said where a word follows, be it read already."""
    return lambda match: said if re.match(r"\w", after(match, 1)) else None


def _ornament(match: re.Match[str]) -> str:
    """Say nothing, but keep two words apart that only a mark parts: "list<int>"."""
    inside = re.search(r"\w\Z", before(match)) and re.match(r"\w", after(match))
    return " " if inside and not _JOINING.search(match.group()) else ""


def _hash(match: re.Match[str]) -> str | None:
    rest = after(match)
    if re.match(r"[A-Z]{1,3}-?[0-9]", rest):
        return "number "
    return "hash " if re.match(r"\w", rest) else None


def _minus(match: re.Match[str]) -> str | None:
    """Say the minus between two measures of an equation."""
    is_sum = re.match(r"[0-9]", after(match)) and "=" in before(match) + after(match)
    return " minus " if is_sum else None


def _compared(match: re.Match[str]) -> str | None:
    if not re.match(r" ?[-−]?\.?[0-9]", after(match)):
        return None
    return " is less than " if match.group() == "<" else " is greater than "


def _ratio(match: re.Match[str]) -> str | None:
    """Say "a:b" of letters, of which no word goes before: "option a:b"."""
    return " to " if re.search(r"(?<!\w)[a-z]\Z", before(match)) else None


def _plus(match: re.Match[str]) -> str | None:
    return (
        "plus"
        if re.search(r"[\w°%′'\")]\s?\Z", before(match)) and re.match(r"\s?\(?\w", after(match))
        else None
    )


RUNS = (_rule("symbol.run", r"([^\w\s.,!?=_*#~`$|'\"<>(){}\[\]/\\+-])\1{3,}", lambda m: m[1]),)
"""A sign over thrice in a row is said as one."""
_ASSIGNED = {
    "+=": "plus equals",
    "-=": "minus equals",
    "*=": "times equals",
    "/=": "over equals",
}
_FUNCTIONS = {"sin": "sine", "cos": "cosine", "tan": "tangent"}
PAIRS = (
    *map(_word, map(re.escape, _HE_OR_SHE)),
    _rule(
        "symbol.function",
        r"(?<!\w)(?:sin|cos|tan)(?!\w)",
        lambda m: _FUNCTIONS[m.group()] if re.match(r" [0-9]+ ?°| ?[αβγθφ]", after(m)) else None,
    ),
)
"""Words with a stroke between them, which are looked for before capitals are."""
_ACCENTS = {
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0307": "dot",
    "\u20d7": "vector",
}
_TURNS = {"♯": "sharp", "♭": "flat", "♮": "natural"}
RULES = (
    _rule(
        "symbol.set",
        "[ℝℕℤℚℂ]",
        lambda m: {
            "ℝ": "the real numbers",
            "ℕ": "the natural numbers",
            "ℤ": "the integers",
            "ℚ": "the rational numbers",
            "ℂ": "the complex numbers",
        }[m.group()],
    ),
    _rule("symbol.option", r"(?<![\w-])--(?=[a-z][\w-]*)", lambda _: "dash dash "),
    _rule("symbol.option", r"(?<![\w-])-(?=[A-Za-z](?![\w'’-]))", lambda _: "dash "),
    _rule("symbol.option", r"(?<=\s)-(?=[a-z]{2,4}(?![\w'’-]))", lambda _: "dash "),
    _rule(
        "symbol.increment",
        r"(?<=\b[a-z])(?:\+\+|--)(?!\w)",
        lambda match: " plus plus" if match.group() == "++" else " minus minus",
    ),
    _rule(
        "symbol.cells",
        r"(?<=[A-Z][0-9]):|(?<=[A-Z][0-9]{2}):",
        lambda match: " to " if re.match(r"[A-Z]{1,2}[0-9]", after(match)) else None,
    ),
    _rule("symbol.assign", r"[-+*/]=", lambda match: _ASSIGNED[match.group()]),
    _rule(
        "symbol.grade",
        r"(?<![\w.-])(?P<grade>[A-FO])(?P<sign>[-−+])(?=[\s.,;:!?)]|$)",
        lambda match: f"{match['grade']} {'plus' if match['sign'] == '+' else 'minus'}",
    ),
    _rule(
        "symbol.accent",
        rf"(?<![^\W\d_])(?P<letter>[A-Za-z])(?P<mark>[{''.join(_ACCENTS)}])(?![^\W\d_])",
        lambda match: f"{match['letter']} {_ACCENTS[match['mark']]}",
    ),
    _rule(
        "symbol.sum",
        r"[∑∏∫](?=\s+(?:from|of|over)\b)",
        lambda match: _SIGNS[match.group()].removesuffix(" of"),
    ),
    _rule("symbol.ratio", r"(?<=\b[a-z]):(?=[a-z](?![\w:/]))", _ratio),
    _rule("symbol.arrow", r"(?<=\s)(?:--?>|==?>)(?=\s)", lambda _: "to"),
    _rule("symbol.slash", r"(?<=\w)/", _between_words(" slash ")),
    _rule(
        "symbol.letters_to",
        r"(?<![\w-])(?<=\b[A-Z])[-–](?=[A-Z]\b)(?![A-Z]-)",
        lambda m: (
            " to " if m.string[m.start() - 1] == "A" or m.string[m.start() - 1] == "a" else None
        ),
    ),
    _rule("symbol.hash", r"(?<![\w#])#", _hash),
    _rule("symbol.tilde", r"(?<=[0-9])~(?=[0-9])", lambda _: " to "),
    _rule("symbol.tilde", r"(?<=\w)~", _between_words(" tilde ")),
    _rule("symbol.minus", r"(?<=[0-9°%]) [-−] ", _minus),
    _rule("symbol.plus", r"(?<![+])\+(?![+])", _plus),
    _rule("symbol.menu", r"(?<=[a-z]) > (?=[A-Z])", lambda _: ", "),
    _rule(
        "symbol.compare",
        r"(?<=[A-Za-z)])[<>]",
        _compared,
    ),
    _rule(
        "symbol.compare",
        r"(?<=\w )(?P<it><|>)(?= \w)",
        lambda m: "is less than" if m["it"] == "<" else "is greater than",
    ),
    _rule("symbol.scope", r"(?<=\w)::", _between_words(" colon colon ")),
    _rule("symbol.underscore", r"(?<=\w)_", _between_words(" underscore ")),
    _rule("symbol.backslash", r"(?<=\w)\\", _between_words(" backslash ")),
    _rule("symbol.power", r"(?<=[\w)])[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+", _power),
    _rule("symbol.power", r"[⁰¹²³⁴⁵⁶⁷⁸⁹₀-₉]+", lambda m: unicodedata.normalize("NFKC", m.group())),
    _rule(
        "symbol.sign",
        "|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True))),
        lambda m: _SIGNS[m.group()],
    ),
    _rule("symbol.greek", f"(?<![{''.join(LETTERS)}Ͱ-Ͽ])[{''.join(LETTERS)}](?![Ͱ-Ͽἀ-῿])", _greek),
    _rule(
        "symbol.ornament", f"[{''.join(map(re.escape, _MARKS))}]+", _ornament, SpeechClass.MARKUP
    ),
)
