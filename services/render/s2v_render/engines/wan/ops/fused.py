"""The operations in Triton: each reads and writes what it must once. Kernels are kept on disk.

Shape suffixes: see `protocol`.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
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

_LEAST_MOST = tl.constexpr(1e-12)
_MOST = tl.constexpr(FP8_MAX)
_SQRT_2_OVER_PI = tl.constexpr(0.7978845608028654)


class FusedOps:
    """Implements `Ops` on CUDA, in bfloat16 or fp8."""

    name = "triton"

    def normed(self, x_BSD: Tensor, norm: Norm, *, out: torch.dtype) -> Activation:
        """Return the stream, normed."""
        return _streamed(x_BSD, None, None, norm, out)

    def add(self, x_BSD: Tensor, y_BSD: Tensor, *, gate: Gate | None = None) -> None:
        """Add `y` to the stream `x` in place."""
        _streamed(x_BSD, y_BSD, gate, None, y_BSD.dtype)

    def add_normed(
        self, x_BSD: Tensor, y_BSD: Tensor, norm: Norm, *, gate: Gate | None, out: torch.dtype
    ) -> Activation:
        """Add `y` to the stream `x` in place, and return the sum, normed."""
        return _streamed(x_BSD, y_BSD, gate, norm, out)

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

        In place: `x` is what is returned.
        """
        batch, count, width = x_BSD.shape
        assert x_BSD.is_contiguous()
        angles = turn or Rotations(x_BSD, x_BSD)
        _head_rows[(batch * count,)](
            x_BSD,
            x_BSD if weight_D is None else weight_D,
            angles.cos_SP,
            angles.sin_SP,
            count,
            eps,
            D=width,
            PAIRS=width // heads // 2,
            BLOCK=triton.next_power_of_2(width),
            NORMS=weight_D is not None,
            TURNS=turn is not None,
            num_warps=8,
        )
        return x_BSD.unflatten(-1, (heads, -1))

    def gelu(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the tanh form of GELU."""
        return _rounded(x_BSD, out, bends=True)

    def rounded(self, x_BSD: Tensor, *, out: torch.dtype) -> Activation:
        """Return the same numbers as a matrix reads them."""
        return x_BSD.to(out) if out != FP8 else _rounded(x_BSD, out, bends=False)

    def multiplied(
        self, x: Rowwise, weight_OI: Tensor, scale_O1: Tensor, bias_O: Tensor | None
    ) -> Tensor:
        """Return `x` times an fp8 matrix, summed in the card's fp8 units."""
        made = torch._scaled_mm(
            x.values_SI,
            weight_OI.t(),
            scale_a=x.scale_S1,
            scale_b=scale_O1.t(),
            bias=bias_O,
            out_dtype=torch.bfloat16,
            use_fast_accum=True,
        )
        return made.unflatten(0, (x.batch, -1))


def _made(rows: int, width: int, like: Tensor, out: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return room for rows, and for their scales where they are fp8."""
    values = torch.empty(rows, width, dtype=out, device=like.device)
    scales = torch.empty(rows, 1, dtype=torch.float32, device=like.device) if out == FP8 else values
    return values, scales


def _as_read(values: Tensor, scales: Tensor, batch: int) -> Activation:
    if values.dtype == FP8:
        return Rowwise(values, scales, batch)
    return values.unflatten(0, (batch, -1))


def _streamed(
    x_BSD: Tensor, y_BSD: Tensor | None, gate: Gate | None, norm: Norm | None, out: torch.dtype
) -> Any:
    batch, count, width = x_BSD.shape
    assert x_BSD.stride(1) == width
    values, scales = _made(batch * count if norm else 0, width, x_BSD, out)
    gates = x_BSD if gate is None else gate.values_BGD
    scale, shift = (x_BSD, x_BSD) if norm is None else (norm.scale_BGD, norm.shift_BGD)
    assert gate is None or gates.is_contiguous()
    assert norm is None or (scale.is_contiguous() and shift.is_contiguous())
    y = x_BSD if y_BSD is None else y_BSD.contiguous()
    _stream[(batch * count,)](
        x_BSD,
        y,
        gates,
        scale,
        shift,
        values,
        scales,
        count,
        x_BSD.stride(0),
        gate.group_tokens if gate else 1,
        gates.shape[1],
        gates.stride(0) if gates.shape[0] > 1 else 0,
        norm.group_tokens if norm else 1,
        scale.shape[1],
        scale.stride(0) if scale.shape[0] > 1 else 0,
        norm.eps if norm else 0.0,
        D=width,
        BLOCK=triton.next_power_of_2(width),
        ADDS=y_BSD is not None,
        GATES=gate is not None,
        NORMS=norm is not None,
        QUANTISES=out == FP8,
        num_warps=8,
    )
    return _as_read(values, scales, batch) if norm else None


def _rounded(x_BSD: Tensor, out: torch.dtype, *, bends: bool) -> Activation:
    batch, count, width = x_BSD.shape
    x_BSD = x_BSD.contiguous()
    values, scales = _made(batch * count, width, x_BSD, out)
    _round[(batch * count,)](
        x_BSD,
        values,
        scales,
        D=width,
        BLOCK=triton.next_power_of_2(width),
        BENDS=bends,
        QUANTISES=out == FP8,
        num_warps=8,
    )
    return _as_read(values, scales, batch)


@triton.jit
def _store(  # type: ignore[no-untyped-def]
    x, out_ptr, scales_ptr, row, columns, inside, D: tl.constexpr, QUANTISES: tl.constexpr
):
    if QUANTISES:
        most = tl.max(tl.where(inside, tl.abs(x), 0.0), axis=0)
        scale = tl.maximum(most, _LEAST_MOST) / _MOST
        x = tl.minimum(tl.maximum(x * (1.0 / scale), -_MOST), _MOST)
        tl.store(scales_ptr + row, scale)
    tl.store(out_ptr + row * D + columns, x.to(out_ptr.dtype.element_ty), mask=inside)


@triton.jit
def _stream(  # type: ignore[no-untyped-def]
    x_ptr,
    y_ptr,
    gate_ptr,
    scale_ptr,
    shift_ptr,
    out_ptr,
    scales_ptr,
    count,
    batch_stride,
    gate_tokens,
    gate_groups,
    gate_stride,
    norm_tokens,
    norm_groups,
    norm_stride,
    eps,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    ADDS: tl.constexpr,
    GATES: tl.constexpr,
    NORMS: tl.constexpr,
    QUANTISES: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    sample = row // count
    token = row % count
    columns = tl.arange(0, BLOCK)
    inside = columns < D
    place = x_ptr + sample * batch_stride + token * D + columns
    x = tl.load(place, mask=inside, other=0.0)
    if ADDS:
        y = tl.load(y_ptr + row * D + columns, mask=inside, other=0.0).to(tl.float32)
        if GATES:
            group = tl.minimum(token // gate_tokens, gate_groups - 1)
            at = gate_ptr + sample * gate_stride + group * D + columns
            y = y * tl.load(at, mask=inside, other=0.0)
        x = x + y
        tl.store(place, x, mask=inside)
    if NORMS:
        mean = tl.sum(x, axis=0) / D
        centred = tl.where(inside, x - mean, 0.0)
        narrowing = tl.rsqrt(tl.sum(centred * centred, axis=0) / D + eps)
        group = tl.minimum(token // norm_tokens, norm_groups - 1)
        at = sample * norm_stride + group * D + columns
        scale = tl.load(scale_ptr + at, mask=inside, other=0.0)
        shift = tl.load(shift_ptr + at, mask=inside, other=0.0)
        seen = centred * narrowing * scale + shift
        _store(seen, out_ptr, scales_ptr, row, columns, inside, D, QUANTISES)


@triton.jit
def _head_rows(  # type: ignore[no-untyped-def]
    x_ptr,
    weight_ptr,
    cos_ptr,
    sin_ptr,
    count,
    eps,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    BLOCK: tl.constexpr,
    NORMS: tl.constexpr,
    TURNS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    columns = tl.arange(0, BLOCK)
    inside = columns < D
    place = x_ptr + row * D + columns
    read = tl.load(place, mask=inside, other=0.0)
    x = read.to(tl.float32)
    if NORMS:
        narrowing = tl.rsqrt(tl.sum(x * x, axis=0) / D + eps)
        weight = tl.load(weight_ptr + columns, mask=inside, other=0.0).to(tl.float32)
        # Rounded where plain torch rounds.
        x = (x * narrowing * weight).to(read.dtype).to(tl.float32)
    if TURNS:
        pairs = tl.arange(0, BLOCK // 2)
        at = (row % count) * PAIRS + pairs % PAIRS
        cos = tl.load(cos_ptr + at, mask=pairs * 2 < D, other=0.0)
        sin = tl.load(sin_ptr + at, mask=pairs * 2 < D, other=0.0)
        even, odd = tl.split(tl.reshape(x, (BLOCK // 2, 2)))
        x = tl.reshape(tl.join(even * cos - odd * sin, even * sin + odd * cos), (BLOCK,))
    tl.store(place, x.to(read.dtype), mask=inside)


@triton.jit
def _round(  # type: ignore[no-untyped-def]
    x_ptr,
    out_ptr,
    scales_ptr,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    BENDS: tl.constexpr,
    QUANTISES: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    columns = tl.arange(0, BLOCK)
    inside = columns < D
    x = tl.load(x_ptr + row * D + columns, mask=inside, other=0.0).to(tl.float32)
    if BENDS:
        # (1 + tanh(u)) / 2 is the sigmoid of 2 u.
        x = x * tl.sigmoid(2 * _SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))
    _store(x, out_ptr, scales_ptr, row, columns, inside, D, QUANTISES)
