"""Say fractions of whole numbers, alone and after one."""

from s2v.text.normal.numerals import cardinal, ordinal, plural

_WHOLES = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_LARGEST_NAMED = 100
GLYPHS = {
    "½": (1, 2),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅕": (1, 5),
    "⅖": (2, 5),
    "⅗": (3, 5),
    "⅘": (4, 5),
    "⅙": (1, 6),
    "⅚": (5, 6),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
    "⅐": (1, 7),
    "⅑": (1, 9),
    "⅒": (1, 10),
}


def fraction(above: int, below: int) -> str:
    """Return a fraction in words: "three quarters"; "five over one thousand" where it is odd."""
    if not 2 <= below <= _LARGEST_NAMED:
        return f"{cardinal(above)} over {cardinal(below)}"
    one, many = _WHOLES.get(below) or (ordinal(below), plural(ordinal(below)))
    return f"{cardinal(above)} {one if above == 1 else many}"
