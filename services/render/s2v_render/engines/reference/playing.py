"""Which picture of a video each frame of the film shows, also after the video has ended."""

from dataclasses import dataclass

import numpy as np

from s2v.core.lengths import VideoShorter
from s2v.face.arrays import Floats, Integers

_EARLY_SECONDS = 1e-4
"""Every second picture of a video of twice the film's rate is taken, whichever way times round."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A video played at the film's frame rate.

    Attributes:
        numbers: the picture shown at each position of the video, shape [positions]; a position
            lasts as long as a frame of the film.
        shorter: what is shown after the last position: PING_PONG, LOOP or FREEZE.
    """

    numbers: Integers
    shorter: VideoShorter = VideoShorter.PING_PONG

    def number(self, frame: int) -> int:
        """Return the picture that a frame of the film shows; frames before the first one, too."""
        return int(self.numbers[self._position(frame)])

    def turns(self, frame: int) -> bool:
        """Tell whether what moves in the video moves on otherwise after this frame."""
        at, last = self._position(frame), len(self.numbers) - 1
        return at == last or (at == 0 and self.shorter is VideoShorter.PING_PONG)

    def _position(self, frame: int) -> int:
        last = len(self.numbers) - 1
        match self.shorter:
            case VideoShorter.LOOP:
                return frame % (last + 1)
            case VideoShorter.FREEZE:
                return min(max(frame, 0), last)
            case _:
                return last - abs(last - frame % (2 * last)) if last else 0


def playing_of(
    times: Floats,
    seconds: float,
    frame_rate: int,
    *,
    shorter: VideoShorter = VideoShorter.PING_PONG,
    speed: float = 1.0,
) -> Playing:
    """Return how a video plays whose pictures are shown at `times` and end after `seconds`.

    It plays so much faster; after its end it shows what `shorter` says.
    """
    times, seconds = times / speed, seconds / speed
    positions = max(1, round(seconds * frame_rate))
    middles = (np.arange(positions) + 0.5) / frame_rate - _EARLY_SECONDS
    shown = np.searchsorted(times, middles, side="right") - 1
    return Playing(np.clip(shown, 0, len(times) - 1), shorter)
