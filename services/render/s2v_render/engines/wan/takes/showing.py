"""The pictures of a take at the rate of the film, which is another than the model's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from s2v.core.ports import Frames
from s2v.core.sampling import Between
from s2v_render.engines.wan.planning import showing
from s2v_render.engines.wan.takes.between import between

Rgb = npt.NDArray[np.uint8]


class FilmFrames:
    """Takes model frames one after the other; gives film frames as soon as they are known.

    Args:
        first_frame: the take's first film frame.
        frames: how many it has.
        frame_rate: of the film.
        how: what is shown between two model frames. Of the take's last one, the next is not known:
            it is repeated.
    """

    def __init__(self, first_frame: int, frames: int, frame_rate: int, *, how: Between) -> None:
        self._first_frame, self._frames, self._frame_rate = first_frame, frames, frame_rate
        self._how = how
        self._number, self._picture = 0, np.empty((0, 0, 3), np.uint8)
        self._has_begun = False

    @property
    def picture(self) -> Rgb:
        """The last picture that came."""
        return self._picture

    def begin_with(self, model_frame: int, picture: Rgb) -> None:
        """Show on from a picture that the take before made."""
        self._number, self._picture, self._has_begun = model_frame, picture, True

    def of(self, model_frames: Iterable[int], pictures: Iterable[Rgb]) -> Iterator[Frames]:
        """Yield what the film shows until the last of these pictures."""
        shown: list[Rgb] = []
        for number, picture in zip(model_frames, pictures, strict=True):
            if self._has_begun:
                shown += self._until(picture)
            self.begin_with(number, picture)
        if shown:
            yield Frames(np.stack(shown))

    def last(self) -> Iterator[Frames]:
        """Yield what the film shows of the last picture."""
        if shown := [self._picture] * len(self._shares()):
            yield Frames(np.stack(shown))

    def _until(self, picture: Rgb) -> list[Rgb]:
        shares = self._shares()
        if self._how is Between.REPEAT:
            return [self._picture] * len(shares)
        return between(self._picture, picture, shares)

    def _shares(self) -> tuple[float, ...]:
        return showing(
            self._number,
            first_frame=self._first_frame,
            frames=self._frames,
            frame_rate=self._frame_rate,
        )
