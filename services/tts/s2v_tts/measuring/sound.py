"""Measure sound of any length: loudness, peaks, how much speech and how much noise is in it."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from s2v.core.sound import SoundMeasurement
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.media.level import LevelMeter
from s2v.media.pcm import let_go, to_float
from s2v_tts.measuring.activity import SAMPLES_AT_ONCE, spoken_windows
from s2v_tts.measuring.speech_levels import speech_levels

T = TypeVar("T")
Pcm = npt.NDArray[np.int16]

Shares: TypeAlias = Generator[float, None, T]
"""Work that yields now and then the share of it that is done, 0 to 1; closing it gives it up."""

PIECE_SAMPLES = 5 * SAMPLE_RATE
"""So much is worked on at once."""

_FULL_SCALE = 32_767
_METER_SHARE = 0.5


def measured(pcm: Pcm, spoken: npt.NDArray[np.bool_] | None = None) -> Shares[SoundMeasurement]:
    """Measure mono sound at 48 kHz; holds one piece of it at a time.

    Args:
        pcm: the sound.
        spoken: where somebody speaks in it, as `spoken_windows` tells, if that is known already.
    """
    meter = LevelMeter()
    clipped = 0
    for first, piece in pieces_of(pcm):
        clipped += int(np.count_nonzero((piece >= _FULL_SCALE) | (piece <= -_FULL_SCALE)))
        meter.hear(to_float(piece))
        let_go(pcm)
        yield _METER_SHARE * first / len(pcm)
    meter.end()
    if spoken is None:
        spoken = yield from _spoken(pcm)
    return SoundMeasurement(
        duration_seconds=seconds(len(pcm)),
        integrated_lufs=meter.integrated_lufs,
        true_peak_dbtp=meter.true_peak_dbtp,
        clipped_share=clipped / max(len(pcm), 1),
        snr_db=speech_levels(pcm, spoken).snr_db if spoken.any() else None,
        speech_share=float(spoken.mean()) if len(spoken) else 0.0,
    )


def pieces_of(pcm: Pcm) -> Iterator[tuple[int, Pcm]]:
    """Yield where each piece of the sound begins, and a copy of it."""
    for first in range(0, len(pcm), PIECE_SAMPLES):
        yield first, np.array(pcm[first : first + PIECE_SAMPLES])


def _spoken(pcm: Pcm) -> Shares[npt.NDArray[np.bool_]]:
    heard = 0
    with closing(spoken_windows(pcm)) as steps:
        while True:
            try:
                next(steps)
            except StopIteration as end:
                spoken: npt.NDArray[np.bool_] = end.value
                return spoken
            heard = min(heard + SAMPLES_AT_ONCE, len(pcm))
            yield _METER_SHARE + (1 - _METER_SHARE) * heard / len(pcm)
