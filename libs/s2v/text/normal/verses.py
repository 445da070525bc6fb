"""Say chapters and verses of the Bible and the Quran."""

import re

from s2v.text.normal.claiming import Rule, before
from s2v.text.normal.numerals import cardinal
from s2v.text.normal.spans import SpeechClass

_SHORT = {
    "Gen": "Genesis",
    "Ex": "Exodus",
    "Exod": "Exodus",
    "Lev": "Leviticus",
    "Num": "Numbers",
    "Deut": "Deuteronomy",
    "Josh": "Joshua",
    "Judg": "Judges",
    "Sam": "Samuel",
    "Kgs": "Kings",
    "Chr": "Chronicles",
    "Chron": "Chronicles",
    "Neh": "Nehemiah",
    "Ps": "Psalm",
    "Pss": "Psalms",
    "Prov": "Proverbs",
    "Eccl": "Ecclesiastes",
    "Isa": "Isaiah",
    "Jer": "Jeremiah",
    "Lam": "Lamentations",
    "Ezek": "Ezekiel",
    "Dan": "Daniel",
    "Hos": "Hosea",
    "Zech": "Zechariah",
    "Mal": "Malachi",
    "Matt": "Matthew",
    "Mt": "Matthew",
    "Mk": "Mark",
    "Lk": "Luke",
    "Jn": "John",
    "Rom": "Romans",
    "Cor": "Corinthians",
    "Gal": "Galatians",
    "Eph": "Ephesians",
    "Phil": "Philippians",
    "Col": "Colossians",
    "Thess": "Thessalonians",
    "Tim": "Timothy",
    "Tit": "Titus",
    "Heb": "Hebrews",
    "Jas": "James",
    "Pet": "Peter",
    "Rev": "Revelation",
}
_BOOKS = (
    "Genesis|Exodus|Leviticus|Numbers|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Ezra|"
    "Nehemiah|Esther|Job|Psalms?|Proverbs|Ecclesiastes|Song of Songs|Song of Solomon|Isaiah|"
    "Jeremiah|Lamentations|Ezekiel|Daniel|Hosea|Joel|Amos|Jonah|Micah|Nahum|Habakkuk|Zephaniah|"
    "Haggai|Zechariah|Malachi|Sirach|Tobit|Judith|Maccabees|Matthew|Mark|Luke|John|Acts|Romans|"
    "Corinthians|Galatians|Ephesians|Philippians|Colossians|Thessalonians|Timothy|Titus|Philemon|"
    "Hebrews|James|Peter|Jude|Revelation|Sura[ht]?|Quran|Qur'an"
)
_WHICH = {"1": "First", "2": "Second", "3": "Third", "I": "First", "II": "Second", "III": "Third"}
_CITED = re.compile(rf"\b(?:{_BOOKS}|{'|'.join(_SHORT)})\.? [0-9]{{1,3}}:[0-9][^.!?]*\Z")
_BOOK = rf"(?:(?P<book>{_BOOKS})|(?P<short>{'|'.join(_SHORT)})\.?)"


def _verse(match: re.Match[str]) -> str:
    said = f"{_named(match)} {cardinal(int(match['chapter']))} {cardinal(int(match['verse']))}"
    for dash, other in re.findall(r"([-–,]) ?([0-9]{1,3}(?::[0-9]{1,3})?)", match["more"]):
        numbers = " ".join(cardinal(int(part)) for part in other.split(":"))
        said += f"{' to' if dash in '-–' else ','} {numbers}"
    return said


def _further(match: re.Match[str]) -> str:
    """Say a chapter and a verse that follow others: "John 3:16; 4:1"."""
    said = f"{cardinal(int(match['chapter']))} {cardinal(int(match['verse']))}"
    return f"{said} to {cardinal(int(match['last']))}" if match["last"] else said


def _chapter(match: re.Match[str]) -> str:
    return f"{_named(match)} {cardinal(int(match['chapter']))}"


def _named(match: re.Match[str]) -> str:
    book = match["book"] or _SHORT[match["short"]]
    return f"{_WHICH[match['which']]} {book}" if match["which"] else book


RULES = (
    Rule(
        "number.verse",
        SpeechClass.NUMBER,
        re.compile(
            rf"(?<!\w)(?P<it>(?:(?P<which>III|II|I|[123]) )?{_BOOK} "
            r"(?P<chapter>[0-9]{1,3}):(?P<verse>[0-9]{1,3})"
            r"(?P<more>(?:(?:[-–]|, ?)[0-9]{1,3}(?::[0-9]{1,3})?(?![\w:])){0,4}))(?![\w:])"
        ),
        _verse,
    ),
    Rule(
        "number.verse",
        SpeechClass.NUMBER,
        re.compile(
            rf"(?<!\w)(?P<it>(?P<which>[123]) {_BOOK}(?: (?P<chapter>[0-9]{{1,3}})(?![\w:%,.][0-9])"
            r"(?!\w)))"
        ),
        _chapter,
    ),
    Rule(
        "number.verse",
        SpeechClass.NUMBER,
        re.compile(
            r"(?<=[0-9])(?P<joint>; ?)(?P<it>(?P<chapter>[0-9]{1,3}):(?P<verse>[0-9]{1,3})"
            r"(?:[-–](?P<last>[0-9]{1,3}))?)(?![\w:])"
        ),
        lambda match: _further(match) if _CITED.search(before(match, 80)) else None,
    ),
)
