"""Turn one neural voice into others by moving its pitch and its formants."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Spectrum = npt.NDArray[np.float32]
"""One of hibari's outputs: shape [frequency bins of 20 Hz, frames]; the pitch: shape [frames]."""

_SMOOTH_BINS = 11
"""220 Hz, hibari's own distance between harmonics: what its network says of the bins between them
was never heard in training, and would boom where a moved harmonic lands on it."""


@dataclass(frozen=True, slots=True)
class Timbre:
    """How a voice differs from the network's own: factors on its pitch and its formants."""

    pitch: float = 1.0
    formants: float = 1.0


NATURAL = Timbre()


def recoloured(spectra: Sequence[Spectrum], timbre: Timbre) -> list[Spectrum]:
    """Return hibari's five spectra and pitch in another timbre.

    hibari keeps the pitch apart from the spectral envelopes until its vocoder, so stretching the
    frequency axis of the envelopes moves the formants and leaves the melody, and the reverse.
    """
    if timbre == NATURAL:
        return list(spectra)
    harmonics, *others, pitch_hz = spectra
    envelopes = [_smoothed(harmonics), *others]
    moved = [_stretched(envelope, timbre.formants) for envelope in envelopes]
    return [*moved, pitch_hz * np.float32(timbre.pitch)]


def _smoothed(envelope: Spectrum) -> Spectrum:
    weights = np.hanning(_SMOOTH_BINS + 2)[1:-1].astype(np.float32)
    weights /= weights.sum()
    bins = len(envelope)
    padded = np.pad(envelope, ((_SMOOTH_BINS // 2, _SMOOTH_BINS // 2), (0, 0)), mode="edge")
    smooth = np.zeros_like(envelope)
    for shift, weight in enumerate(weights):
        smooth += weight * padded[shift : shift + bins]
    return smooth


def _stretched(envelope: Spectrum, factor: float) -> Spectrum:
    """Return the envelope with everything at `factor` times its frequency."""
    bins = np.arange(len(envelope), dtype=np.float32)
    source = np.minimum(bins / np.float32(factor), bins[-1])
    low = np.minimum(source.astype(np.intp), len(bins) - 2)
    weight = (source - low)[:, np.newaxis].astype(np.float32)
    stretched: Spectrum = envelope[low] * (1 - weight) + envelope[low + 1] * weight
    return stretched
