"""Join two readings that follow each other, the second one's source being what the first said."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from s2v.text.normal.spans import Normalised, SpeechClass, SpokenSpan


def composed(first: Normalised, second: Normalised) -> Normalised:
    """Return one reading, from the source of the first to what the second says.

    Spans of one that overlap spans of the other become one span.
    """
    said = [span for span in first.spans if span.spoken_first < span.spoken_end]
    silent = [span for span in first.spans if span.spoken_first == span.spoken_end]
    spans: list[SpokenSpan] = []
    told = 0
    for begin, end in pairwise(_borders(said, second.spans)):
        while told < len(silent) and silent[told].spoken_first <= begin:
            if silent[told].spoken_first == begin:
                spans.append(_silent(silent[told], second.spans, begin))
            told += 1
        spans.append(_segment(said, second.spans, begin, end))
    spans += [
        _silent(span, second.spans, len(second.source))
        for span in silent[told:]
        if span.spoken_first == len(second.source)
    ]
    return Normalised(first.source, second.spoken, tuple(spans))


def _borders(left: Sequence[SpokenSpan], right: Sequence[SpokenSpan]) -> list[int]:
    """Return the places of the text between that part no span of either side."""
    places = {0, *(span.spoken_end for span in left), *(span.source_end for span in right)}
    inside = {
        place
        for spans in (
            [
                (s.spoken_first, s.spoken_end)
                for s in left
                if s.speech_class is not SpeechClass.TEXT
            ],
            [
                (s.source_first, s.source_end)
                for s in right
                if s.speech_class is not SpeechClass.TEXT
            ],
        )
        for place in _strictly_inside(spans, sorted(places))
    }
    return sorted(places - inside)


def _strictly_inside(spans: Sequence[tuple[int, int]], places: Sequence[int]) -> Iterator[int]:
    for begin, end in spans:
        yield from places[bisect_right(places, begin) : bisect_left(places, end)]


def _segment(
    left: Sequence[SpokenSpan], right: Sequence[SpokenSpan], begin: int, end: int
) -> SpokenSpan:
    ours = left[
        max(bisect_right(left, begin, key=lambda s: s.spoken_first) - 1, 0) : bisect_left(
            left, end, key=lambda s: s.spoken_first
        )
    ]
    theirs = right[
        max(bisect_right(right, begin, key=lambda s: s.source_first) - 1, 0) : bisect_left(
            right, end, key=lambda s: s.source_first
        )
    ]
    told = next((s for s in (*ours, *theirs) if s.speech_class is not SpeechClass.TEXT), ours[0])
    opening, closing, saying, said = ours[0], ours[-1], theirs[0], theirs[-1]
    text = SpeechClass.TEXT
    return SpokenSpan(
        opening.source_first
        + (begin - opening.spoken_first if opening.speech_class is text else 0),
        closing.source_end - (closing.spoken_end - end if closing.speech_class is text else 0),
        saying.spoken_first + (begin - saying.source_first if saying.speech_class is text else 0),
        said.spoken_end - (said.source_end - end if said.speech_class is text else 0),
        told.speech_class,
        told.rule,
    )


def _silent(span: SpokenSpan, right: Sequence[SpokenSpan], place: int) -> SpokenSpan:
    """Return a span that says nothing, where the second reading has come to."""
    index = bisect_left(right, place, key=lambda s: s.source_end)
    if index == len(right):
        spoken = right[-1].spoken_end if right else 0
    else:
        found = right[index]
        at_end = found.source_end == place
        inside = place - found.source_first if found.speech_class is SpeechClass.TEXT else 0
        spoken = found.spoken_end if at_end else found.spoken_first + inside
    return SpokenSpan(
        span.source_first, span.source_end, spoken, spoken, span.speech_class, span.rule
    )
