"""Cut a text into sentences, and sentences into segments that are spoken as one unit."""

import re
import unicodedata
from collections.abc import Iterator

MAX_CHARACTERS = 220
"""About 14 seconds of English speech."""
MIN_CHARACTERS = 30
"""Shorter sentences join a neighbour: a film of one-second segments would stutter."""
FIRST_CHARACTERS = 110
"""The first segment is kept shorter, so that the first frames come soon."""

Span = tuple[int, int]
"""Half-open range of characters of the text."""

_CLOSERS = "\"'”’»)\\]}"
_END = re.compile(
    rf"[.!?…।؟۔]+[{_CLOSERS}]*(?=\s)"  # ends a sentence only before white space: 3.14, s2v.dev
    r"|[。！？｡]+[」』”’）】》]*"  # ends it wherever it stands
    r"|\s*\n\s*"
)
_CLAUSE_END = re.compile(r"[;:—–][\"'”’)]*\s+|[；：]")  # noqa: RUF001
_COMMA_END = re.compile(r",[\"'”’)]*\s+|[，、]")  # noqa: RUF001
_SPACE = re.compile(r"\s+")

_NEVER_LAST = frozenset(
    "mr mrs ms mx dr prof st mt gen gov sen rep capt lt col sgt cmdr rev hon pres supt maj adm "
    "messrs mme mlle e.g i.e cf vs viz al fig figs eq no nos vol pp approx ca est dept".split()
)
"""Words whose full stop marks an abbreviation that goes on: "Dr. Smith", "e.g. apples"."""
_MAYBE_LAST = frozenset(
    "etc inc ltd co corp jr sr bros ave blvd rd jan feb mar apr jun jul aug sep sept oct nov dec "
    "mon tue tues wed thu thur thurs fri sat sun".split()
)
"""Abbreviations that end a sentence only where the next word clearly begins one."""
_STARTERS = frozenset(
    "a an the this that these those there here he she it we they you i his her its our their my "
    "your but and so or if in on at as for when while after before then now what who why how yet "
    "however meanwhile today yesterday tomorrow".split()
)
_DOTTED = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
"""An initial, or letters with stops between them: "J", "U.S", "a.m"."""


def cut_text(text: str, *, max_characters: int = MAX_CHARACTERS) -> tuple[str, ...]:
    """Cut a text into segments at the ends of sentences; white space aside, nothing is lost.

    A sentence longer than `max_characters` is cut after a clause, a comma, a word, in this order.
    Short sentences join the one before. A stretch without letters and digits, such as a line of
    dashes, stays with a neighbour even where that makes it longer than `max_characters`.
    """
    sentences = _sentences(text, max_characters)
    if not sentences:
        return ()
    first, *rest = sentences
    opening = list(_cut_long(text, first, min(FIRST_CHARACTERS, max_characters), anywhere=False))
    return tuple(text[a:b] for a, b in _joined(text, [*opening, *rest], max_characters))


def cut_sentences(text: str, *, max_characters: int = MAX_CHARACTERS) -> tuple[str, ...]:
    """Cut a text into sentences, over-long ones also inside; white space aside, nothing is lost."""
    return tuple(text[a:b] for a, b in _sentences(text, max_characters))


def is_speakable(text: str) -> bool:
    """Tell whether the text has a letter or a digit in any script."""
    return any(character.isalnum() for character in text)


def _sentences(text: str, max_characters: int) -> list[Span]:
    return [
        piece
        for sentence in _whole_sentences(text)
        for piece in _cut_long(text, sentence, max_characters, anywhere=True)
    ]


def _whole_sentences(text: str) -> Iterator[Span]:
    first = 0
    for match in _END.finditer(text):
        if not _ends_sentence(text, first, match):
            continue
        yield from _stripped(text, first, match.end())
        first = match.end()
    yield from _stripped(text, first, len(text))


def _ends_sentence(text: str, first: int, match: re.Match[str]) -> bool:
    mark = match.group()
    following = text[match.end() : match.end() + 40].lstrip(" \t\"'“‘«([{")
    if "\n" in mark:  # a paragraph; or a line, unless a hard-wrapped sentence goes on
        return mark.count("\n") > 1 or not following[:1].islower()
    if mark[0] not in ".!?…":
        return True
    if following[:1].islower():
        return False
    if mark.rstrip(_CLOSERS) != ".":
        return True
    return _full_stop_ends(text[first : match.start()].strip(), following)


def _full_stop_ends(before: str, following: str) -> bool:
    word = before.split()[-1].lstrip("\"'“‘«([{") if before else ""
    next_word = re.match(r"[\w'’]*", following)
    starts_clearly = next_word is not None and next_word.group().lower() in _STARTERS
    if word == before and word.isdigit():
        return False  # "1. Open the door": the number of a list item
    if word.lower() in _NEVER_LAST:
        return False
    if word.lower() in _MAYBE_LAST or _DOTTED.fullmatch(word):
        return starts_clearly or not following
    return True


def _stripped(text: str, first: int, end: int) -> Iterator[Span]:
    while first < end and text[first].isspace():
        first += 1
    while first < end and text[end - 1].isspace():
        end -= 1
    if first < end:
        yield first, end


def _cut_long(text: str, span: Span, limit: int, *, anywhere: bool) -> Iterator[Span]:
    """Yield the span in pieces of at most `limit`; without `anywhere` only at clauses and commas.

    Pieces come out about equally long, so that no short rest is left over.
    """
    first, end = span
    while end - first > limit and is_speakable(text[first:end]):
        pieces = -(-(end - first) // limit)
        cut = _best_cut(text, (first, end), (end - first) // pieces, limit)
        if cut is None:
            if not anywhere:
                break
            cut = _hard_cut(text, first, first + limit)
        yield from _stripped(text, first, cut)
        first = cut
    yield from _stripped(text, first, end)


def _best_cut(text: str, span: Span, wanted: int, limit: int) -> int | None:
    """Return where to cut, nearest to `wanted` characters in, at the best kind of border."""
    first, end = span
    for pattern in (_CLAUSE_END, _COMMA_END, _SPACE):
        cuts = (match.end() for match in pattern.finditer(text, first, min(first + limit + 1, end)))
        usable = [cut for cut in cuts if limit // 4 <= cut - first and _long_enough(cut, end)]
        usable = [cut for cut in usable if len(text[first:cut].rstrip()) <= limit]
        if usable:
            return min(usable, key=lambda cut: abs(cut - first - wanted))
    return None


def _long_enough(cut: int, end: int) -> bool:
    return end - cut >= 2


def _hard_cut(text: str, first: int, cut: int) -> int:
    """Return the last place up to `cut` that does not part a letter from its accents."""
    for candidate in range(cut, first + (cut - first) // 2, -1):
        if candidate >= len(text):
            return len(text)
        if not unicodedata.combining(text[candidate]) and text[candidate] not in "\u200d\ufe0f":
            return candidate
    return cut


def _joined(text: str, sentences: list[Span], max_characters: int) -> Iterator[Span]:
    current = sentences[0]
    for position, (first, end) in enumerate(sentences[1:]):
        limit = FIRST_CHARACTERS if position == 0 and current[0] == sentences[0][0] else 0
        if _belong_together(text, current, (first, end), min(limit or max_characters, max_characters)):
            current = (current[0], end)
            continue
        yield current
        current = (first, end)
    yield current


def _belong_together(text: str, left: Span, right: Span, limit: int) -> bool:
    if not is_speakable(text[slice(*left)]) or not is_speakable(text[slice(*right)]):
        return True
    if right[1] - left[0] > limit:
        return False
    return min(left[1] - left[0], right[1] - right[0]) < MIN_CHARACTERS
