"""The operations around a block's matrices, and what they pass on.

Shape suffixes: B batch, S tokens, D width of a token, N heads, H width of a head, P pairs of
channels in a head, G groups of neighbouring tokens, I and O what goes into and out of a matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

FP8 = torch.float8_e4m3fn
FP8_MAX = 448.0


@dataclass(frozen=True, slots=True)
class Rowwise:
    """Numbers in fp8 with a scale a row: `values_SI` times `scale_S1`, which is fp32.

    Batch and tokens are one dimension here; `batch` says how many samples there are.
    """

    values_SI: Tensor
    scale_S1: Tensor
    batch: int


Activation: TypeAlias = Tensor | Rowwise
"""What a matrix reads: [B, S, I] in the compute dtype, or in fp8."""


@dataclass(frozen=True, slots=True)
class Rotations:
    """The angle of each token and pair of channels: `cos` and `sin`, fp32, shape [S, P]."""

    cos_SP: Tensor
    sin_SP: Tensor

    def of(self, share: range) -> Rotations:
        """Return those of a part of the tokens."""
        part = slice(share.start, share.stop)
        return Rotations(self.cos_SP[part], self.sin_SP[part])


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer norm, and what comes after: times `scale`, plus `shift`, by group of tokens.

    Attributes:
        scale_BGD: fp32, contiguous; B is 1 where all samples have the same.
        shift_BGD: likewise.
        group_tokens: how many tokens each group has; the last one has what is left.
        eps: added to the variance.
    """

    scale_BGD: Tensor
    shift_BGD: Tensor
    group_tokens: int
    eps: float


@dataclass(frozen=True, slots=True)
class Gate:
    """By how much what is added counts: fp32, contiguous, by group of tokens, as in `Norm`."""

    values_BGD: Tensor
    group_tokens: int


class Ops(Protocol):
    """The operations; `out` is the compute dtype or fp8, which makes `Rowwise`.

    The residual stream `x` is fp32, its tokens contiguous; it may be a part of a longer one.
    """

    name: str

    def normed(self, x_BSD: Tensor, norm: Norm, *, out: torch.dtype) -> Activation:
        """Return the stream, normed."""

    def add(self, x_BSD: Tensor, y_BSD: Tensor, *, gate: Gate | None = None) -> None:
        """Add `y`, in any dtype, to the stream `x` in place."""

    def add_normed(
        self, x_BSD: Tensor, y_BSD: Tensor, norm: Norm, *, gate: Gate | None, out: torch.dtype
    ) -> Activation:
        """Add `y` to the stream `x` in place, and return the sum, normed."""

    def head_rows(
        self,
        x_BSD: Tensor,
        weight_D: Tensor | None,
        *,
        eps: float,
        heads: int,
        turn: Rotations | None = None,
    ) -> Tensor:
        """Return queries or keys: RMS-normed over all heads, then turned; shape [B, S, N, H].

        Without a weight they are not normed, without a turn not turned.
        """

    def gelu(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the tanh form of GELU."""

    def rounded(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the same numbers as a matrix reads them."""

    def multiplied(
        self, x: Rowwise, weight_OI: Tensor, scale_O1: Tensor, bias_O: Tensor | None
    ) -> Tensor:
        """Return `x` times an fp8 matrix with a scale a row: bfloat16, shape [B, S, O]."""
