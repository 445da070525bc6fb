"""Cut what a segment says into captions: which words are shown together, in which lines, and when.

The numbers are those of published style guides (docs/captions.md).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from s2v.captions import breaks
from s2v.captions.timing import TimedWord, spread, timed
from s2v.captions.words import LINE_WIDTH, NARROW, WrittenWord, joined, width_of, words_of
from s2v.core.captions import Caption
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.text.languages import primary

MAX_LINES = 2
TARGET_SPEED, MAX_SPEED = 17, 20
"""Latin letters a second, blanks among them."""
MIN_SECONDS, MAX_SECONDS = 1.0, 7.0
GAP_FRAMES = 2
_LEAST_FRAMES = 3
"""A caption that nobody could see at all is none."""
_CHAINED_SECONDS = 0.5
"""Shorter gaps than this flicker: the caption stays until the next one comes."""
_PAUSE_SECONDS = 0.25

_IMPOSSIBLE = math.inf
_EACH, _MIXED, _LONE, _UNEVEN, _INSIDE = 6, 7, 6, 3, 0.7
_SHORT, _FAST, _TOO_FAST, _PAUSE = 40, 1.5, 8, 10
"""What a caption costs: each one; the end of a sentence with the start of the next; a single word;
lines of unlike width; a break inside it; a second too short; a letter a second too fast, far too
fast. A second of silence makes a break cheaper."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A caption that could be: words `first` to `end`, its lines, and what it costs."""

    lines: tuple[str, ...]
    cost: float


def captions_of(
    text: str, marks: Sequence[Mark], *, samples: int, frame_rate: int, language: str
) -> tuple[Caption, ...]:
    """Return the captions of a segment, counted from its start; equal input gives equal captions.

    Every caption begins in the frame in which its first word does, and they are at least two frames
    apart. Each has at most two lines; only where there is no time for several does it have more.

    Args:
        text: what is said, as it was written.
        marks: when its words are said; empty where that is not known.
        samples: how long the segment is, whole frames.
        frame_rate: of the film.
        language: BCP 47 tag of the text.
    """
    words = words_of(text)
    if not words or samples <= 0:
        return ()
    code = primary(language)
    frame = samples_per_frame(frame_rate)
    for times in (timed(words, marks, samples=samples), spread(words, samples=samples)):
        cutting = _Cutting(times, breaks.costs(words, code), samples, frame)
        if found := cutting.best():
            return found
    lines = tuple(_wrapped(words))
    return (Caption(lines, 0, max(samples - GAP_FRAMES * frame, frame)),)


class _Cutting:
    """Finds the best of all ways to cut a segment, each caption known by its first and end word."""

    def __init__(
        self, words: Sequence[TimedWord], costs: Sequence[float], samples: int, frame: int
    ) -> None:
        self._timed = words
        self._words = [timed.word for timed in words]
        self._costs = costs
        self._samples = samples
        self._frame = frame
        self._starts = [timed.first_sample // frame * frame for timed in words]
        self._widths = [0]
        for word in self._words:
            blank = 0 if word.glued else NARROW
            self._widths.append(self._widths[-1] + blank + word.width)

    def best(self) -> tuple[Caption, ...]:
        """Return the captions that cost least; none if there is no time to show them."""
        count = len(self._words)
        least = [0.0] + [_IMPOSSIBLE] * count
        came_from: list[tuple[int, _Shown] | None] = [None] * (count + 1)
        for end in range(1, count + 1):
            for first in self._firsts(end):
                shown = self._shown(first, end)
                if least[first] + shown.cost < least[end]:
                    least[end] = least[first] + shown.cost
                    came_from[end] = (first, shown)
        found: list[Caption] = []
        end = count
        while end and (step := came_from[end]):
            first, shown = step
            found.append(Caption(shown.lines, self._starts[first], self._end_sample(first, end)))
            end = first
        return () if end else tuple(reversed(found))

    def _firsts(self, end: int) -> Iterator[int]:
        for first in range(end - 1, -1, -1):
            if self._width(first, end) > MAX_LINES * LINE_WIDTH:
                return
            yield first

    def _width(self, first: int, end: int) -> int:
        leading = 0 if self._words[first].glued else NARROW
        return self._widths[end] - self._widths[first] - leading

    def _limit(self, end: int) -> int:
        """Return when a caption must be gone that ends before a word."""
        following = self._starts[end] if end < len(self._words) else self._samples
        return following - GAP_FRAMES * self._frame

    def _end_sample(self, first: int, end: int) -> int:
        """Return when the caption goes: with its last word, or later for whoever reads slowly."""
        start, limit = self._starts[first], self._limit(end)
        reading = self._width(first, end) * SAMPLE_RATE // (TARGET_SPEED * NARROW)
        least = start + max(reading, round(MIN_SECONDS * SAMPLE_RATE))
        wanted = max(self._timed[end - 1].end_sample, least)
        if limit - wanted < _CHAINED_SECONDS * SAMPLE_RATE:
            wanted = limit
        wanted = -(-wanted // self._frame) * self._frame
        most = round(MAX_SECONDS * SAMPLE_RATE) // self._frame * self._frame
        return min(wanted, limit, start + most)

    def _shown(self, first: int, end: int) -> _Shown:
        seconds = (self._end_sample(first, end) - self._starts[first]) / SAMPLE_RATE
        spoken = (self._timed[end - 1].end_sample - self._starts[first]) / SAMPLE_RATE
        too_long = spoken > MAX_SECONDS and end - first > 1
        if too_long or seconds * SAMPLE_RATE < _LEAST_FRAMES * self._frame:
            return _Shown((), _IMPOSSIBLE)
        lines, cost = self._lines(first, end)
        speed = self._width(first, end) / NARROW / seconds
        cost += _EACH + _SHORT * max(0.0, MIN_SECONDS - seconds)
        cost += _FAST * max(0.0, speed - TARGET_SPEED) + _TOO_FAST * max(0.0, speed - MAX_SPEED)
        cost += self._break_cost(end) + self._mixed_cost(first, end)
        return _Shown(lines, cost)

    def _break_cost(self, end: int) -> float:
        """Return what it costs to end a caption before a word."""
        if end == len(self._words):
            return 0.0
        pause = (self._timed[end].first_sample - self._timed[end - 1].end_sample) / SAMPLE_RATE
        paused = min(pause * _PAUSE, breaks.PLAIN) if pause > _PAUSE_SECONDS else 0.0
        return self._costs[end - 1] - paused

    def _mixed_cost(self, first: int, end: int) -> float:
        """Return what it costs to show the end of a sentence and the beginning of the next one."""
        ends = [breaks.ends_sentence(word) for word in self._words[first:end]]
        whole = ends[-1] and (not first or breaks.ends_sentence(self._words[first - 1]))
        return _MIXED if any(ends[:-1]) and not whole else 0.0

    def _lines(self, first: int, end: int) -> tuple[tuple[str, ...], float]:
        """Return the best lines and what they cost; one that is none costs more than any."""
        whole = self._width(first, end)
        if whole <= LINE_WIDTH:
            lone = _LONE if end - first == 1 and len(self._words) > 1 else 0
            return (joined(self._words[first:end]),), lone
        best, least = 0, _IMPOSSIBLE
        for middle in range(first + 1, end):
            upper, lower = self._width(first, middle), self._width(middle, end)
            if max(upper, lower) <= LINE_WIDTH:
                uneven = _UNEVEN * abs(upper - lower) / LINE_WIDTH
                cost = _INSIDE * self._costs[middle - 1] + uneven + (1 if upper > lower else 0)
                if cost < least:
                    best, least = middle, cost
        if not best:
            return (), _IMPOSSIBLE
        return (joined(self._words[first:best]), joined(self._words[best:end])), least


def _wrapped(words: Sequence[WrittenWord]) -> Iterator[str]:
    """Yield full lines, as many as it takes."""
    line: list[WrittenWord] = []
    for word in words:
        if line and width_of(joined([*line, word])) > LINE_WIDTH:
            yield joined(line)
            line = []
        line.append(word)
    yield joined(line)


def gaps_between(captions: Sequence[Caption]) -> list[int]:
    """Return how many samples lie between captions that follow each other."""
    return [after.first_sample - before.end_sample for before, after in pairwise(captions)]
