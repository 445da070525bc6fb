"""How loud the speech is from moment to moment."""

import numpy as np
import numpy.typing as npt

from s2v.core.timebase import SAMPLE_RATE
from s2v.face.arrays import Floats

PER_SECOND = 100
_QUIET = 0.01
"""Root mean square under which sound counts as silence: -40 dB of full scale."""


def loudness(pcm: npt.NDArray[np.int16]) -> Floats:
    """Return the loudness of mono 48 kHz sound, 100 values a second, 0..1.2.

    1 is the level that the loudest twentieth of the sound passes; silence is 0 however quiet the
    recording.
    """
    hop = SAMPLE_RATE // PER_SECOND
    count = len(pcm) // hop
    if count == 0:
        return np.zeros(1)
    blocks = pcm[: count * hop].reshape(count, hop).astype(np.float32) / 32768
    level = np.sqrt((blocks**2).mean(axis=1, dtype=np.float64))
    relative = level / max(float(np.percentile(level, 95)), _QUIET)
    gate = np.clip(level / _QUIET - 0.5, 0, 1)
    return np.clip(smoothed(relative * gate, 9), 0, 1.2)


def smoothed(values: Floats, width: int) -> Floats:
    """Return a running Hann average over an odd number of values, ends held."""
    width |= 1
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), "valid")


def at(values: Floats, times: Floats) -> Floats:
    """Sample loudness values at times in seconds."""
    return np.interp(times, (np.arange(len(values)) + 0.5) / PER_SECOND, values)


def faded_ends(count: int, *, frame_rate: int, fade_seconds: float) -> Floats:
    """Return weights per frame that are 0 at the first and last frame and 1 in between."""
    index = np.arange(count)
    from_edge = np.minimum(index, count - 1 - index) / frame_rate
    rise = np.clip(from_edge / fade_seconds, 0, 1)
    return rise * rise * (3 - 2 * rise)
