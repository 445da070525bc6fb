"""Find what a language has no sounds for: letters of other scripts, words of other languages."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from s2v.text.languages import primary

_WORD = re.compile(r"[^\W\d_]+(?:['’\u0300-\u036f\u093e-\u094d\u064b-\u0652][^\W\d_]*)*")
_JOINED = re.compile(r"[\s,.!?;:()\"'“”‘’、。，！？：；「」《》·\u3000-]*")
_OWN = {
    "ru": {"CYRILLIC"},
    "uk": {"CYRILLIC"},
    "bg": {"CYRILLIC"},
    "sr": {"CYRILLIC"},
    "el": {"GREEK"},
    "zh": {"CJK"},
    "yue": {"CJK"},
    "ja": {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    "ko": {"HANGUL", "CJK"},
    "ar": {"ARABIC"},
    "fa": {"ARABIC"},
    "ur": {"ARABIC"},
    "he": {"HEBREW"},
    "hi": {"DEVANAGARI"},
    "th": {"THAI"},
    "hy": {"ARMENIAN"},
}
_LATIN = frozenset(
    {
        "LATIN",
        "FULLWIDTH",
        "MODIFIER",
        "MASCULINE",
        "FEMININE",
        "MICRO",
        "KELVIN",
        "ANGSTROM",
        "COMBINING",
    }
)


def unknown_words(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield where letters stand that the language has not, neighbours put together."""
    if text.isascii():
        return
    known = _LATIN | _OWN.get(primary(language), set())
    first = end = -1
    for match in _WORD.finditer(text):
        if all(script(letter) in known for letter in match.group() if letter.isalpha()):
            continue
        if end >= 0 and _JOINED.fullmatch(text, end, match.start()):
            end = match.end()
            continue
        if end >= 0:
            yield first, end
        first, end = match.span()
    if end >= 0:
        yield first, end


@lru_cache(maxsize=4096)
def script(letter: str) -> str:
    """Return the script of a letter, in Unicode's words."""
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0]
