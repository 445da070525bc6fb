"""Say which keys of a keyboard are pressed together: Ctrl+C."""

import re

from s2v.text.normal.claiming import Rule
from s2v.text.normal.spans import SpeechClass

_HELD = {
    "Ctrl": "control",
    "CTRL": "control",
    "ctrl": "control",
    "cmd": "command",
    "alt": "alt",
    "shift": "shift",
    "Control": "control",
    "Cmd": "command",
    "CMD": "command",
    "Command": "command",
    "Alt": "alt",
    "ALT": "alt",
    "Opt": "option",
    "Option": "option",
    "Shift": "shift",
    "SHIFT": "shift",
    "Win": "windows",
    "Windows": "windows",
    "Super": "super",
    "Meta": "meta",
    "Fn": "function",
    "⌘": "command",
    "⌥": "option",
    "⇧": "shift",
    "⌃": "control",
}
_PRESSED = _HELD | {
    "Esc": "escape",
    "ESC": "escape",
    "Del": "delete",
    "DEL": "delete",
    "del": "delete",
    "esc": "escape",
    "enter": "enter",
    "tab": "tab",
    "Ins": "insert",
    "PgUp": "page up",
    "PgDn": "page down",
    "Enter": "enter",
    "Return": "return",
    "Tab": "tab",
    "TAB": "tab",
    "Space": "space",
    "Backspace": "backspace",
    "Delete": "delete",
    "Home": "home",
    "End": "end",
    "Up": "up",
    "Down": "down",
    "Left": "left",
    "Right": "right",
    "Click": "click",
    "click": "click",
}


def _any(keys: dict[str, str]) -> str:
    return "|".join(sorted(keys, key=len, reverse=True))


_KEYS = re.compile(r"[^\s+-]+")


def _said(match: re.Match[str]) -> str:
    keys = _KEYS.findall(match["it"])
    return " ".join(_PRESSED.get(key) or _letter(key) for key in keys)


def _letter(key: str) -> str:
    return f"F {key[1:]}" if len(key) > 1 and key[0] == "F" else key.upper()


RULES = (
    Rule(
        "key",
        SpeechClass.ALPHANUMERIC,
        re.compile(
            rf"(?<![\w+])(?P<it>(?:(?:{_any(_HELD)}) ?[+-] ?){{1,4}}"
            rf"(?:{_any(_PRESSED)}|F[0-9]{{1,2}}|[A-Za-z0-9]))(?![\w+])"
        ),
        _said,
    ),
)
