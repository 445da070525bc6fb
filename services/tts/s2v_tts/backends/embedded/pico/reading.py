"""Give Pico text that it can read, and find out which of its words belong to which written ones.

Pico takes what stands in angle brackets for commands, some of which read and write files, and
never comes back from a word that is too long: nothing goes to it but letters, digits and
punctuation, in short words.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

# Typographic quotes and dashes are meant.
# ruff: noqa: RUF001

_PUNCTUATION = frozenset(".,;:!?'’-–—\"„“”«»()%€$£§+/=@°¿¡…")
_LATIN_END = "\u0250"
"""Scripts from here on are unknown to every voice."""
_LONGEST_WORD = 60
"""Characters, at most 120 bytes; over 255 bytes Pico hangs."""
_WORD_TOO_LONG = re.compile(rf"\S{{{_LONGEST_WORD}}}(?=\S)")
_NUMBER_TOO_LONG = re.compile(r"\d{13,}")
"""Past this length people read digit by digit."""


def readable(sentence: str) -> str:
    """Return what of a sentence can be read, without anything that Pico takes for a command."""
    composed = unicodedata.normalize("NFC", sentence)
    known = "".join(map(_known, composed))
    numbers = _NUMBER_TOO_LONG.sub(lambda match: " ".join(match.group()), known)
    return " ".join(_WORD_TOO_LONG.sub(r"\g<0> ", numbers).split())


def _known(character: str) -> str:
    if character == "&":
        return " & "
    if character.isalnum() and character < _LATIN_END:
        return character
    return character if character in _PUNCTUATION else " "


def owners(written: Sequence[str], read: Sequence[str]) -> list[int]:
    """Return for each word that was read the index of the written word that it comes from.

    They differ: Pico reads "J'ai" as two words and leaves punctuation out. What stands between two
    words that are the same is shared out by the letters.
    """
    ours = [_bare(word) for word in written]
    theirs = [_bare(word) for word in read]
    found: list[int] = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for _, first, end, their_first, their_end in matcher.get_opcodes():
        found += _shared(ours[first:end], theirs[their_first:their_end], max(first, 0))
    return [min(index, len(written) - 1) for index in found]


def _shared(ours: Sequence[str], theirs: Sequence[str], first: int) -> list[int]:
    if not ours:
        return [max(first - 1, 0)] * len(theirs)
    letters = [index for index, word in enumerate(ours) for _ in word] or [0]
    total = max(sum(map(len, theirs)), 1)
    found, before = [], 0
    for word in theirs:
        found.append(first + letters[min(before * len(letters) // total, len(letters) - 1)])
        before += len(word)
    return found


def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", word).casefold() if c.isalnum())
