"""The video autoencoder's norm as a processor likes it: torch has none over channels that is quick.

Shape suffixes: B batch, C channels; what follows is frames, rows and columns, or without frames.
"""

from __future__ import annotations

from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import WanRMS_norm
from torch import Tensor, nn

_LEAST_LENGTH = 1e-12


def summing(network: AutoencoderKLWan) -> AutoencoderKLWan:
    """Turn an autoencoder's norms into quick ones of the same weights, in place."""
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, WanRMS_norm):
                part.register_module(name, SummedNorm(child))
    return network


class SummedNorm(nn.Module):
    """The norm over channels, by a sum of squares."""

    def __init__(self, given: WanRMS_norm) -> None:
        super().__init__()
        self.gamma, self.scale = given.gamma, given.scale

    def forward(self, x_BC: Tensor) -> Tensor:
        """Return what has the same shape and layout."""
        length = x_BC.square().sum(1, keepdim=True).sqrt_().clamp_min_(_LEAST_LENGTH)
        return (x_BC / length).mul_(self.scale).mul_(self.gamma)
