"""The pictures of a take at the rate of the film, which is another than the model's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from s2v.core.ports import Frames
from s2v.core.sampling import Between
from s2v_render.engines.wan.planning import showing
from s2v_render.engines.wan.takes.between import between

Rgb = npt.NDArray[np.uint8]

_LAG_BATCHES = 3
"""What threads draw meanwhile: 24 pairs of pictures where a GPU decodes 8 at once."""


class FilmFrames:
    """Takes model frames one after the other; gives film frames a little later.

    Those between two of the model's are drawn by threads; when they are given depends on what was
    asked alone, never on how fast they are drawn. Leaving the context ends the threads.

    Args:
        first_frame: the take's first film frame.
        frames: how many it has.
        frame_rate: of the film.
        how: what is shown between two model frames. Of the take's last one, the next is not known:
            it is repeated.
        threads: how many may draw.
        unseen: draw nothing, and give as many frames at the same moments: nobody looks at them.
    """

    def __init__(
        self,
        first_frame: int,
        frames: int,
        frame_rate: int,
        *,
        how: Between,
        threads: int = 1,
        unseen: bool = False,
    ) -> None:
        self._first_frame, self._frames, self._frame_rate = first_frame, frames, frame_rate
        self._how, self._draw = how, _repeated if unseen else between
        self._number, self._picture = 0, np.empty((0, 0, 3), np.uint8)
        self._has_begun = False
        self._threads = ThreadPoolExecutor(threads, "between")
        self._pending = deque[_Batch]()

    @property
    def picture(self) -> Rgb:
        """The last picture that came."""
        return self._picture

    def begin_with(self, model_frame: int, picture: Rgb) -> None:
        """Show on from a picture that the take before made."""
        self._number, self._picture, self._has_begun = model_frame, picture, True

    def of(self, model_frames: Iterable[int], pictures: Iterable[Rgb]) -> Iterator[Frames]:
        """Take the next pictures; yield what the film shows of those some batches before."""
        batch = _Batch()
        for number, picture in zip(model_frames, pictures, strict=True):
            if self._has_begun:
                self._until(picture, batch)
            self.begin_with(number, picture)
        if batch.parts:
            self._pending.append(batch)
        while self._pending and (self._pending[0].is_there or len(self._pending) > _LAG_BATCHES):
            yield self._pending.popleft().frames()

    def go_on(self) -> Iterator[Frames]:
        """Yield one batch more, if any is left: no picture has come for a while."""
        if self._pending:
            yield self._pending.popleft().frames()

    def last(self) -> Iterator[Frames]:
        """Yield all that is left, and then what the film shows of the last picture."""
        while self._pending:
            yield from self.go_on()
        if shown := [self._picture] * len(self._shares()):
            yield Frames(np.stack(shown))

    def _until(self, picture: Rgb, batch: _Batch) -> None:
        """Add what is shown until a picture comes."""
        shares = self._shares()
        if self._how is Between.REPEAT or not any(shares):
            batch.parts += [[self._picture] * len(shares)] if shares else []
        else:
            batch.parts.append(self._threads.submit(self._draw, self._picture, picture, shares))

    def _shares(self) -> tuple[float, ...]:
        return showing(
            self._number,
            first_frame=self._first_frame,
            frames=self._frames,
            frame_rate=self._frame_rate,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)


class _Batch:
    """Pictures that the film shows one after the other, some of which are being drawn."""

    def __init__(self) -> None:
        self.parts: list[list[Rgb] | Future[list[Rgb]]] = []

    @property
    def is_there(self) -> bool:
        """Whether nothing of it had to be drawn."""
        return not any(isinstance(part, Future) for part in self.parts)

    def frames(self) -> Frames:
        """Wait until all are drawn."""
        parts = (part.result() if isinstance(part, Future) else part for part in self.parts)
        return Frames(np.stack([picture for part in parts for picture in part]))


def _repeated(before: Rgb, after: Rgb, shares: Sequence[float]) -> list[Rgb]:
    return [before for _ in shares]
