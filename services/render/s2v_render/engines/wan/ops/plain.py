"""The operations in plain torch: on any device, and what the fused ones are held against.

Shape suffixes: see `protocol`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from s2v_render.engines.wan.ops.protocol import (
    FP8,
    FP8_MAX,
    Activation,
    Gate,
    Norm,
    Rotations,
    Rowwise,
)


class PlainOps:
    """Implements `Ops`; sums and angles are fp32."""

    name = "torch"

    def normed(self, x_BSD: Tensor, norm: Norm, *, out: torch.dtype) -> Activation:
        """Return the stream, normed."""
        seen = F.layer_norm(x_BSD, x_BSD.shape[-1:], eps=norm.eps)
        for group, part in enumerate(_groups(norm.scale_BGD, norm.group_tokens)):
            scale, shift = norm.scale_BGD[:, group, None], norm.shift_BGD[:, group, None]
            seen[:, part].mul_(scale).add_(shift)
        return self.rounded(seen, out=out)

    def add(self, x_BSD: Tensor, y_BSD: Tensor, *, gate: Gate | None = None) -> None:
        """Add `y` to the stream `x` in place."""
        if gate is None:
            x_BSD += y_BSD
            return
        for group, part in enumerate(_groups(gate.values_BGD, gate.group_tokens)):
            x_BSD[:, part].addcmul_(y_BSD[:, part].to(x_BSD.dtype), gate.values_BGD[:, group, None])

    def add_normed(
        self, x_BSD: Tensor, y_BSD: Tensor, norm: Norm, *, gate: Gate | None, out: torch.dtype
    ) -> Activation:
        """Add `y` to the stream `x` in place, and return the sum, normed."""
        self.add(x_BSD, y_BSD, gate=gate)
        return self.normed(x_BSD, norm, out=out)

    def head_rows(
        self,
        x_BSD: Tensor,
        weight_D: Tensor | None,
        *,
        eps: float,
        heads: int,
        turn: Rotations | None = None,
    ) -> Tensor:
        """Return queries or keys: RMS-normed over all heads, then turned; shape [B, S, N, H]."""
        if weight_D is not None:
            x_BSD = F.rms_norm(x_BSD, x_BSD.shape[-1:], weight_D, eps)
        x_BSNH = x_BSD.unflatten(-1, (heads, -1))
        return x_BSNH if turn is None else rotate(x_BSNH, turn)

    def gelu(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the tanh form of GELU."""
        return self.rounded(F.gelu(x_BSD, approximate="tanh"), out=out)

    def rounded(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the same numbers as a matrix reads them."""
        if out != FP8:
            return x_BSD.to(out)
        values, scale = quantised(x_BSD.flatten(0, 1))
        return Rowwise(values, scale, len(x_BSD))

    def multiplied(
        self, x: Rowwise, weight_OI: Tensor, scale_O1: Tensor, bias_O: Tensor | None
    ) -> Tensor:
        """Return `x` times an fp8 matrix, both as fp32."""
        weight = weight_OI.float() * scale_O1
        bias = None if bias_O is None else bias_O.float()
        made = F.linear(x.values_SI.float() * x.scale_S1, weight, bias)
        return made.to(torch.bfloat16).unflatten(0, (x.batch, -1))


def quantised(x_SI: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows in fp8, shape [S, I], and their scales, fp32, shape [S, 1]."""
    values = x_SI.float()
    scale = values.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / FP8_MAX
    return (values / scale).clamp(-FP8_MAX, FP8_MAX).to(FP8), scale


def rotate(x_BSNH: Tensor, by: Rotations) -> Tensor:
    """Turn each pair of neighbouring channels by its token's angle; computed in fp32."""
    even, odd = x_BSNH.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = by.cos_SP[:, None], by.sin_SP[:, None]
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).to(x_BSNH.dtype)


def _groups(values_BGD: Tensor, group_tokens: int) -> list[slice]:
    last = values_BGD.shape[1] - 1
    inner = [slice(group * group_tokens, (group + 1) * group_tokens) for group in range(last)]
    return [*inner, slice(last * group_tokens, None)]
