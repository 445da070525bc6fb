"""Say versions of software: v2.0.1, Python 3.11, 2.0-rc1."""

import re

from s2v.text.normal.claiming import Reader, Rule
from s2v.text.normal.numerals import cardinal, digits, number
from s2v.text.normal.spans import SpeechClass

_SOFTWARE = (
    "Python|Java|Node(?:\\.js)?|iOS|iPadOS|Android|Windows|macOS|OS X|Ubuntu|Debian|Fedora|Linux|"
    "kernel|PHP|Ruby|Rails|Rust|Go|Perl|Swift|Kotlin|Scala|Chrome|Firefox|Safari|CUDA|cuDNN|P"
    "yTorch|"
    "TensorFlow|Django|Flask|Kubernetes|Docker|PostgreSQL|Postgres|MySQL|SQLite|Redis|React|Vue|"
    "Angular|Unity|Unreal|Godot|Blender|FFmpeg|OpenSSL|OpenGL|Vulkan|DirectX|TypeScript|ECMAScript|"
    "npm|pip|git|Git|gcc|GCC|clang|Clang|cmake|CMake|NumPy|pandas|Bluetooth|USB|HTTP|TLS|SSL|HDMI|"
    "PCIe|DisplayPort|Section|section|Chapter|chapter|Figure|figure|Fig\\.|Table|table|Sec\\."
    "|Exercise"
)
_VERSIONED = r"(?:[Vv]ersions?|[Rr]elease|[Bb]uild|[Rr]ev(?:ision)?\.?|[Uu]pdate|[Pp]atch|[Vv]er\.)"


def _version(match: re.Match[str]) -> str:
    said = " point ".join(_part(part) for part in match["number"].split("."))
    tail = match["tail"] or ""
    name = match["v"]
    words = {
        "rc": "release candidate",
        "alpha": "alpha",
        "beta": "beta",
        "dev": "dev",
        "pre": "pre",
    }
    if tail:
        found = re.match(r"[-+.]?([a-z]+)[-.]?([0-9]*)", tail)
        if found:
            said += f" {words.get(found[1], found[1])}"
            said += f" {cardinal(int(found[2]))}" if found[2] else ""
    return f"{'v ' if name else ''}{said}"


def _part(figures: str) -> str:
    return digits(figures) if len(figures) > 4 or figures[0] == "0" else cardinal(int(figures))


def _rule(name: str, kind: SpeechClass, pattern: str, read: Reader) -> Rule:
    return Rule(name, kind, re.compile(pattern), read)


_TAIL = r"(?P<tail>[-+.]?(?:rc|alpha|beta|dev|pre|a|b)[-.]?[0-9]{0,4})?"
RULES = (
    _rule(
        "number.dotted",
        SpeechClass.NUMBER,
        r"(?<![\w.,$])(?P<n>[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,})(?!\w|\.[0-9])",
        lambda match: number(match["n"].replace(".", "")),
    ),
    _rule(
        "version",
        SpeechClass.VERSION,
        rf"(?<![\w.])(?P<v>[vV])\.? ?(?P<number>[0-9]{{1,6}}(?:\.[0-9]{{1,6}}){{0,"
        rf"5}}){_TAIL}(?!\w)(?!\.[0-9])",
        _version,
    ),
    _rule(
        "version",
        SpeechClass.VERSION,
        rf"(?<![\w.,$])(?P<number>[0-9]{{1,4}}(?:\.[0-9]{{1,6}}){{2,5}}){_TAIL}(?P<v>(?!)v)?("
        rf"?!\w)(?!\.[0-9])",
        _version,
    ),
    _rule(
        "version",
        SpeechClass.VERSION,
        r"(?<![\w.,$])(?P<number>[0-9]{1,3}(?:\.[0-9]{1,3}){0,2})\.x(?!\w)",
        lambda match: f"{' point '.join(_part(p) for p in match['number'].split('.'))} point x",
    ),
    _rule(
        "version",
        SpeechClass.VERSION,
        rf"(?<!\w)(?:{_SOFTWARE}|{_VERSIONED})[ \u00a0](?:[<>=≥≤~^]{{1,2}} ?)?"
        rf"(?P<it>(?P<number>[0-9]{{1,4}}\.[0-9]{{1,6}}){_TAIL}(?P<v>(?!)v)?)(?!\w)(?!\.[0-9])",
        _version,
    ),
)
