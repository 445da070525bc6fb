"""Say codes of figures and letters, one by one: identifiers, checksums, binary numbers."""

import re

from s2v.text.normal.claiming import Rule
from s2v.text.normal.code import say_hexadecimal
from s2v.text.normal.numerals import digits, number
from s2v.text.normal.spans import SpeechClass


def _groups(match: re.Match[str]) -> str:
    return ", ".join(map(say_hexadecimal, match["it"].split("-")))


RULES = (
    Rule(
        "address.identifier",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w-])(?P<it>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![\w-])"
        ),
        _groups,
    ),
    Rule(
        "address.checksum",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w#.,-])(?=(?:[a-f]{0,20}[0-9]){2})(?=(?:[0-9]{0,20}[a-f]){2})"
            r"(?P<it>[0-9a-f]{7,64})(?![\w-])"
        ),
        _groups,
    ),
    Rule(
        "number.binary",
        SpeechClass.NUMBER,
        re.compile(r"(?<!\w)0b(?P<n>[01]{1,32})(?!\w)"),
        lambda match: f"zero b {digits(match['n'])}",
    ),
    Rule(
        "number.grouped",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.,])(?P<n>[1-9][0-9]{0,2}(?:_[0-9]{3}){1,6})(?![\w.])"),
        lambda match: number(match["n"].replace("_", "")),
    ),
)
