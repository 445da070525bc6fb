"""Find out when each written word is said."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, groupby, pairwise

from s2v.captions.words import WrittenWord, bare
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE

_LEAD_SAMPLES = SAMPLE_RATE // 20
_PAUSE_SAMPLES = SAMPLE_RATE * 3 // 10
"""What speech begins and ends with, where no mark tells."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and when it is said, in samples at 48 kHz from the start of its segment."""

    word: WrittenWord
    first_sample: int
    end_sample: int


def timed(words: Sequence[WrittenWord], marks: Sequence[Mark], *, samples: int) -> list[TimedWord]:
    """Return when the words of a segment, so many samples long, are said.

    Marks may name the words without their punctuation, in other pieces, as they are pronounced, or
    not at all; a word that no mark names has its share of the time between its neighbours.
    """
    known: list[tuple[int, int] | None] = [None] * len(words)
    for indexes, named in _matches(words, marks):
        first, end = named[0].first_sample, named[-1].end_sample
        for index, time in zip(
            indexes, _shared([words[i] for i in indexes], first, end), strict=True
        ):
            known[index] = time
    return list(_without_gaps(words, known, samples))


def spread(words: Sequence[WrittenWord], *, samples: int) -> list[TimedWord]:
    """Return the words as if each were said for as long as it is wide."""
    return timed(words, (), samples=samples)


def parted(text: str, parts: Sequence[str]) -> list[str]:
    """Cut a text where its parts, which may have lost some of its punctuation, are cut.

    Where the letters of the parts are not those of the text, the parts are returned as they are.
    """
    letters = ["".join(map(bare, part)) for part in parts]
    if "".join(letters) != "".join(map(bare, text)):
        return list(parts)
    ends = set(accumulate(map(len, letters)))
    cuts, seen = [0], 0
    for index, character in enumerate(text):
        here = len(bare(character))
        if here and seen in ends and seen:
            cuts.append(_border(text, index))
        seen += here
    pieces = [text[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]
    filled = iter(pieces)
    return [next(filled, "") if part else "" for part in letters]


def _border(text: str, index: int) -> int:
    """Return where the word begins whose first letter is at the index."""
    while index and not (text[index - 1].isspace() or text[index - 1].isalnum()):
        index -= 1
    if index and text[index - 1].isalnum():  # no white space: what stands between closes the left
        while not text[index].isalnum():
            index += 1
    return index


def _matches(
    words: Sequence[WrittenWord], marks: Sequence[Mark]
) -> Iterator[tuple[list[int], Sequence[Mark]]]:
    """Yield which words are said while which marks sound: few at a time, in order."""
    ours = [(index, bare(word.text)) for index, word in enumerate(words)]
    ours = [(index, letters) for index, letters in ours if letters]
    named = [mark for mark in marks if bare(mark.label)]
    theirs = [bare(mark.label) for mark in named]
    matcher = SequenceMatcher(None, [letters for _, letters in ours], theirs, autojunk=False)
    for kind, first, end, their_first, their_end in matcher.get_opcodes():
        indexes = [index for index, _ in ours[first:end]]
        if kind == "equal":
            for index, mark in zip(indexes, named[their_first:their_end], strict=True):
                yield [index], [mark]
        elif indexes and their_first < their_end:
            yield from _regrouped(ours[first:end], named[their_first:their_end])


def _regrouped(
    ours: Sequence[tuple[int, str]], marks: Sequence[Mark]
) -> Iterator[tuple[list[int], Sequence[Mark]]]:
    """Yield groups with the same letters where pieces differ only in where they are parted."""
    our_ends = list(accumulate(len(letters) for _, letters in ours))
    their_ends = list(accumulate(len(bare(mark.label)) for mark in marks))
    same = "".join(letters for _, letters in ours) == "".join(bare(m.label) for m in marks)
    common = sorted(set(our_ends) & set(their_ends)) if same else []
    first = their_first = 0
    for border in common or [0]:
        end = our_ends.index(border) + 1 if border else len(ours)
        their_end = their_ends.index(border) + 1 if border else len(marks)
        yield [index for index, _ in ours[first:end]], marks[their_first:their_end]
        first, their_first = end, their_end


def _shared(words: Sequence[WrittenWord], first: int, end: int) -> list[tuple[int, int]]:
    """Share a stretch of time out by the width of the words; punctuation alone takes none."""
    widths = [max(word.width, 1) if bare(word.text) else 0 for word in words]
    total = max(sum(widths), 1)
    times = [first + (end - first) * edge // total for edge in accumulate(widths, initial=0)]
    return list(pairwise(times))


def _without_gaps(
    words: Sequence[WrittenWord], known: Sequence[tuple[int, int] | None], samples: int
) -> Iterator[TimedWord]:
    """Fill in what is not known; times never go back and stay within the segment."""
    latest = 0
    for is_known, indexes in _runs(known):
        times: Iterable[tuple[int, int] | None] = (known[i] for i in indexes)
        if not is_known:
            room = _room(known, indexes, latest, samples)
            times = _shared([words[i] for i in indexes], *room)
        for index, time in zip(indexes, times, strict=True):
            begin, end = time or (latest, latest)
            begin = min(max(begin, latest), samples)
            latest = min(max(end, begin), samples)
            yield TimedWord(words[index], begin, latest)


def _room(
    known: Sequence[tuple[int, int] | None], indexes: Sequence[int], latest: int, samples: int
) -> tuple[int, int]:
    """Return the time in which a run of words that are not known can be said."""
    following = known[indexes[-1] + 1] if indexes[-1] + 1 < len(known) else None
    end = max(following[0] if following else samples - _PAUSE_SAMPLES, latest)
    return (latest if indexes[0] else min(_LEAD_SAMPLES, end)), end


def _runs(known: Sequence[object]) -> Iterator[tuple[bool, list[int]]]:
    for is_known, run in groupby(range(len(known)), key=lambda i: known[i] is not None):
        yield is_known, list(run)
