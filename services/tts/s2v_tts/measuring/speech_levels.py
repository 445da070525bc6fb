"""How loud speech is, and how much louder than what is heard between it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from s2v_tts.loudness import levels_dbfs
from s2v_tts.measuring.activity import WINDOW_SAMPLES

Pcm = npt.NDArray[np.int16]

_BLOCK_SAMPLES = WINDOW_SAMPLES // 2
_LEAST_BACKGROUND_BLOCKS = 12
"""Fewer say nothing of what is behind the speech."""
_QUIETEST_PERCENTILE = 5
_SILENCE_POWER = 1e-12
_MOST_SNR_DB = 60.0


@dataclass(frozen=True, slots=True)
class SpeechLevels:
    """How loud the speech of a sound is.

    Attributes:
        speech_dbfs: its RMS level relative to full scale, while it lasts, noise included.
        snr_db: how much louder it is, without the noise, than the noise; 0 to 60, for speech under
            its noise cannot be told from it.
    """

    speech_dbfs: float
    snr_db: float


def speech_levels(pcm: Pcm, spoken: npt.NDArray[np.bool_]) -> SpeechLevels:
    """Compare the speech in mono sound at 48 kHz with what is heard where nobody speaks.

    White and pink noise, 5 to 30 dB under the speech, is told to within 1 dB, to within 2 where
    nobody pauses; what is mostly hum and rumble reads up to 5 dB high.

    Args:
        pcm: the sound.
        spoken: where somebody speaks in it, as `spoken_windows` tells; at least once.
    """
    levels = levels_dbfs(pcm, _BLOCK_SAMPLES)
    in_speech = np.repeat(spoken, WINDOW_SAMPLES // _BLOCK_SAMPLES)[: len(levels)]
    levels = levels[: len(in_speech)]
    loud = float(np.mean(_power(levels[in_speech])))
    noise = max(_background_power(levels, in_speech), _SILENCE_POWER)
    clean = max(loud - noise, noise)
    return SpeechLevels(
        speech_dbfs=float(10 * np.log10(max(loud, _SILENCE_POWER))),
        snr_db=min(float(10 * np.log10(clean / noise)), _MOST_SNR_DB),
    )


def _background_power(levels: npt.NDArray[np.float32], in_speech: npt.NDArray[np.bool_]) -> float:
    """Return the power of what is heard where nobody speaks, or in the quietest moments.

    Between speech the middle one counts: some of it is breath and the end of words.
    """
    between = levels[~in_speech]
    if len(between) >= _LEAST_BACKGROUND_BLOCKS:
        return float(_power(np.median(between, keepdims=True))[0])
    return float(_power(np.percentile(levels, _QUIETEST_PERCENTILE, keepdims=True))[0])


def _power(levels_dbfs: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    powers: npt.NDArray[np.float64] = 10 ** (levels_dbfs.astype(np.float64) / 10)
    return powers
