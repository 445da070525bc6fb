"""Numbers in English words: lower case, no hyphens, no "and" inside."""

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_GROUPS = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
]
_LONGEST = 3 * len(_GROUPS)
"""Digits of the longest number that has a name here; longer ones are said digit by digit."""
_ODD_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_LONGEST_PLAIN = 12
"""Digits without separators that are still said as one number, unless it is a round one."""
_ROUND = "000000"


def cardinal(number: int) -> str:
    """Return a number in words: 103 is "one hundred three"."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f" {_SMALL[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_SMALL[hundreds]} hundred" + (f" {cardinal(rest)}" if rest else "")
    if number >= 10**_LONGEST:
        return digits(str(number))
    words = []
    for group in reversed(_GROUPS):
        scale = 1000 ** _GROUPS.index(group)
        count, number = divmod(number, scale)
        if count:
            words.append(f"{cardinal(count)} {group}".strip())
    return " ".join(words)


def ordinal(number: int) -> str:
    """Return which one it is: 22 is "twenty second"."""
    rest, _, last = cardinal(number).rpartition(" ")
    return f"{rest} {ordinal_word(last)}".strip()


def ordinal_word(word: str) -> str:
    """Return the ordinal of the last word of a number."""
    if word in _ODD_ORDINALS:
        return _ODD_ORDINALS[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


def digits(figures: str) -> str:
    """Say figures one by one; other characters are passed over."""
    return " ".join(_SMALL[int(figure)] for figure in figures if figure in "0123456789")


def pairs(figures: str) -> str:
    """Say three or four figures as people say rooms and flights: 101 "one oh one", 747."""
    if len(figures) == 3 and figures[0] != "0":
        head, tail = figures[:1], figures[1:]
    elif len(figures) == 4 and figures[0] != "0":
        head, tail = figures[:2], figures[2:]
    else:
        return digits(figures)
    if tail == "00":
        return cardinal(int(figures)) if figures[1:] == "000" else f"{cardinal(int(head))} hundred"
    return f"{cardinal(int(head))} {two_figures(tail)}"


def two_figures(figures: str) -> str:
    """Say two figures after others, such as minutes: "05" is "oh five"."""
    return f"oh {_SMALL[int(figures[1])]}" if figures[0] == "0" else cardinal(int(figures))


def year(number: int) -> str:
    """Return a year in words: 1905 "nineteen oh five", 2005 "two thousand five"."""
    if not 1000 < number < 10000 or number % 1000 < 10:
        return cardinal(number)
    return pairs(str(number))


def decade(number: int) -> str:
    """Return the years from this round one on: 1990 "nineteen nineties", 80 "eighties"."""
    words = cardinal(number) if number < 100 else year(number)
    return plural(words)


def plural(words: str) -> str:
    """Return number words in the plural: "nineteen ninety" becomes "nineteen nineties"."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("x") else f"{words}s"


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−", "0123456789+--", "^{}")


def to_the_power(written: str) -> str:
    """Say what stands above a number, such as "⁻³" or "^8": "to the power of minus three"."""
    power = written.translate(_RAISED).removeprefix("+")
    return {"2": "squared", "3": "cubed"}.get(power) or f"to the power of {number(power)}"


def number(written: str) -> str:
    """Say a number as written in figures: a sign, groups by commas, and a decimal point may be.

    A number with a leading zero, and a long one that is neither grouped nor round, is said digit
    by digit.
    """
    sign = ""
    if written[:1] in "+-−±":
        sign = {"+": "plus ", "±": "plus or minus "}.get(written[0], "minus ")
        written = written[1:]
    whole, point, part = written.partition(".")
    grouped = not whole.isdigit()
    whole = "".join(figure for figure in whole if figure.isdigit())
    said = _whole(whole, grouped=grouped, decimal=bool(point)) if whole else ""
    if part:
        said = f"{said} point {digits(part)}".strip()
    return sign + said


def _whole(figures: str, *, grouped: bool, decimal: bool) -> str:
    plain = grouped or decimal or len(figures) <= _LONGEST_PLAIN or figures.endswith(_ROUND)
    if (figures[0] == "0" and len(figures) > 1) or not plain or len(figures) > _LONGEST:
        return digits(figures)
    return cardinal(int(figures))
