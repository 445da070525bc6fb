"""Write out what marks in a text have said in its place, for a voice to read."""

import re
from collections.abc import Callable, Mapping

from s2v.core.ports import Voice
from s2v.text.markup import Words

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_ORDERS = {"d": "day", "m": "month", "y": "year"}
_ORDINALS = {"de": "{}.", "fr": "{}e", "es": "{}.º", "it": "{}º"}
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_NUMBER = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_DIGITS = re.compile(r"\d+|\+")


def said(words: Words, voice: Voice) -> str:
    """Return what a voice reads of a stretch of text: its alias, or what SSML's say-as makes of it.

    It is the text as it is where nothing better is known.
    """
    if words.alias or not words.say_as:
        return words.alias or words.text
    text, language = words.text, voice.language
    kind, _, order = words.say_as.partition(":")
    primary = language.partition("-")[0].lower()
    ways: dict[str, Callable[[], str]] = {
        "characters": lambda: _characters(text, voice.letters),
        "spell-out": lambda: _characters(text, voice.letters),
        "verbatim": lambda: _characters(text, voice.letters),
        "digits": lambda: _digits(text, primary),
        "telephone": lambda: _digits(text, primary),
        "ordinal": lambda: _ordinal(text, primary),
        "cardinal": lambda: _cardinal(text),
        "number": lambda: _cardinal(text),
        "date": lambda: _date(text, order, language),
    }
    return ways[kind]()


def _characters(text: str, letters: Mapping[str, str]) -> str:
    capitals = (character.upper() for character in text if not character.isspace())
    return " ".join(letters.get(capital, capital) for capital in capitals)


def _digits(text: str, primary: str) -> str:
    """Return each digit on its own, with a breath between groups."""
    groups = _DIGITS.findall(text)
    plus = "plus" if primary in {"en", "de", "fr", "it"} else "+"
    spoken = [plus if group == "+" else " ".join(group) for group in groups]
    return ", ".join(spoken).replace(f"{plus}, ", f"{plus} ") or text


def _ordinal(text: str, primary: str) -> str:
    number = _number(text)
    if number is None:
        return text
    if primary == "en":
        ending = "th" if number % 100 in (11, 12, 13) else _ENDINGS.get(number % 10, "th")
        return f"{number}{ending}"
    return _ORDINALS.get(primary, "{}").format(number)


def _cardinal(text: str) -> str:
    number = _number(text)
    return text if number is None else str(number)


def _number(text: str) -> int | None:
    plain = re.sub(r"[\s,._'\u2019]", "", text)
    if plain.isascii() and plain.isdigit() and len(plain) <= 15:
        return int(plain)
    if not plain or not _ROMAN_NUMBER.fullmatch(plain.upper()):
        return None
    values = [_ROMAN[letter] for letter in plain.upper()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)


def _date(text: str, order: str, language: str) -> str:
    """Return an English date as people say it; other languages' voices read dates as they are."""
    if not language.lower().startswith("en"):
        return text
    fields = re.findall(r"\d+", text)
    order = order or _usual_order(fields, language)
    if not fields or len(fields) != len(order) or set(order) - set(_ORDERS):
        return text
    given = {_ORDERS[letter]: int(digits) for letter, digits in zip(order, fields, strict=True)}
    month, day, year = (given.get(name, 0) for name in ("month", "day", "year"))
    if month > len(_MONTHS) or day > 31:
        return text
    spoken = [_MONTHS[month - 1]] if month else []
    spoken += [_ordinal(str(day), "en")] if day else []
    end = f", {year}" if year and spoken else str(year or "")
    return " ".join(spoken) + end


def _usual_order(fields: list[str], language: str) -> str:
    if fields and len(fields[0]) == 4:
        return "ymd"[: len(fields)]
    return ("mdy" if language.lower() in {"en", "en-us"} else "dmy")[: len(fields)]
