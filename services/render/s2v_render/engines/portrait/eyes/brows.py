"""How the brows go with speech: up where it is stressed, a little down where it ends."""

import numpy as np

from s2v.face.arrays import Floats
from s2v.lipsync.loudness import PER_SECOND, at, faded_ends, smoothed

_FADE_SECONDS = 0.3
_BEAT_SECONDS, _SURROUNDINGS_SECONDS, _SOFT_SECONDS = 0.30, 1.6, 0.45
_SENSITIVITY = 3.6
_UNNOTICED = 0.12
"""What a word may be louder than its surroundings without being stressed."""
_LOWEST = -0.25


def brow_raises(loudness: Floats, *, frames: int, frame_rate: int) -> Floats:
    """Return how far the brows are raised in each frame of a take, -0.25..1; 0 at both ends."""
    beat = smoothed(loudness, int(_BEAT_SECONDS * PER_SECOND))
    beat = beat - smoothed(loudness, int(_SURROUNDINGS_SECONDS * PER_SECOND))
    stress = np.where(beat > 0, np.maximum(beat - _UNNOTICED, 0), beat)
    raises = np.clip(_SENSITIVITY * stress, _LOWEST, 1)
    middles = (np.arange(frames) + 0.5) / frame_rate
    raised = at(smoothed(raises, int(_SOFT_SECONDS * PER_SECOND)), middles)
    return raised * faded_ends(frames, frame_rate=frame_rate, fade_seconds=_FADE_SECONDS)
