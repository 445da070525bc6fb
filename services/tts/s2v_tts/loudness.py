"""Measure how loud sound is, block by block, and where it begins and ends."""

import numpy as np
import numpy.typing as npt

from s2v.media.pcm import let_go

SILENCE_DBFS = -60.0
"""Quieter than this is silence."""

_FULL_SCALE = 32768.0
_SAMPLES_AT_ONCE = 1 << 19


def levels_dbfs(pcm: npt.NDArray[np.int16], block_samples: int) -> npt.NDArray[np.float32]:
    """Return the RMS level of each block in dB relative to full scale, shape [blocks].

    The last block may be shorter than the others. Digital silence is -120 dB.
    """
    whole = len(pcm) // block_samples * block_samples
    blocks = pcm[:whole].reshape(-1, block_samples)
    powers = []
    rows = max(_SAMPLES_AT_ONCE // block_samples, 1)
    for first in range(0, len(blocks), rows):  # an hour of sound as float is 700 MB
        part = blocks[first : first + rows]
        powers.append(np.mean(np.square(part, dtype=np.float32), axis=1))
        let_go(pcm)
    if whole < len(pcm):
        powers.append(np.mean(np.square(pcm[whole:], dtype=np.float32), keepdims=True))
    if not powers:
        return np.zeros(0, np.float32)
    power = np.concatenate(powers) / _FULL_SCALE**2
    levels: npt.NDArray[np.float32] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def audible_range(
    pcm: npt.NDArray[np.int16], threshold_dbfs: float = SILENCE_DBFS, *, block_samples: int = 480
) -> tuple[int, int]:
    """Return the half-open range of samples from the first to the last block above a level.

    The range is (0, 0) where everything is below it.
    """
    (loud,) = np.nonzero(levels_dbfs(pcm, block_samples) > threshold_dbfs)
    if not len(loud):
        return 0, 0
    return int(loud[0]) * block_samples, min((int(loud[-1]) + 1) * block_samples, len(pcm))
