"""Say emoji by their names, a run of them once each and three at most."""

import re
import unicodedata

from s2v.text.normal.claiming import Rule, silent
from s2v.text.normal.numerals import cardinal
from s2v.text.normal.spans import SpeechClass

_MOST_SAID = 3
_NAMES = {
    "👍": "thumbs up",
    "👎": "thumbs down",
    "❤": "red heart",
    "♥": "heart",
    "😂": "face with tears of joy",
    "🎉": "party popper",
    "🔥": "fire",
    "✅": "check mark",
    "✔": "check mark",
    "☑": "check mark",
    "✓": "check mark",
    "❌": "cross mark",
    "✗": "cross mark",
    "✘": "cross mark",
    "⭐": "star",
    "★": "star",
    "☆": "star",
    "🙏": "folded hands",
    "👏": "clapping hands",
    "💪": "flexed biceps",
    "👋": "waving hand",
    "👌": "OK hand",
    "✌": "victory hand",
    "🤞": "crossed fingers",
    "🚀": "rocket",
    "💯": "one hundred points",
    "😊": "smiling face with smiling eyes",
    "😍": "smiling face with heart eyes",
    "😎": "smiling face with sunglasses",
    "🤔": "thinking face",
    "⚠": "warning",
    "☀": "sun",
    "☺": "smiling face",
    "☹": "frowning face",
    "✨": "sparkles",
    "💔": "broken heart",
    "👀": "eyes",
    "📧": "e-mail",
    "📞": "telephone",
    "⏰": "alarm clock",
    "➡": "right arrow",
    "⬅": "left arrow",
    "⬆": "up arrow",
    "⬇": "down arrow",
}
_LEADING = re.compile(r"\A(?:heavy|black|white) ")
_ICON = "[\u2600-\u27bf\u2b00-\u2bff\u23e9-\u23fa\u231a\u231b\U0001f000-\U0001faff]"
_STYLED = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_JOINED = "[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_ONE = re.compile(rf"(?P<icon>{_ICON}){_STYLED}*(?:\u200d{_ICON}{_STYLED}*)*")
_STYLES = re.compile(f"{_STYLED}|[♀♂]")
_FAMILY = frozenset("👨👩👧👦👶")
_AT_WORK = {
    "💻": "technologist",
    "🎓": "student",
    "🏫": "teacher",
    "⚕": "health worker",
    "🍳": "cook",
    "🔬": "scientist",
    "🚀": "astronaut",
    "🚒": "firefighter",
    "🎤": "singer",
    "🎨": "artist",
    "✈": "pilot",
    "⚖": "judge",
    "🌾": "farmer",
    "🔧": "mechanic",
    "🏭": "factory worker",
    "💼": "office worker",
}
_TOGETHER = {"❤🔥": "heart on fire", "🏳🌈": "rainbow flag", "🏴☠": "pirate flag"}
_COUNTRIES = dict(
    line.split(" ", 1)
    for block in """
US United States|GB United Kingdom|FR France|DE Germany|IT Italy|ES Spain|PT Portugal|NL Netherlands
BE Belgium|CH Switzerland|AT Austria|SE Sweden|NO Norway|DK Denmark|FI Finland|IE Ireland|PL Poland
CZ Czechia|HU Hungary|GR Greece|RO Romania|UA Ukraine|RU Russia|TR Turkey|IL Israel|EG Egypt
AE United Arab Emirates|SA Saudi Arabia|ZA South Africa|NG Nigeria|KE Kenya|IN India|PK Pakistan
CN China|JP Japan|KR South Korea|VN Vietnam|TH Thailand|ID Indonesia|PH Philippines|AU Australia
NZ New Zealand|CA Canada|MX Mexico|BR Brazil|AR Argentina|CL Chile|CO Colombia|PE Peru
EU European Union""".strip().splitlines()
    for line in block.split("|")
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_FIRST_FLAG = 0x1F1E6


def _name(icon: str) -> str:
    if icon in _NAMES:
        return _NAMES[icon]
    name = unicodedata.name(icon, "").lower().replace("-", " ")
    for ending in (" sign", " symbol"):
        name = name.removesuffix(ending)
    return _LEADING.sub("", name)


def _joined_name(part: str) -> str:
    """Return the name of an icon, or of several that are joined to one."""
    icons = [_STYLES.sub("", icon) for icon in part.split("\u200d")]
    icons = [icon for icon in icons if icon]
    if len(icons) < 2:
        return _name(part[0])
    if _FAMILY.issuperset(icons):
        return "family"
    if icons[1] in _AT_WORK:
        person = {"👨": "man ", "👩": "woman "}.get(icons[0], "")
        return person + _AT_WORK[icons[1]]
    return _TOGETHER.get("".join(icons)) or _name(icons[0])


def _stars(match: re.Match[str]) -> str:
    """Say a row of stars as a rating."""
    given = len(match["full"].replace("\ufe0f", ""))
    if match["empty"]:
        return f"{cardinal(given)} out of {cardinal(given + len(match['empty']))} stars"
    return f"{cardinal(given)} stars"


def _run(match: re.Match[str]) -> str:
    said: dict[str, None] = {}
    for found in _PART.finditer(match.group()):
        part = found.group()
        if _FLAG.fullmatch(part):
            letters = " ".join(chr(ord(c) - _FIRST_FLAG + ord("A")) for c in part)
            said.setdefault(f"flag of {_COUNTRIES.get(letters.replace(' ', ''), letters)}")
        elif _KEYCAP.fullmatch(part):
            said.setdefault(part[0])
        else:
            said.setdefault(_joined_name(part).removeprefix("keycap "))
        if len(said) == _MOST_SAID:
            break
    return " ".join(filter(None, said))


_PART = re.compile(f"{_FLAG.pattern}|{_KEYCAP.pattern}|{_ONE.pattern}")
_SMILEYS = {
    ":)": "smiling face",
    ":-)": "smiling face",
    ":(": "sad face",
    ":-(": "sad face",
    ":D": "grinning face",
    ":-D": "grinning face",
    ";)": "winking face",
    ";-)": "winking face",
    "<3": "heart",
    ":P": "face with tongue",
}
RULES = (
    Rule(
        "emoji.stars",
        SpeechClass.EMOJI,
        re.compile(r"(?P<full>(?:[★⭐]\ufe0f?){2,10}|★)(?<!\w)(?P<empty>☆{1,9})?(?![★☆⭐])"),
        lambda match: _stars(match) if match["empty"] or len(match["full"]) > 1 else None,
    ),
    Rule("emoji.stars", SpeechClass.EMOJI, re.compile(r"(?<=[0-9])[★⭐]"), lambda _: " stars"),
    Rule(
        "emoji",
        SpeechClass.EMOJI,
        re.compile(
            rf"(?:{_FLAG.pattern}|{_KEYCAP.pattern}|{_ICON}(?:{_JOINED}|{_ICON})*+| (?={_ICON}))++"
        ),
        _run,
    ),
    Rule(
        "emoji.heart",
        SpeechClass.EMOJI,
        re.compile(
            r"(?:(?<=\bI )|(?<=:[)D] )|(?<=\ball )|(?<=\byou )|(?<=[!.?] ))<3(?![\w.,]?[0-9])(?!\w)"
        ),
        lambda _: "heart",
    ),
    Rule(
        "emoji.smiley",
        SpeechClass.EMOJI,
        re.compile(r"(?<!\S)(?P<it>:-?[()DP]|;-?\)|<3)(?=\s|$|[.,!?])"),
        lambda match: _SMILEYS.get(match["it"]),
    ),
    Rule("emoji.joiner", SpeechClass.MARKUP, re.compile(f"{_JOINED}+"), lambda _: ""),
)
FACES = (Rule("emoji.shrug", SpeechClass.EMOJI, re.compile(r"¯\\+_\(ツ\)_/¯"), lambda _: "shrug"),)
"""Faces of signs that Markdown would take apart."""
SILENT = (Rule("emoji", SpeechClass.MARKUP, RULES[2].pattern, silent), RULES[-1])
"""For languages whose names of emoji are not known here."""
