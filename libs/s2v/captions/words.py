"""Take a text apart into what a line may break between, and measure how wide that is."""
# ruff: noqa: RUF001 - the typographic quotes, dashes and commas here are meant

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NARROW, WIDE = 8, 21
LINE_WIDTH = 42 * NARROW
"""42 Latin letters or 16 Chinese, Japanese or Korean ones."""

_WORD = re.compile(r"\S+")
OPENERS = frozenset("([{«“‘「『（《【〈〔［｛")
_NEVER_FIRST = frozenset(
    "、。，．・：；？！゛゜´ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ々〻…‥%％"
)
"""Beside closing punctuation, what no line of Chinese or Japanese begins with."""


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """What stays in one line.

    Attributes:
        text: as it was written, punctuation included.
        glued: whether it follows the one before it without white space.
        width: in units of which LINE_WIDTH fill a line.
    """

    text: str
    glued: bool
    width: int


def words_of(text: str) -> list[WrittenWord]:
    """Return the words of a text in order.

    Scripts that write wide letters without white space may break at every letter, but for their
    punctuation. A word that is longer than a line is parted; a row of signs of that length, which
    is an ornament, is left out, and so are control characters.
    """
    words: list[WrittenWord] = []
    for match in _WORD.finditer(text):
        written = "".join(c for c in match.group() if unicodedata.category(c) != "Cc")
        if not _is_ornament(written):
            parts = (part for atom in _atoms(written) for part in _parted(atom))
            words += [WrittenWord(part, bool(n), width_of(part)) for n, part in enumerate(parts)]
    return words


def joined(words: Sequence[WrittenWord]) -> str:
    """Return words as one line."""
    return "".join(
        word.text if word.glued or not n else f" {word.text}" for n, word in enumerate(words)
    )


def width_of(text: str) -> int:
    """Return how wide a text is."""
    return sum(map(_width, text))


def bare(text: str) -> str:
    """Return the letters and digits alone, to compare words by."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return WIDE if _is_wide(character) else NARROW


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _is_ornament(written: str) -> bool:
    return not written or (width_of(written) > LINE_WIDTH and not any(map(str.isalnum, written)))


def _atoms(written: str) -> Iterator[str]:
    """Yield a word whole, or letter by letter what is wide, each with its punctuation."""
    atom = ""
    for character in written:
        if atom and _may_part(atom[-1], character):
            yield atom
            atom = ""
        atom += character
    yield atom


def _may_part(left: str, right: str) -> bool:
    if not (_is_wide(left) or _is_wide(right)):
        return False
    return not (left in OPENERS or right in _NEVER_FIRST or unicodedata.category(right) in _STICKY)


_STICKY = ("Mn", "Me", "Mc", "Cf", "Pe", "Pf", "Po", "Pd", "Lm", "Sk")
"""Marks, closing and other punctuation: they stay with what stands before them."""


def _parted(atom: str) -> Iterator[str]:
    """Yield what is too long for a line in pieces that are not, letters with their accents."""
    piece, width = "", 0
    for character in atom:
        wider = _width(character)
        if width + wider > LINE_WIDTH and not unicodedata.combining(character):
            yield piece
            piece, width = "", 0
        piece, width = piece + character, width + wider
    yield piece
