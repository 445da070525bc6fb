"""Attention in fp8 by cuDNN, which torch has no call for; what attends is rounded here.

Each tensor has one scale. What all keys have in common is taken from them before: it moves all
scores of a query alike, which the softmax does not see (as in SageAttention, arXiv 2410.02367).
On Hopper cuDNN returns fp8, too; a gathered value is no larger than the values it is made of, so
that their scale is right for it.

Shape suffixes: B batch, S queries, L keys, N heads, H width of a head, D = N * H.
Source: cuDNN frontend, operation "SDPA FP8 Forward".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from s2v_render.engines.wan.ops.protocol import FP8, FP8_MAX

_MOST_PROBABLE = 256.0
"""By which probabilities, 1 at most, are multiplied before they are rounded."""
_LEAST_MOST = 1e-6
_ROWS_AT_ONCE = 16
_SCALES = ("descale_q", "descale_k", "descale_v", "descale_s", "scale_s", "scale_o")


@dataclass(frozen=True, slots=True)
class Rounded:
    """A tensor in fp8: `values` times `unit`, a power of two: fp32, shape [1, 1, 1, 1]."""

    values: Tensor
    unit: Tensor


@dataclass(frozen=True, slots=True)
class _Graph:
    """A built graph, and its tensors by name."""

    graph: Any
    tensors: dict[str, Any]
    workspace_bytes: int


class Fp8Attention:
    """Attends on one GPU; graphs are built once a shape."""

    def __init__(self) -> None:
        self._graphs: dict[tuple[int, ...], _Graph] = {}

    def __call__(self, q_BSNH: Tensor, k_BLNH: Tensor, v_BLNH: Tensor) -> Tensor:
        """Return what the queries gather, shape [B, S, N, H], in their dtype."""
        import cudnn

        q, k, v = rounded(q_BSNH), rounded(k_BLNH, centred=True), rounded(v_BLNH)
        built = self._graph(*q_BSNH.shape, k_BLNH.shape[1])
        one = torch.ones_like(q.unit)
        gathered_BSNH = torch.empty_like(q.values)
        workspace = torch.empty(built.workspace_bytes, dtype=torch.uint8, device=q_BSNH.device)
        given = {
            "q": q.values,
            "k": k.values,
            "v": v.values,
            "o": gathered_BSNH,
            "descale_q": q.unit,
            "descale_k": k.unit,
            "descale_v": v.unit,
            "descale_s": one / _MOST_PROBABLE,
            "scale_s": one * _MOST_PROBABLE,
            "scale_o": 1 / v.unit,
            "amax_s": torch.empty_like(one),
            "amax_o": torch.empty_like(one),
        }
        stream = torch.cuda.current_stream(q_BSNH.device).cuda_stream
        cudnn.set_stream(handle=self._handle, stream=stream)
        pointers = {built.tensors[name]: tensor for name, tensor in given.items()}
        built.graph.execute(pointers, workspace, handle=self._handle)
        return unrounded(Rounded(gathered_BSNH, v.unit), q_BSNH.dtype)

    @cached_property
    def _handle(self) -> Any:
        import cudnn

        return cudnn.create_handle()

    def _graph(self, *shape: int) -> _Graph:
        if shape not in self._graphs:
            self._graphs[shape] = self._built(*shape)
        return self._graphs[shape]

    def _built(self, batch: int, queries: int, heads: int, width: int, keys: int) -> _Graph:
        import cudnn

        fp8, fp32 = cudnn.data_type.FP8_E4M3, cudnn.data_type.FLOAT
        graph = cudnn.pygraph(
            io_data_type=fp8,
            intermediate_data_type=fp32,
            compute_data_type=fp32,
            handle=self._handle,
        )

        def laid_out(rows: int) -> dict[str, tuple[int, ...]]:
            strides = (rows * heads * width, width, heads * width, 1)
            return {"dim": (batch, heads, rows, width), "stride": strides}

        one_number = {"dim": (1, 1, 1, 1), "stride": (1, 1, 1, 1)}
        tensors = {
            name: graph.tensor(name=name, data_type=fp8, **laid_out(rows))
            for name, rows in (("q", queries), ("k", keys), ("v", keys))
        }
        for name in _SCALES:
            tensors[name] = graph.tensor(name=name, data_type=fp32, **one_number)
        tensors["o"], _, tensors["amax_s"], tensors["amax_o"] = graph.sdpa_fp8(
            **tensors,
            attn_scale=1 / math.sqrt(width),
            use_causal_mask=False,
            generate_stats=False,
        )
        for name, layout, dtype in (
            ("o", laid_out(queries), fp8),
            ("amax_s", one_number, fp32),
            ("amax_o", one_number, fp32),
        ):
            made = tensors[name].set_output(True).set_data_type(dtype)
            made.set_dim(layout["dim"]).set_stride(layout["stride"])
        graph.validate()
        graph.build_operation_graph()
        graph.create_execution_plans([cudnn.heur_mode.A])
        graph.check_support()
        graph.build_plans()
        return _Graph(graph, tensors, max(1, graph.get_workspace_size()))


def rounded(x_BLNH: Tensor, *, centred: bool = False) -> Rounded:
    """Return a tensor in fp8, its largest number about as large as fp8 can be.

    Args:
        x_BLNH: bfloat16.
        centred: whether what all tokens have in common is taken away.
    """
    most, mean_BD = _most(x_BLNH), None
    if centred:
        mean_BD = x_BLNH.flatten(2).mean(dim=1)
        most = most + _most(mean_BD)
    # A power of two, so that bfloat16 has room for every multiple of it.
    unit = (most.clamp(min=_LEAST_MOST) / FP8_MAX).log2().ceil().exp2().view(1, 1, 1, 1)
    return Rounded(_scaled(x_BLNH, mean_BD, 1 / unit, FP8), unit)


def unrounded(x: Rounded, dtype: torch.dtype) -> Tensor:
    """Return the numbers in another dtype."""
    return _scaled(x.values, None, x.unit, dtype)


def _scaled(x_BLNH: Tensor, less_BD: Tensor | None, by: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor, less something of each token, times a number, in another dtype."""
    x_BLD = x_BLNH.flatten(2).contiguous()
    batch, count, width = x_BLD.shape
    made = torch.empty(x_BLNH.shape, dtype=dtype, device=x_BLD.device)
    _scale[(triton.cdiv(count, _ROWS_AT_ONCE), batch)](
        x_BLD,
        x_BLD if less_BD is None else less_BD,
        by,
        made,
        count,
        D=width,
        BLOCK=triton.next_power_of_2(width),
        ROWS=_ROWS_AT_ONCE,
        LESS=less_BD is not None,
        num_warps=8,
    )
    return made


def _most(x: Tensor) -> Tensor:
    least, most = x.aminmax()
    return torch.maximum(-least, most).float()


@triton.jit
def _scale(  # type: ignore[no-untyped-def]
    x_ptr,
    less_ptr,
    by_ptr,
    out_ptr,
    count,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    ROWS: tl.constexpr,
    LESS: tl.constexpr,
):
    sample = tl.program_id(1).to(tl.int64)
    columns = tl.arange(0, BLOCK)
    inside = columns < D
    by = tl.load(by_ptr)
    first = tl.program_id(0) * ROWS
    if LESS:
        less = tl.load(less_ptr + sample * D + columns, mask=inside, other=0.0).to(tl.float32)
    for row in range(first, tl.minimum(first + ROWS, count)):
        at = (sample * count + row) * D + columns
        x = tl.load(x_ptr + at, mask=inside, other=0.0).to(tl.float32)
        if LESS:
            x = x - less
        tl.store(out_ptr + at, (x * by).to(out_ptr.dtype.element_ty), mask=inside)
