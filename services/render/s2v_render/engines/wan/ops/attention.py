"""Attention behind one seam: the fastest way that works here, chosen once, the same at every call.

Shape suffixes: B batch, S queries, L keys, N heads, H width of a head.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

_FLASH_4, _CUDNN_FP8 = "flash-attn-4", "cudnn in fp8"
_SLOW_TO_START = (_FLASH_4, _CUDNN_FP8)
_MANY_KEYS = 2048
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class AttentionBackend:
    """A way to attend; `attend` takes [B, S, N, H] and two of [B, L, N, H], returns the first."""

    name: str
    attend: Attend


def fastest_attention(
    device: torch.device, dtype: torch.dtype, head_dim: int, *, fp8: bool = False
) -> AttentionBackend:
    """Return the fastest way that is installed and works with such heads on this device.

    Args:
        device: where.
        dtype: of what attends.
        head_dim: width of a head.
        fp8: whether many keys may be attended to in fp8, where that works.
    """
    if device.type != "cuda":
        return PLAIN_ATTENTION
    ways = [each for each in _on_cuda(fp8=fp8) if _works(each, device, dtype, head_dim)]
    ways.append(PLAIN_ATTENTION)
    many, few = ways[0], next(each for each in ways if each.name not in _SLOW_TO_START)
    return many if many is few else _by_length(many, few)


def attends_in_fp8(device: torch.device, head_dim: int) -> bool:
    """Return whether that works here."""
    return device.type == "cuda" and any(
        _works(each, device, torch.bfloat16, head_dim) for each in _in_fp8()
    )


def _by_length(many: AttentionBackend, few: AttentionBackend) -> AttentionBackend:
    """Return one that attends to few keys otherwise: there the first one's start costs most."""

    def attend(q_BSNH: Tensor, k_BLNH: Tensor, v_BLNH: Tensor) -> Tensor:
        way = many if k_BLNH.shape[1] >= _MANY_KEYS else few
        return way.attend(q_BSNH, k_BLNH, v_BLNH)

    return AttentionBackend(f"{many.name}, below {_MANY_KEYS} keys {few.name}", attend)


def _in_fp8() -> Iterator[AttentionBackend]:
    if importlib.util.find_spec("triton") and importlib.util.find_spec("cudnn"):
        from s2v_render.engines.wan.ops.fp8_attention import Fp8Attention

        yield AttentionBackend(_CUDNN_FP8, Fp8Attention())


def _on_cuda(*, fp8: bool) -> Iterator[AttentionBackend]:
    """Yield what there is, the fastest first: measured on Hopper with heads of 128."""
    if fp8:
        yield from _in_fp8()
    if importlib.util.find_spec("flash_attn") and importlib.util.find_spec("flash_attn.cute"):
        keep_what_flash_4_compiles()
        yield AttentionBackend(_FLASH_4, _flash_4)
    for backend in (SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION):
        yield _pinned(backend)


def _works(
    found: AttentionBackend, device: torch.device, dtype: torch.dtype, head_dim: int
) -> bool:
    tried = torch.zeros(1, 128, 2, head_dim, dtype=dtype, device=device)
    try:
        return found.attend(tried, tried, tried).shape == tried.shape
    except (RuntimeError, ImportError, AssertionError, TypeError, ValueError):
        return False


def keep_what_flash_4_compiles() -> None:
    """Have it on disk at the next start, where Triton keeps its own: compiling takes seconds.

    Unless told otherwise flash-attn-4 keeps nothing, or keeps it where other users could have put
    something before.
    """
    if importlib.util.find_spec("triton") is None:
        return
    from triton import knobs

    folder = Path(knobs.cache.dir, "flash-attn-4")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    os.environ.setdefault("FLASH_ATTENTION_CUTE_DSL_CACHE_ENABLED", "1")
    os.environ.setdefault("FLASH_ATTENTION_CUTE_DSL_CACHE_DIR", str(folder))


def _flash_4(q_BSNH: Tensor, k_BLNH: Tensor, v_BLNH: Tensor) -> Tensor:
    from flash_attn.cute import flash_attn_func

    gathered: Tensor | tuple[Tensor, ...] = flash_attn_func(q_BSNH, k_BLNH, v_BLNH)
    return gathered if isinstance(gathered, Tensor) else gathered[0]


def _pinned(backend: SDPBackend) -> AttentionBackend:
    return AttentionBackend(
        f"torch {backend.name.lower().replace('_', ' ')}", partial(_by_torch, backends=(backend,))
    )


def _by_torch(
    q_BSNH: Tensor, k_BLNH: Tensor, v_BLNH: Tensor, *, backends: tuple[SDPBackend, ...]
) -> Tensor:
    """Attend as the given backends do, whatever the process has set."""
    heads_first = (part.transpose(1, 2) for part in (q_BSNH, k_BLNH, v_BLNH))
    with sdpa_kernel(list(backends)):
        return F.scaled_dot_product_attention(*heads_first).transpose(1, 2)


PLAIN_ATTENTION = AttentionBackend(
    "torch",
    partial(
        _by_torch,
        backends=(
            SDPBackend.CUDNN_ATTENTION,
            SDPBackend.FLASH_ATTENTION,
            SDPBackend.EFFICIENT_ATTENTION,
            SDPBackend.MATH,
        ),
    ),
)
"""Whatever torch holds for best; works everywhere."""
