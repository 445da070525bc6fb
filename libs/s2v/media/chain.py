"""Send sound of our own through FFmpeg's filters, piece by piece."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph

from s2v.core.timebase import SAMPLE_RATE

Floats = npt.NDArray[np.float32]
"""Mono sound at 48 kHz, -1 to 1 but for what filters overdo, shape [samples]."""

_FRAME_SAMPLES = SAMPLE_RATE // 5
"""Of sound that a filter has at four times the rate, in double, a few seconds are 70 MB."""
_EMPTY = (av.error.BlockingIOError, av.error.EOFError)


class Chain:
    """Filters one after the other; mono 48 kHz goes in and comes out.

    Args:
        filters: names and options in FFmpeg's words, such as ("atempo", "1.5").
    """

    def __init__(self, filters: Sequence[tuple[str, str]]) -> None:
        self._graph = Graph()
        ends = (("aformat", f"sample_fmts=flt:sample_rates={SAMPLE_RATE}"), ("abuffersink", ""))
        last = self._graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="flt", layout="mono", time_base=Fraction(1, SAMPLE_RATE)
        )
        for name, options in (*filters, *ends):
            added = self._graph.add(name, options or None)
            last.link_to(added)
            last = added
        self._graph.configure()
        self._samples = 0

    def filtered(self, piece: Floats) -> Floats:
        """Filter the next piece; what comes out may lag behind what went in."""
        return _joined([frame.to_ndarray().reshape(-1) for frame in self.frames(piece)])

    def rest(self) -> Floats:
        """Return what lags behind; nothing more goes in then."""
        return _joined([frame.to_ndarray().reshape(-1) for frame in self.last_frames()])

    def frames(self, piece: Floats) -> Iterator[Any]:
        """Filter the next piece and yield FFmpeg's frames, for what filters write beside them."""
        for first in range(0, len(piece), _FRAME_SAMPLES):
            samples = np.ascontiguousarray(piece[np.newaxis, first : first + _FRAME_SAMPLES])
            frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = self._samples
            self._samples += samples.size
            self._graph.push(frame)
            yield from self._pulled()

    def last_frames(self) -> Iterator[Any]:
        """Yield the frames that lag behind; nothing more goes in then."""
        self._graph.push(None)
        yield from self._pulled()

    def _pulled(self) -> Iterator[Any]:
        while True:
            try:
                yield self._graph.pull()
            except _EMPTY:
                return


def _joined(pieces: list[Floats]) -> Floats:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
