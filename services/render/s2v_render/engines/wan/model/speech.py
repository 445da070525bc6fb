"""Speech features: what wav2vec2 hears, at 30 a second, and which of them each video frame takes.

Shape suffixes: A hidden layers, E width of a feature, P frames of the speech model (50 a second),
N features (30 a second), V video frames, B batch.
Source: reference facts of the official `AudioEncoder`, proved by the parity fixtures.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import soxr
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

SAMPLE_RATE = 16_000
FEATURES_PER_SECOND = 30
_HEARD_PER_SECOND = 50


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


class SpeechModel:
    """A wav2vec2 encoder, and how its input is normalised."""

    def __init__(self, network: Wav2Vec2Model, extractor: Wav2Vec2FeatureExtractor) -> None:
        self.network = network
        self.extractor = extractor

    @torch.inference_mode()
    def hidden_states(self, sound: npt.NDArray[np.float32]) -> Tensor:
        """Return all hidden states of mono sound at 16 kHz: fp32, shape [A, P, E].

        The last one is taken after the encoder's final norm, as the transformer was taught; newer
        versions of transformers leave that norm out of `hidden_states`.
        """
        inputs = self.extractor(sound, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_values
        heard = self.network(inputs.to(self.network.device), output_hidden_states=True)
        return torch.cat([*heard.hidden_states[:-1], heard.last_hidden_state])

    def features(self, sound: npt.NDArray[np.float32]) -> Tensor:
        """Return 30 features a second of mono sound at 16 kHz: fp32, shape [A, N, E]."""
        return at_feature_rate(self.hidden_states(sound))


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
