"""What the windows of a take hear: speech features at the model's frames, on the film's clock.

A window hears its own sound and some before and after it, so that neither the borders of windows
nor those of segments are heard. Sound before the film and after what is known of it is silence. How
loud sound is told by all of the film that is known, not by what one window hears.
Shape suffixes: A hidden layers, E width of a feature, V video frames, B batch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import Tensor

from s2v.core.timebase import SAMPLE_RATE
from s2v_render.engines.wan.model.speech import (
    FilmLevel,
    SpeechModel,
    feature_indices,
    gathered,
    mono_16k,
)
from s2v_render.engines.wan.planning import MODEL_FPS

Pcm = npt.NDArray[np.int16]

AROUND_SECONDS = 10
"""Sound on either side of a window that is heard with it."""
CARRIED_SECONDS = AROUND_SECONDS + 1
"""Sound that the next take needs of this one."""
FOLLOWING_SECONDS = 2
"""Sound after a take that it hears: as long as what it may have to overshoot."""
_GRID_FRAMES = 8
"""Half a second: a whole number of model frames, of features, and of the speech model's steps."""
_TAIL_SECONDS = 0.25
"""Silence that the last frames need, as a feature is heard in the sound after it."""
_SAMPLES_PER_MODEL_FRAME = SAMPLE_RATE // MODEL_FPS


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """Sound at 48 kHz.

    Attributes:
        pcm: int16.
        first_sample: counted from the start of the film.
        level: how loud the film is as far as it is known; None is the level of what is heard.
    """

    pcm: Pcm
    first_sample: int
    level: FilmLevel | None = None

    @property
    def end_sample(self) -> int:
        """The sample after the last."""
        return self.first_sample + len(self.pcm)

    def part(self, first: int, end: int) -> Pcm:
        """Return the samples `first`..`end` of the film, silent where there are none."""
        kept = self.pcm[max(0, first - self.first_sample) : max(0, end - self.first_sample)]
        before = min(end - first, max(0, self.first_sample - first))
        return np.pad(kept, (before, end - first - before - len(kept)))

    def last(self, seconds: int) -> Pcm:
        """Return its last seconds, or all of it."""
        return self.pcm[-seconds * SAMPLE_RATE :]

    def before(self, sample: int) -> Soundtrack:
        """Return the part of it before a sample of the film."""
        return replace(self, pcm=self.pcm[: max(0, sample - self.first_sample)])


def level_after(level: FilmLevel, pcm: Pcm) -> FilmLevel:
    """Return how loud a film is that goes on with this sound at 48 kHz."""
    return level.after(_as_heard(pcm))


def heard(speech: SpeechModel, track: Soundtrack, *, first_frame: int, frames: int) -> Tensor:
    """Return the features of a window's model frames: fp32, shape [B = 1, A, E, V].

    Args:
        speech: what hears.
        track: the sound, of the take and before it.
        first_frame: the window's first model frame, counted from the start of the film.
        frames: of the window.
    """
    around = AROUND_SECONDS * MODEL_FPS
    known = track.first_sample // _SAMPLES_PER_MODEL_FRAME
    start = max(first_frame - around, min(first_frame, known)) // _GRID_FRAMES * _GRID_FRAMES
    last = (first_frame + frames) * _SAMPLES_PER_MODEL_FRAME
    end = max(
        min(last + AROUND_SECONDS * SAMPLE_RATE, track.end_sample),
        last + round(_TAIL_SECONDS * SAMPLE_RATE),
    )
    sound = track.part(start * _SAMPLES_PER_MODEL_FRAME, end)
    features = speech.features(_as_heard(sound), track.level)
    return _at_frames(features, first_frame=first_frame - start, frames=frames)


def officially_heard(
    speech: SpeechModel, track: Soundtrack, *, first_frame: int, frames: int
) -> Tensor:
    """Return what `heard` returns, as the official code hears it: everything at once.

    Frames that lie past the sound, or past the last feature of it, get zeros.
    """
    start = track.first_sample // (_SAMPLES_PER_MODEL_FRAME * _GRID_FRAMES) * _GRID_FRAMES
    sound = track.part(start * _SAMPLES_PER_MODEL_FRAME, track.end_sample)
    features = speech.features(_as_heard(sound))
    return _at_frames(features, first_frame=first_frame - start, frames=frames)


def _as_heard(pcm: Pcm) -> npt.NDArray[np.float32]:
    """Return sound as the speech model wants it."""
    return mono_16k(pcm.astype(np.float32) / np.float32(32768), SAMPLE_RATE)


def _at_frames(features: Tensor, *, first_frame: int, frames: int) -> Tensor:
    indices = feature_indices(features.shape[1], frames=first_frame + frames, fps=MODEL_FPS)
    return gathered(features, indices[first_frame:])
