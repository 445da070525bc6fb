"""Shorten silences that last."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import let_go
from s2v_tts.loudness import SILENCE_DBFS, levels_dbfs

Pcm = npt.NDArray[np.int16]

BLOCK_SAMPLES = SAMPLE_RATE // 100
_LONG_SAMPLES = SAMPLE_RATE
"""Shorter ones are the rhythm of speech."""
_KEPT_SAMPLES = SAMPLE_RATE // 4
"""Of a silence at each of its ends: where speech dies away, and where a breath is taken."""
_BELOW_SPEECH_DB = 35.0
_LEAST_BELOW_DB = 20.0
"""Where noise is louder than that, nobody can be sure that it hides no speech: all of it stays."""
_ABOVE_FLOOR_DB = 6.0
_FADE_SAMPLES = SAMPLE_RATE // 200


def silence_dbfs(levels: npt.NDArray[np.float32], *, least_below_db: float = 3.0) -> float:
    """Return the level under which a recording of these levels (blocks of 10 ms) is silent.

    That follows the speech, which is as loud as it is, and the noise of the room where there is
    some; it is at least so much below the loud parts.
    """
    if not len(levels):
        return SILENCE_DBFS
    loud, floor = (float(level) for level in np.percentile(levels, (95, 10)))
    between = max(loud - _BELOW_SPEECH_DB, floor + _ABOVE_FLOOR_DB)
    return max(SILENCE_DBFS, min(between, loud - least_below_db))


def kept_spans(pcm: Pcm) -> list[tuple[int, int]]:
    """Return the half-open ranges of samples that stay when long silences are shortened, in order.

    Sound that is silent all over stays as it is.
    """
    levels = levels_dbfs(pcm, BLOCK_SAMPLES)
    loud = np.flatnonzero(levels > silence_dbfs(levels, least_below_db=_LEAST_BELOW_DB))
    if not len(loud):
        return [(0, len(pcm))]
    spans = []
    first = max(int(loud[0]) * BLOCK_SAMPLES - _KEPT_SAMPLES, 0)
    for at in np.flatnonzero(np.diff(loud) * BLOCK_SAMPLES > _LONG_SAMPLES).tolist():
        spans.append((first, (int(loud[at]) + 1) * BLOCK_SAMPLES + _KEPT_SAMPLES))
        first = int(loud[at + 1]) * BLOCK_SAMPLES - _KEPT_SAMPLES
    last = min((int(loud[-1]) + 1) * BLOCK_SAMPLES + _KEPT_SAMPLES, len(pcm))
    return [*spans, (first, last)]


def joined_smoothly(pcm: Pcm, spans: list[tuple[int, int]], piece_samples: int) -> Iterator[Pcm]:
    """Yield the spans of the sound, in pieces, with 5 ms ramps where something is left out."""
    ramp = np.linspace(0, 1, _FADE_SAMPLES, endpoint=False, dtype=np.float32)
    for first, end in spans:
        for start in range(first, end, piece_samples):
            piece = pcm[start : min(start + piece_samples, end)].astype(np.int16)
            if start == first and first > 0 and len(piece) >= _FADE_SAMPLES:
                piece[:_FADE_SAMPLES] = np.rint(piece[:_FADE_SAMPLES] * ramp)
            if start + piece_samples >= end and end < len(pcm) and len(piece) >= _FADE_SAMPLES:
                piece[-_FADE_SAMPLES:] = np.rint(piece[-_FADE_SAMPLES:] * ramp[::-1])
            let_go(pcm)
            yield piece
