"""Send pictures through FFmpeg's filters, one after the other."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph

from s2v.media.colour import Rgb

_EMPTY = (av.error.BlockingIOError, av.error.EOFError)
_ENDS = (("format", "rgb24"), ("buffersink", ""))


class PictureChain:
    """Filters one after the other; RGB goes in and comes out, as many pictures of the same size.

    Equal pictures give equal ones. In between they are planes of green, blue and red, so that no
    matrix of colours is guessed.

    Args:
        filters: names and options in FFmpeg's words, such as ("unsharp", "5:5:0.6").
        width: of the pictures, in pixels.
        height: of the pictures, in pixels.
    """

    def __init__(self, filters: Sequence[tuple[str, str]], *, width: int, height: int) -> None:
        self._graph: Any = Graph()
        self._graph.threads = 1
        self._pictures = 0
        last: Any = self._graph.add_buffer(
            width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1)
        )
        for name, options in (("format", "gbrp"), *filters, *_ENDS):
            added = self._graph.add(name, options or None)
            last.link_to(added)
            last = added
        self._graph.configure()

    def filtered(self, pictures: Iterator[Rgb]) -> Iterator[Rgb]:
        """Filter pictures [height, width, 3] to their end; what comes out may lag behind."""
        for picture in pictures:
            frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = self._pictures, Fraction(1)
            self._pictures += 1
            self._graph.push(frame)
            yield from self._pulled()
        self._graph.push(None)
        yield from self._pulled()

    def _pulled(self) -> Iterator[Rgb]:
        while True:
            try:
                yield np.asarray(self._graph.pull().to_ndarray(), np.uint8)
            except _EMPTY:
                return
