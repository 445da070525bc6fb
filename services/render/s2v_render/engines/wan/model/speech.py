"""Speech features: what wav2vec2 hears, at 30 a second, and which of them each video frame takes.

Shape suffixes: A hidden layers, E width of a feature, P frames of the speech model (50 a second),
N features (30 a second), V video frames, B batch.
Source: reference facts of the official `AudioEncoder`, proved by the parity fixtures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soxr
import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

SAMPLE_RATE = 16_000
FEATURES_PER_SECOND = 30
_HEARD_PER_SECOND = 50
_LEAST_VARIANCE = 1e-7
"""As the speech model's extractor adds to the variance that it divides by."""


def mono_16k(sound: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """Return sound as the speech model wants it.

    Args:
        sound: -1..1, shape [samples] or [samples, channels], which are averaged.
        rate: samples a second.
    """
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    if rate == SAMPLE_RATE:
        return mono
    heard = soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    length = math.ceil(len(mono) * SAMPLE_RATE / rate)
    return np.pad(heard, (0, max(0, length - len(heard))))[:length].astype(np.float32)


@dataclass(frozen=True, slots=True)
class FilmLevel:
    """How loud a sound is that is heard in parts: its samples' number, sum and sum of squares."""

    samples: int = 0
    total: float = 0.0
    squares: float = 0.0

    def after(self, sound: npt.NDArray[np.float32]) -> FilmLevel:
        """Return the level of all sound so far and of this, mono at 16 kHz."""
        values = sound.astype(np.float64)
        return FilmLevel(
            self.samples + len(values),
            self.total + float(values.sum()),
            self.squares + float(np.square(values).sum()),
        )

    def normalised(self, sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a part of the sound, scaled as makes all of it zero mean and unit variance."""
        count = max(1, self.samples)
        mean = self.total / count
        variance = max(0.0, self.squares / count - mean**2)
        return ((sound - mean) / math.sqrt(variance + _LEAST_VARIANCE)).astype(np.float32)


class SpeechModel:
    """A wav2vec2 encoder, and how its input is normalised."""

    def __init__(self, network: Wav2Vec2Model, extractor: Wav2Vec2FeatureExtractor) -> None:
        self.network = network
        self.extractor = extractor

    @torch.inference_mode()
    def hidden_states(
        self, sound: npt.NDArray[np.float32], level: FilmLevel | None = None
    ) -> Tensor:
        """Return all hidden states of mono sound at 16 kHz: fp32, shape [A, P, E].

        It is normalised as a part of a sound of that level; None is the level of its own.

        The last one is taken after the encoder's final norm, as the transformer was taught; newer
        versions of transformers leave that norm out of `hidden_states`.
        """
        if level is not None and self.extractor.do_normalize:
            inputs = torch.from_numpy(level.normalised(sound))[None]
        else:
            inputs = self.extractor(
                sound, sampling_rate=SAMPLE_RATE, return_tensors="pt"
            ).input_values
        heard = self.network(inputs.to(self.network.device), output_hidden_states=True)
        return torch.cat([*heard.hidden_states[:-1], heard.last_hidden_state])

    def features(self, sound: npt.NDArray[np.float32], level: FilmLevel | None = None) -> Tensor:
        """Return 30 features a second of mono sound at 16 kHz: fp32, shape [A, N, E]."""
        return at_feature_rate(self.hidden_states(sound, level))


def at_feature_rate(heard_APE: Tensor) -> Tensor:
    """Return what was heard 50 times a second 30 times a second; the ends stay, shape [A, N, E]."""
    count = int(heard_APE.shape[1] / _HEARD_PER_SECOND * FEATURES_PER_SECOND)
    resampled = F.interpolate(
        heard_APE.transpose(1, 2), size=count, mode="linear", align_corners=True
    )
    return resampled.transpose(1, 2)


def feature_indices(features: int, *, frames: int, fps: int) -> npt.NDArray[np.int64]:
    """Return which feature each video frame takes, nearest in time; -1 past the end of them."""
    times = np.linspace(0, frames / fps, frames, endpoint=False)
    nearest = np.round(times * FEATURES_PER_SECOND).astype(np.int64)
    return np.where(nearest < features, nearest, -1)


def gathered(features_ANE: Tensor, indices: npt.NDArray[np.int64]) -> Tensor:
    """Return the features at these indices, zeros for -1, shape [1, A, E, V]."""
    silence = features_ANE.new_zeros(len(features_ANE), 1, features_ANE.shape[2])
    wanted = torch.from_numpy(indices).to(features_ANE.device)
    with_silence = torch.cat([features_ANE, silence], dim=1)
    return with_silence[:, wanted].transpose(1, 2)[None]
