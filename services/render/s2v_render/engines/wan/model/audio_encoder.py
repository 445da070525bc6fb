"""The transformer's own audio encoder: from speech features to audio tokens of latent frames.

Shape suffixes: B batch, A audio layers, E width of a feature, V video frames, T latent frames,
K local tokens of a frame, D width of a token, C channels.
Source: reference facts of the official `CausalAudioEncoder`; computed in fp32 throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2v_render.engines.wan.model.config import AUDIO_LAYERS, S2VConfig
from s2v_render.engines.wan.model.layers import Fp32Conv1d, Fp32Linear


@dataclass(frozen=True, slots=True)
class AudioTokens:
    """Tokens of every latent frame: local ones to attend to, and one that shapes norms, if any."""

    local_BTKD: Tensor
    global_BTD: Tensor | None


class CausalConv(nn.Module):
    """A convolution over three frames that sees the past only; the first frame stands for it."""

    def __init__(self, channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = Fp32Conv1d(channels, out_channels, 3, stride=stride)

    def forward(self, x_BVC: Tensor) -> Tensor:
        """Return fp32, shape [B, ceil(V / stride), out channels]."""
        x_BCV = F.pad(x_BVC.transpose(1, 2), (2, 0), mode="replicate")
        return self.conv(x_BCV).transpose(1, 2)


class _Encoder(nn.Module):
    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim = config.dim
        quarter = dim // 4
        self.groups = config.num_audio_token
        self.conv1_local = CausalConv(config.audio_dim, quarter * self.groups)
        if config.enable_adain:
            self.conv1_global = CausalConv(config.audio_dim, quarter)
            self.final_linear = Fp32Linear(dim, dim)
        self.has_global = config.enable_adain
        self.conv2 = CausalConv(quarter, dim // 2, stride=2)
        self.conv3 = CausalConv(dim // 2, dim, stride=2)
        self.padding_tokens = nn.Parameter(torch.zeros(1, 1, 1, dim))

    def forward(self, x_BVE: Tensor) -> AudioTokens:
        split = self.conv1_local(x_BVE).unflatten(2, (self.groups, -1)).transpose(1, 2)
        local = self._narrowed(split.flatten(0, 1)).unflatten(0, (len(x_BVE), self.groups))
        padding = self.padding_tokens.float().expand(len(x_BVE), local.shape[2], 1, -1)
        local_BTKD = torch.cat([local.transpose(1, 2), padding], dim=2)
        if not self.has_global:
            return AudioTokens(local_BTKD, None)
        return AudioTokens(local_BTKD, self.final_linear(self._narrowed(self.conv1_global(x_BVE))))

    def _narrowed(self, x_BVC: Tensor) -> Tensor:
        """Return a quarter of the frames, four times as wide."""
        x_BVC = self.conv2(_activated(x_BVC))
        return _activated(self.conv3(_activated(x_BVC)))


class CausalAudioEncoder(nn.Module):
    """Averages the speech model's layers and encodes four video frames into one latent frame's."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.full((1, AUDIO_LAYERS, 1, 1), 0.01))
        self.encoder = _Encoder(config)

    def forward(self, features_BAEV: Tensor) -> AudioTokens:
        """Return the tokens of ceil(V / 4) latent frames, fp32."""
        weights = F.silu(self.weights.float())
        mean_BEV = (features_BAEV.float() * weights).sum(1) / weights.sum(1)
        tokens: AudioTokens = self.encoder(mean_BEV.transpose(1, 2))
        return tokens


def _activated(x_BVC: Tensor) -> Tensor:
    return F.silu(F.layer_norm(x_BVC, x_BVC.shape[-1:], eps=1e-6))
