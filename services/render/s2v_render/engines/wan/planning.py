"""Which model frames a take needs, and the windows that they are made in; importing loads no torch.

The model makes 16 frames a second, counted over the whole film; frame k of a film of R frames a
second shows model frame floor(16 k / R), or what lies between that and the next. Segments share
this clock, so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

MODEL_FPS = 16
OPENING_CUT_FRAMES = 3
"""Model frames that a film's first window loses at its start, where it still settles."""
LEAST_WINDOW_FRAMES = 32
"""The model was taught windows of 48 and 80 frames; much shorter ones are none that it knows."""
_LATENT_FRAMES = 4
"""Model frames that one latent frame makes; windows hold whole latent frames."""


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """One window, in model frames counted over the film.

    Attributes:
        index: of all the film's windows.
        first_frame: the first that is sampled; below the film's start where it opens it.
        sampled_frames: how many are sampled, a multiple of 4.
        cut_frames: how many of them are dropped at the start.
        dropped_frames: how many of them are dropped at the end.
    """

    index: int
    first_frame: int
    sampled_frames: int
    cut_frames: int = 0
    dropped_frames: int = 0

    @property
    def kept(self) -> range:
        """The model frames that are kept."""
        start = self.first_frame + self.cut_frames
        return range(start, self.first_frame + self.sampled_frames - self.dropped_frames)


def shown_frame(film_frame: int, frame_rate: int) -> int:
    """Return the model frame that a frame of the film shows; both count from the film's start."""
    return film_frame * MODEL_FPS // frame_rate


def frames_made_before(first_frame: int, frame_rate: int) -> int:
    """Return how many model frames the film needs before one of its frames."""
    return shown_frame(first_frame - 1, frame_rate) + 1 if first_frame else 0


def plan_windows(
    start: int,
    end: int,
    *,
    window_frames: int,
    cut_frames: int = 0,
    first_index: int = 0,
    even: bool = True,
) -> tuple[PlannedWindow, ...]:
    """Return the windows that make the model frames `start`..`end`, each frame once.

    There are as few as can be. Even ones differ by one latent frame at most and have 32 model
    frames at least, or `window_frames` where that is less; what a take is too short for is sampled
    at its end and dropped.

    Args:
        start: the first model frame that is needed.
        end: the one after the last.
        window_frames: of the longest window, a multiple of 4.
        cut_frames: to sample before `start` and to drop, where the film opens.
        first_index: of the first window in the film.
        even: whether the windows are about equally long; else all have `window_frames`.
    """
    if start >= end:
        return ()
    needed = end - start + cut_frames
    count = -(-needed // window_frames)
    lengths = _even_lengths(needed, count, window_frames) if even else [window_frames] * count
    windows: list[PlannedWindow] = []
    position, cut = start - cut_frames, cut_frames
    for index, length in enumerate(lengths, start=first_index):
        dropped = max(0, position + length - end)
        windows.append(PlannedWindow(index, position, length, cut, dropped))
        position, cut = position + length, 0
    return tuple(windows)


def _even_lengths(needed: int, count: int, most: int) -> list[int]:
    """Return the lengths of so many windows, the longer ones first."""
    least = min(LEAST_WINDOW_FRAMES, most)
    latents = max(-(-needed // _LATENT_FRAMES), count * least // _LATENT_FRAMES)
    shorter, longer = divmod(latents, count)
    return [_LATENT_FRAMES * (shorter + (index < longer)) for index in range(count)]


def showing(
    model_frame: int, *, first_frame: int, frames: int, frame_rate: int
) -> tuple[float, ...]:
    """Return how far on to the next each film frame of a take is that shows a model frame; 0 to 1.

    Args:
        model_frame: counted over the film.
        first_frame: the take's first film frame.
        frames: how many it has.
        frame_rate: of the film.
    """
    start, end = (-(-each * frame_rate // MODEL_FPS) for each in (model_frame, model_frame + 1))
    shown = range(max(start, first_frame), min(end, first_frame + frames))
    return tuple(frame * MODEL_FPS % frame_rate / frame_rate for frame in shown)
