"""Find the pauses of a recording, where no word and no phoneme can be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from s2v.core.script import Mark
from s2v_tts.listening.spectra import HOP_SAMPLES, Spectra, quiet_frames

_SHORTEST_FRAMES = 18
"""The silence inside of a long p or t is no pause."""
_ECHO_FRAMES = 8
"""A sound may fade so long into a pause."""
_CLOSURE_FRAMES = 7
"""Lips are shut so long before a p or b after a pause is heard."""

Span = tuple[int, int]


def pauses(heard: Spectra) -> tuple[Span, ...]:
    """Return half-open ranges of samples in which nobody speaks, in order."""
    quiet = quiet_frames(heard)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    return tuple(
        (_after_echo(int(first)), (int(end) - _CLOSURE_FRAMES) * HOP_SAMPLES)
        for first, end in zip(edges[::2], edges[1::2], strict=True)
        if end - first >= _SHORTEST_FRAMES
    )


def outside_pauses(marks: Iterable[Mark], silences: Sequence[Span]) -> Iterator[Mark]:
    """Yield each mark's longest part outside of the pauses; none for one that has none."""
    for mark in marks:
        pieces = list(_pieces((mark.first_sample, mark.end_sample), silences))
        if pieces:
            first, end = max(pieces, key=lambda piece: piece[1] - piece[0])
            yield replace(mark, first_sample=first, end_sample=end)


def _after_echo(first: int) -> int:
    return (first + _ECHO_FRAMES) * HOP_SAMPLES if first else 0


def _pieces(span: Span, silences: Sequence[Span]) -> Iterator[Span]:
    first, end = span
    for silence_first, silence_end in silences:
        if silence_end <= first or silence_first >= end:
            continue
        if first < silence_first:
            yield first, silence_first
        first = silence_end
    if first < end:
        yield first, end
