"""Say what refers to parts of something: chapters and verses, items of lists, letters."""

import re

from s2v.text.normal.claiming import Rule, after, before
from s2v.text.normal.numerals import cardinal, number, pairs, plural
from s2v.text.normal.spans import SpeechClass

_SHORT = {
    "Gen": "Genesis",
    "Ex": "Exodus",
    "Exod": "Exodus",
    "Lev": "Leviticus",
    "Num": "Numbers",
    "Deut": "Deuteronomy",
    "Ps": "Psalm",
    "Prov": "Proverbs",
    "Isa": "Isaiah",
    "Jer": "Jeremiah",
    "Ezek": "Ezekiel",
    "Dan": "Daniel",
    "Matt": "Matthew",
    "Rom": "Romans",
    "Cor": "Corinthians",
    "Gal": "Galatians",
    "Eph": "Ephesians",
    "Phil": "Philippians",
    "Heb": "Hebrews",
    "Rev": "Revelation",
}
_BOOKS = (
    "Genesis|Exodus|Leviticus|Numbers|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Ezra|"
    "Nehemiah|Esther|Job|Psalms?|Proverbs|Ecclesiastes|Isaiah|Jeremiah|Lamentations|Ezekiel|Daniel|"
    "Hosea|Joel|Amos|Jonah|Micah|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|"
    "Ephesians|Philippians|Colossians|Thessalonians|Timothy|Titus|Hebrews|James|Peter|Jude|"
    "Revelation|Sura[ht]?|Quran|Qur'an"
)
_RANGED = re.compile(
    r"\b(?:[Gg]rades?|[Rr]ows?|[Ss]eats?|[Cc]olumns?|[Ss]ections?|[Oo]ptions?|[Pp]arts?|[Gg]roups?|"
    r"[Aa]ppendix|[Aa]ppendices|[Kk]eys|[Ll]etters|[Hh]alls?|[Gg]ates?|[Zz]ones?|[Ff]rom|[Aa]nswers|"
    r"[Ll]evels?|[Cc]ategor(?:y|ies)|[Ss]teps?|[Tt]ypes?|[Cc]lass(?:es)?|[Vv]itamins?) \Z"
)


def _verse(match: re.Match[str]) -> str:
    book = match["book"] or _SHORT[match["short"]]
    said = f"{book} {cardinal(int(match['chapter']))} {cardinal(int(match['verse']))}"
    return f"{said} to {cardinal(int(match['last']))}" if match["last"] else said


def _letters(match: re.Match[str]) -> str | None:
    first, last = match["first"], match["last"]
    whole = first.upper() == "A" and last.upper() == "Z"
    if first.upper() >= last.upper() or first.isupper() != last.isupper():
        return None
    return f"{first} to {last}" if whole or _RANGED.search(before(match)) else None


def _list_number(match: re.Match[str]) -> str | None:
    """Say "2)" of a list: at the beginning of a line, or where "1)" or "3)" stands as well."""
    place = int(match["n"])
    begins = not before(match, 1).strip(" ") or before(match, 1) == "\n"
    others = (f" {place + 1}) ", f"{place - 1}) ")
    around = before(match, 400) + after(match, 400)
    listed = any(other in around for other in others)
    if re.search(r"[(\[][^()\[\]]*\Z", before(match)) or not (listed or begins):
        return None
    return f"{cardinal(place)},"


def _paragraph(match: re.Match[str]) -> str:
    """Say paragraphs of American law as people call them: 401(k), 501(c)(3)."""
    said = f"{pairs(match['n'])} {match['a']}"
    return f"{said} {number(match['b'])}" if match["b"] else said


_FUNCTIONS = {"sin": "sine", "cos": "cosine", "tan": "tangent"}
RULES = (
    Rule(
        "number.of_degrees",
        SpeechClass.MATHEMATICS,
        re.compile(r"(?<!\w)(?P<f>sin|cos|tan)\((?P<n>[0-9]{1,3}(?:\.[0-9]{1,6})?) ?°\)"),
        lambda match: f"{_FUNCTIONS[match['f']]} of {number(match['n'])} degrees",
    ),
    Rule(
        "number.paragraph",
        SpeechClass.NUMBER,
        re.compile(r"(?<!\w)(?P<n>[45]0[0-9])\((?P<a>[a-z])\)(?:\((?P<b>[0-9])\))?"),
        _paragraph,
    ),
    Rule(
        "number.plural",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.,])(?P<n>7[0-9]7)s(?!\w)"),
        lambda match: plural(pairs(match["n"])),
    ),
    Rule(
        "range.ordinals",
        SpeechClass.RANGE,
        re.compile(r"(?<=[0-9](?:st|nd|rd|th))(?P<it>[-–])(?=[0-9]{1,3}(?:st|nd|rd|th))"),
        lambda _: " to ",
    ),
    Rule(
        "number.listed",
        SpeechClass.NUMBER,
        re.compile(r"(?:(?m:^)[ \t]*|(?<=[a-z.,;:] ))(?P<it>(?P<n>[0-9]{1,3})\))(?=[ \t]+\S)"),
        _list_number,
    ),
    Rule(
        "number.verse",
        SpeechClass.NUMBER,
        re.compile(
            rf"(?<!\w)(?P<it>(?:(?P<book>{_BOOKS})|(?P<short>{'|'.join(_SHORT)})\.?) "
            r"(?P<chapter>[0-9]{1,3}):(?P<verse>[0-9]{1,3})(?:[-–](?P<last>[0-9]{1,3}))?)(?![\w:])"
        ),
        _verse,
    ),
    Rule(
        "range.letters",
        SpeechClass.RANGE,
        re.compile(r"(?<![\w.-])(?P<it>(?P<first>[A-Za-z])[-–](?P<last>[A-Za-z]))(?![\w-])"),
        _letters,
    ),
)
