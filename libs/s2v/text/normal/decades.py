"""Say decades: the 1990s, the '80s, 80's music, 1960s-70s."""

import re

from s2v.text.normal.claiming import Rule
from s2v.text.normal.numerals import decade
from s2v.text.normal.spans import SpeechClass


def _decade(match: re.Match[str]) -> str:
    return decade(int(match["y"]) or 2000)


RULES = (
    Rule(
        "year.span",
        SpeechClass.YEAR,
        re.compile(r"(?<=[0-9]0s)(?P<it>[-–])(?=['’]?(?:[12][0-9])?[0-9]0s(?!\w))"),
        lambda _: " to ",
    ),
    Rule(
        "year.decade",
        SpeechClass.YEAR,
        re.compile(
            r"(?:(?<=0s-)|(?<=0s–)|(?=[2-9]0['’]s)|(?=[2-9]0s (?:music|kids?|movies?|films?"
            r"|fashion|style|"
            r"rock|pop|hits|bands?|shows?|hair|nostalgia|vibes?|icons?|classics?|era|sitcoms?"
            r"|disco|punk)\b))"
            r"(?<![\w.,])['’]?(?P<y>[2-9]0)['’]?s(?!\w)"
        ),
        _decade,
    ),
    Rule(
        "year.decade",
        SpeechClass.YEAR,
        re.compile(r"(?<![\w.,])['’]?(?P<y>1[0-9]{2}0|2[01][0-9]0)['’]?s(?!\w)"),
        _decade,
    ),
    Rule(
        "year.decade",
        SpeechClass.YEAR,
        re.compile(
            r"(?:(?<=\b[Tt]he )|(?<=\b[Hh]is )|(?<=\b[Hh]er )|(?<=\b[Mm]y )|(?<=arly )|(?<=ate )"
            r"|(?<=mid-)|(?<=heir )|(?<=ow )|(?<=igh )|(?=['’]))['’]?"
            r"(?P<y>[0-9]0)['’]?s(?!\w)"
        ),
        _decade,
    ),
)
