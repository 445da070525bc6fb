"""Matrices in fp8: a scale for each row of the weight, and one for each token."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from s2v_render.engines.wan.ops.kernels import Computing, Kernels
from s2v_render.engines.wan.ops.plain import quantised
from s2v_render.engines.wan.ops.protocol import FP8, Rowwise


class Fp8Linear(Computing):
    """A linear layer whose weight and input are fp8; its sums and what it returns are not."""

    def __init__(self, linear: nn.Linear) -> None:
        """Round a linear layer; its own weight is left as it is."""
        super().__init__()
        values, scale = quantised(linear.weight)
        self.weight = nn.Parameter(values, requires_grad=False)
        self.scale = nn.Parameter(scale, requires_grad=False)
        bias = None if linear.bias is None else linear.bias.detach().to(torch.bfloat16)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    def forward(self, x: Rowwise) -> Tensor:
        """Return bfloat16, shape [B, S, O]."""
        return self.kernels.ops.multiplied(x, self.weight, self.scale, self.bias)


def read_dtype(linear: nn.Module, kernels: Kernels) -> torch.dtype:
    """Return what a linear layer wants to read: the compute dtype, or fp8."""
    return FP8 if isinstance(linear, Fp8Linear) else kernels.dtype
