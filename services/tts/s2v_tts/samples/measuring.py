"""Measure how good a recording of a voice is."""

import numpy as np
import numpy.typing as npt

from s2v.core.steps import result
from s2v.core.voice import SampleMeasures
from s2v_tts.measuring.sound import measured
from s2v_tts.measuring.speech_levels import speech_levels

Pcm = npt.NDArray[np.int16]

_NEAR_PEAK = 0.97
"""Of what was not clipped, hardly anything comes so near to its own peak; resampled or made quieter
afterwards, what was clipped still does."""


def measured_sample(pcm: Pcm, spoken: npt.NDArray[np.bool_]) -> SampleMeasures:
    """Measure the sample of a voice, mono int16 at 48 kHz; it takes a tenth of a second a minute.

    Args:
        pcm: the sample.
        spoken: where somebody speaks in it, as `spoken_windows` tells; at least once.
    """
    return SampleMeasures(
        sound=result(measured(pcm, spoken)),
        speech_dbfs=speech_levels(pcm, spoken).speech_dbfs,
        near_peak_share=_near_peak_share(pcm),
    )


def _near_peak_share(pcm: Pcm) -> float:
    # int16 has no 32 768
    loudness = np.abs(pcm.astype(np.int32))
    return float(np.mean(loudness >= _NEAR_PEAK * max(int(loudness.max()), 1)))
