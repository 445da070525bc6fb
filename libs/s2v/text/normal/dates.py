"""Say dates and years."""

import re
from functools import partial

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.numerals import cardinal, ordinal, two_figures, year
from s2v.text.normal.patterns import DASH, MONTH, MONTHS, SPACE
from s2v.text.normal.spans import SpeechClass

_NAMES = list(MONTHS)
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2}|21[0-9]{2})"
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_SUFFIX = r"(?:st|nd|rd|th)?"
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|from|until|till|by|year|before|after|during|around|circa|ca\.|c\.|late|ea"
    r"rly|mid|"
    r"AD|A\.D\.|born|died|est|established|founded|dated|summer|winter|spring|autumn|fall|election"
    r"|copyright|"
    r"class of|back in|to|and|or|between|of|the|January|February|March|April|May|June|July|August|"
    r"September|October|November|December)[ -]\Z|[(©]\s?\Z|\b(?:1[0-9]{3}|20[0-9]{2}), \Z",
    re.IGNORECASE,
)
_STRONG_BEFORE = re.compile(
    r"\b(?:AD|A\.D\.|in|since|until|year|circa|ca\.|c\.|late|early|mid|born|died|established"
    r"|founded|summer|"
    r"winter|spring|autumn|class of|back in|by|est\.|fl\.)[ -]\Z|[(©]\s?\Z|\bca?\.\Z",
    re.IGNORECASE,
)
_DATED = re.compile(
    rf"\b(?:{MONTH} (?:[0-9]{{1,2}}(?:st|nd|rd|th)?(?:, ?)?)?(?:[0-9]{{4}})?"
    rf"|[0-9]{{1,2}} {MONTH})\Z"
)
_DATE_BEFORE = re.compile(
    r"\b(?:ends|until|till|due|starts?|starting|launch(?:es|ing)?|expires|deadline:?|releases|airs|"
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*[.,]?) \Z"
)
_DATE_OR_NOT = re.compile(r"\b(?:by|from|before|after|since) \Z")
_AFTER_ERA = re.compile(r"\s?(?:BC|AD|BCE|CE|A\.D\.|B\.C\.)\b")
_COUNTED = re.compile(
    r"\s(?:(?:new|more|different|other|small|large|young|old|million|thousand|calories)\s)?"
    r"(?!(?:is|was|has|as|its|his|this|us|thus|series|always|plus|across|elections|olympics|games|"
    r"census)\b)"
    r"(?:[a-z]+s|people|men|women|children|feet|percent|million|billion|thousand)\b"
)


def read_year(written: str) -> str:
    """Return a year of four figures in words."""
    return year(int(written))


def short_year(written: str) -> str:
    """Return a year of two figures, such as the 98 of 1/2/98, in words."""
    century = 2000 if int(written) < 50 else 1900
    return year(century + int(written))


def month_name(written: str) -> str:
    """Return the whole name of a month."""
    return next(name for name in _NAMES if name.startswith(written.rstrip(".")[:3]))


def _spoken(month: str, day: str, written_year: str | None) -> str:
    said = f"{month} {ordinal(int(day))}"
    return f"{said}, {read_year(written_year)}" if written_year else said


def _iso(match: re.Match[str]) -> str | None:
    return _spoken(_NAMES[int(match["m"]) - 1], match["d"], match["y"])


def _month_first(match: re.Match[str]) -> str | None:
    return _spoken(month_name(match["m"]), match["d"], match["y"])


def _day_first(match: re.Match[str]) -> str | None:
    article = "" if re.search(r"\b(?:the|The) \Z", before(match)) else "the "
    of = "" if match["of"] else "of "
    said = f"{article}{ordinal(int(match['d']))} {match['of'] or of}{month_name(match['m'])}"
    return f"{said}, {read_year(match['y'])}" if match["y"] else said


def _day_range(match: re.Match[str]) -> str:
    first, last = ordinal(int(match["d"])), ordinal(int(match["d2"]))
    said = f"{month_name(match['m'])} {first} to {last}"
    return f"{said}, {read_year(match['y'])}" if match["y"] else said


def _year_month(match: re.Match[str]) -> str | None:
    """Say "2025-06"; "2005-06" is a range of years."""
    if int(match["m"]) > int(match["y"][2:]):
        return None
    return f"{_NAMES[int(match['m']) - 1]} {read_year(match['y'])}"


def _month_year(match: re.Match[str]) -> str:
    return f"{month_name(match['m'])}{',' if match['comma'] else ''} {read_year(match['y'])}"


def _month_alone(match: re.Match[str]) -> str:
    return month_name(match["m"])


def _numeric(day_first: bool, match: re.Match[str]) -> str | None:
    first, second = int(match["a"]), int(match["b"])
    month, day = (second, first) if day_first else (first, second)
    if month > 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    written = match["y"]
    said = f"{_NAMES[month - 1]} {ordinal(day)}"
    if not written:
        return said
    return f"{said}, {short_year(written) if len(written) == 2 else read_year(written)}"


def _dated(day_first: bool, match: re.Match[str]) -> str | None:
    """Say "11/30" as a date after words that dates follow."""
    behind, day = before(match), int(match["a" if day_first else "b"])
    if _DATE_BEFORE.search(behind) or (
        (day > 12 or int(match["a"]) > int(match["b"])) and _DATE_OR_NOT.search(behind)
    ):
        return _numeric(day_first, match)
    return None


def _numeric_range(day_first: bool, match: re.Match[str]) -> str | None:
    """Say "10/12-10/18"; of small numbers alone, such as 1/2-3/4, fractions are made."""
    figures = [int(match[name]) for name in ("a", "b", "a2", "b2")]
    months, days = (figures[1::2], figures[::2]) if day_first else (figures[::2], figures[1::2])
    if max(figures) < 10 or max(months) > 12:
        return None
    first, last = (
        f"{_NAMES[month - 1]} {ordinal(day)}" for month, day in zip(months, days, strict=True)
    )
    return f"{first} to {last}"


def _us(match: re.Match[str]) -> str | None:
    return _numeric(False, match)


def _european(match: re.Match[str]) -> str | None:
    return _numeric(True, match)


def _span(match: re.Match[str]) -> str | None:
    return " to " if _DATED.search(before(match)) else None


def _year_range(match: re.Match[str]) -> str | None:
    last = match["b"]
    if len(last) == 2:
        if int(match["a"][2:]) >= int(last):
            return None
        return f"{read_year(match['a'])} to {two_figures(last)}"
    return f"{read_year(match['a'])} to {read_year(last)}"


def _season(match: re.Match[str]) -> str | None:
    """Say "2024/25", a season or a school year."""
    if (int(match["a"]) + 1) % 100 != int(match["b"]):
        return None
    return f"{read_year(match['a'])} {two_figures(match['b'])}"


def _lone_year(match: re.Match[str]) -> str | None:
    value, rest, behind = int(match["it"]), after(match), before(match)
    if _AFTER_ERA.match(rest):
        return year(value)
    counted = _COUNTED.match(rest) is not None
    if _STRONG_BEFORE.search(behind):
        return year(value) if not counted or value % 100 else None
    if counted or value < 1100:
        return None
    if value >= 1900 or _YEAR_BEFORE.search(behind):
        return year(value)
    return None


def _stamped(match: re.Match[str]) -> str:
    """Say a date as machines write it: 05-JAN-24."""
    written = match["y"]
    said = f"{month_name(match['m'].capitalize())} {ordinal(int(match['d']))}"
    return f"{said}, {short_year(written) if len(written) == 2 else read_year(written)}"


_SHOUTED = "|".join(f"{short}|{short.upper()}" for short in MONTHS.values())
_CONTEXT = r"(?<![\w/.,$€£-])"
_END = r"(?![\w/])(?![-–][0-9])(?!\.[0-9])"
ISO = r"(?P<y>[0-9]{4})-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12][0-9]|3[01])"
_NUMERIC = rf"(?P<a>{_DAY})/(?P<b>{_DAY})/(?P<y>{_YEAR}|[0-9]{{2}})"


def _date(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"date.{name}", SpeechClass.DATE, re.compile(pattern), read)


def rules(*, day_first: bool) -> tuple[Rule, ...]:
    """Return the rules of dates; `day_first` says how 3/4/2026 is meant."""
    return (
        _date("span", rf"(?<=\w)(?P<it>{SPACE}?{DASH}{SPACE}?)(?={MONTH} ?[0-9])", _span),
        _date("span", rf"(?<=\w)(?P<it>{SPACE}?{DASH}{SPACE}?)(?=[0-9]{{1,2}} {MONTH})", _span),
        _date(
            "span",
            rf"(?<=[0-9])(?P<it>{SPACE}?{DASH}{SPACE}?)(?=(?:[Pp]resent|[Nn]ow|[Tt]oday)(?!\w))",
            lambda _: " to ",
        ),
        _date(
            "months",
            rf"(?<!\w)(?<![0-9] )(?P<a>{MONTH}|May)\s?{DASH}\s?(?P<b>{MONTH}|May)"
            r"(?!\w| [0-9]{1,2}\b)",
            lambda match: f"{month_name(match['a'])} to {month_name(match['b'])}",
        ),
        _date("iso", rf"{_CONTEXT}{ISO}(?=T[0-9]|{_END})", _iso),
        _date(
            "iso",
            rf"{_CONTEXT}(?P<y>{_YEAR})/(?P<m>0[1-9]|1[0-2])/(?P<d>0[1-9]|[12][0-9]|3[01]){_END}",
            _iso,
        ),
        _date("numeric", rf"{_CONTEXT}{_NUMERIC}{_END}", _european if day_first else _us),
        _date(
            "numeric",
            rf"{_CONTEXT}(?P<a>{_DAY})-(?P<b>{_DAY})-(?P<y>{_YEAR}){_END}",
            _european if day_first else _us,
        ),
        _date("month_year", rf"{_CONTEXT}(?P<y>{_YEAR})-(?P<m>0[1-9]|1[0-2]){_END}", _year_month),
        _date(
            "numeric",
            rf"(?<=\b[oO]n )(?P<a>{_DAY})/(?P<b>{_DAY})(?P<y>(?!)0)?{_END}",
            _european if day_first else _us,
        ),
        _date(
            "numeric",
            rf"{_CONTEXT}(?P<a>{_DAY})/(?P<b>{_DAY}){SPACE}?{DASH}{SPACE}?"
            rf"(?P<a2>{_DAY})/(?P<b2>{_DAY})(?P<y>(?!)0)?{_END}",
            partial(_numeric_range, day_first),
        ),
        _date(
            "numeric",
            rf"{_CONTEXT}(?P<a>{_DAY})/(?P<b>{_DAY})(?P<y>(?!)0)?{_END}",
            partial(_dated, day_first),
        ),
        _date(
            "month_year",
            rf"{_CONTEXT}(?P<n>0?[1-9]|1[0-2])/(?P<y>(?:19|20)[0-9]{{2}}){_END}",
            lambda match: f"{_NAMES[int(match['n']) - 1]} {read_year(match['y'])}",
        ),
        _date(
            "dotted",
            rf"{_CONTEXT}(?P<a>{_DAY})\.(?P<b>{_DAY})\.(?P<y>{_YEAR}){_END}",
            _european,
        ),
        _date(
            "days",
            rf"(?<!\w)(?P<m>{MONTH}) (?P<d>{_DAY}){_SUFFIX}{SPACE}?{DASH}{SPACE}?(?P<d2>{_DAY})"
            rf"{_SUFFIX}(?:,? (?P<y>{_YEAR}))?(?![\w:/])",
            _day_range,
        ),
        _date(
            "days",
            rf"{_CONTEXT}(?P<d>{_DAY}){SPACE}?{DASH}{SPACE}?(?P<d2>{_DAY}) (?P<m>{MONTH})"
            rf"(?:,? (?P<y>{_YEAR}))?(?!\w)",
            _day_range,
        ),
        _date("month", r"(?<!\w)(?P<m>(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec))(?=\.$)", _month_alone),
        _date(
            "month_first",
            rf"(?<!\w)(?P<m>{MONTH})[ -](?P<d>{_DAY}){_SUFFIX}(?:,? (?P<y>{_YEAR})(?![\w:/]))?"
            r"(?![\w:/%°])(?!\.[0-9])(?! ?(?:km|kg|miles|percent|people|[ap]\.?m)\b)",
            _month_first,
        ),
        _date(
            "day_first",
            rf"{_CONTEXT}(?P<d>{_DAY}){_SUFFIX}[ -](?P<of>of )?(?P<m>{MONTH})(?:,?[ -](?P<y"
            rf">{_YEAR}))?(?!\w)",
            _day_first,
        ),
        _date(
            "month_year",
            rf"(?<!\w)(?P<m>{MONTH})(?P<comma>,)? (?P<y>{_YEAR})(?![\w:/])",
            _month_year,
        ),
        _date(
            "month",
            r"(?<!\w)(?P<m>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\.)(?=\s[a-z0-9])",
            lambda match: month_name(match["m"]),
        ),
        _date(
            "month",
            r"(?<!\w)(?P<m>Jan|Feb|Apr|Aug|Sept|Oct|Nov|Dec)(?![\w.])",
            lambda match: month_name(match["m"]),
        ),
        _date(
            "day_first",
            rf"{_CONTEXT}(?P<d>{_DAY})-(?P<m>{_SHOUTED})-(?P<y>{_YEAR}|[0-9]{{2}})(?![\w-])",
            _stamped,
        ),
        _date(
            "week",
            r"(?<![\w-])(?P<y>20[0-9]{2})-W(?P<n>[0-5][0-9])(?![\w-])",
            lambda match: f"{read_year(match['y'])} week {cardinal(int(match['n']))}",
        ),
        _date(
            "year",
            r"(?<=\byear )(?P<it>[1-9][0-9]{3})(?!\w|[.,][0-9])",
            lambda match: (
                f"{cardinal(int(match['it'][:2]))} {two_figures(match['it'][2:])}"
                if match["it"][2:] != "00" and match["it"][1] != "0"
                else None
            ),
        ),
        _date(
            "circa",
            r"(?<![\w.])c(?P<it2>1[0-9]{3})(?!\w)",
            lambda match: f"circa {read_year(match['it2'])}",
        ),
        _date("event", r"(?<![\w/])9/11(?![\w/])", lambda _: "nine eleven"),
    )


YEARS = (
    Rule(
        "year.season",
        SpeechClass.YEAR,
        re.compile(r"(?<![\w.,$€£/-])(?P<a>(?:19|20)[0-9]{2})/(?P<b>[0-9]{2})(?![\w/])"),
        _season,
    ),
    Rule(
        "year.range",
        SpeechClass.YEAR,
        re.compile(
            rf"(?<![\w.,$€£/-])(?P<a>1[1-9][0-9]{{2}}|20[0-9]{{2}}){SPACE}?{DASH}{SPACE}?"
            rf"(?P<b>1[1-9][0-9]{{2}}|20[0-9]{{2}}|[0-9]{{2}}){_END}"
        ),
        _year_range,
    ),
    Rule(
        "year.short",
        SpeechClass.YEAR,
        re.compile(r"(?:(?<!\w)|(?<=\b[QH][1-4]))['’](?P<y>[0-9]{2})(?![\w'’])"),
        lambda match: two_figures(match["y"]),
    ),
    Rule(
        "year.era",
        SpeechClass.YEAR,
        re.compile(r"(?<![\w.,])(?P<it>[0-9]{1,4})(?=\s?(?:BCE?|AD|CE)\b)"),
        lambda match: (
            year(int(match["it"])) if len(match["it"]) == 4 else cardinal(int(match["it"]))
        ),
    ),
    Rule(
        "year",
        SpeechClass.YEAR,
        re.compile(
            r"(?:(?<![\w.,$€£#/])|(?<=\bc\.))(?P<it>1[0-9]{3}|20[0-9]{2}|21[0-9]{2})(?![\w%°/])"
            r"(?![.,:][0-9])"
        ),
        _lone_year,
    ),
)
