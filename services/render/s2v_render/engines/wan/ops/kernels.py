"""How a network computes here: its dtype, its operations, its attention; chosen once, at load."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import torch
from torch import nn

from s2v_render.engines.wan.ops.attention import (
    PLAIN_ATTENTION,
    AttentionBackend,
    fastest_attention,
)
from s2v_render.engines.wan.ops.plain import PlainOps
from s2v_render.engines.wan.ops.protocol import Ops

_FP8_CAPABILITY = (8, 9)


@dataclass(frozen=True, slots=True)
class Kernels:
    """What a network computes with.

    Attributes:
        dtype: of its matrices and its attention, whatever its weights are kept in.
        ops: what stands around the matrices.
        attention: how tokens attend.
    """

    dtype: torch.dtype
    ops: Ops
    attention: AttentionBackend

    def __str__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"{kind}, operations by {self.ops.name}, attention by {self.attention.name}"


PLAIN = Kernels(torch.float32, PlainOps(), PLAIN_ATTENTION)
"""Everything in fp32 and in plain torch."""


class Computing(nn.Module):
    """A network, or a part of one, that computes with given kernels."""

    kernels: Kernels = PLAIN


def use(kernels: Kernels, network: nn.Module) -> None:
    """Let all of a network compute with these; its weights are in their dtype, or in fp8."""
    for part in network.modules():
        if isinstance(part, Computing):
            part.kernels = kernels


def fastest_kernels(
    device: torch.device, dtype: torch.dtype, head_dim: int, *, fp8_attention: bool = False
) -> Kernels:
    """Return the fastest that is installed and works on this device."""
    attention = fastest_attention(device, dtype, head_dim, fp8=fp8_attention)
    return Kernels(dtype, _ops(device, dtype), attention)


def plain_kernels(dtype: torch.dtype) -> Kernels:
    """Return plain torch in a dtype."""
    return Kernels(dtype, PlainOps(), PLAIN_ATTENTION)


def can_fp8(device: torch.device) -> bool:
    """Return whether a device multiplies fp8 matrices by rows, and has what rounds to them."""
    return (
        device.type == "cuda"
        and torch.cuda.get_device_capability(device) >= _FP8_CAPABILITY
        and importlib.util.find_spec("triton") is not None
    )


def _ops(device: torch.device, dtype: torch.dtype) -> Ops:
    if device.type != "cuda" or dtype == torch.float32 or not importlib.util.find_spec("triton"):
        return PlainOps()
    from s2v_render.engines.wan.ops.fused import FusedOps

    return FusedOps()
