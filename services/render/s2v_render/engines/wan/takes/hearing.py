"""What the windows of a take hear: speech features at the model's frames, on the film's clock.

A window hears its own sound and some before and after it, so that neither the borders of windows
nor those of segments are heard. Sound before the film and after the take is silence.
Shape suffixes: A hidden layers, E width of a feature, V video frames, B batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from s2v.core.timebase import SAMPLE_RATE
from s2v_render.engines.wan.model.speech import SpeechModel, feature_indices, gathered, mono_16k
from s2v_render.engines.wan.planning import MODEL_FPS

Pcm = npt.NDArray[np.int16]

AROUND_SECONDS = 10
"""Sound on either side of a window that is heard with it."""
CARRIED_SECONDS = AROUND_SECONDS + 1
"""Sound that the next take needs of this one."""
_GRID_FRAMES = 8
"""Half a second: a whole number of model frames, of features, and of the speech model's steps."""
_TAIL_SECONDS = 0.25
"""Silence that the last frames need, as a feature is heard in the sound after it."""
_SAMPLES_PER_MODEL_FRAME = SAMPLE_RATE // MODEL_FPS


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """Sound at 48 kHz; `first_sample` counts from the start of the film."""

    pcm: Pcm
    first_sample: int

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
    return _features(speech, sound, first_frame=first_frame - start, frames=frames)


def officially_heard(
    speech: SpeechModel, track: Soundtrack, *, first_frame: int, frames: int
) -> Tensor:
    """Return what `heard` returns, as the official code hears it: everything at once.

    Frames that lie past the sound, or past the last feature of it, get zeros.
    """
    start = track.first_sample // (_SAMPLES_PER_MODEL_FRAME * _GRID_FRAMES) * _GRID_FRAMES
    sound = track.part(start * _SAMPLES_PER_MODEL_FRAME, track.end_sample)
    return _features(speech, sound, first_frame=first_frame - start, frames=frames)


def _features(speech: SpeechModel, sound: Pcm, *, first_frame: int, frames: int) -> Tensor:
    features = speech.features(mono_16k(sound.astype(np.float32) / np.float32(32768), SAMPLE_RATE))
    indices = feature_indices(features.shape[1], frames=first_frame + frames, fps=MODEL_FPS)
    return gathered(features, indices[first_frame:])
