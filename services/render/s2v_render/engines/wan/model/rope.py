"""Rotary positions: where a token stands in time and in the picture, and the angles of that.

Shape suffixes: S tokens, P pairs of channels in a head.
Source: facts of the official `rope_precompute`; here real-valued, with tables in fp32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from s2v_render.engines.wan.ops.protocol import Rotations

_THETA = 10_000.0


def positions(frames: Sequence[int], rows: Sequence[int], columns: Sequence[int]) -> Tensor:
    """Return where the tokens of a grid stand: int64, shape [S, 3], frame first, column fastest."""
    return torch.cartesian_prod(*(torch.tensor(axis) for axis in (frames, rows, columns)))


def spread(count: int, full: int) -> list[int]:
    """Return `count` positions evenly spaced over 0..full-1, both ends included, rounded down."""
    return [int(place) for place in np.linspace(0, full - 1, count)]


def rotations(positions_S3: Tensor, head_dim: int, *, device: torch.device) -> Rotations:
    """Return the angles of tokens at the given positions, which may be negative.

    Rows and columns turn `head_dim // 6` pairs each, frames turn the rest, which come first.
    """
    side = head_dim // 6
    pairs = (head_dim // 2 - 2 * side, side, side)
    angles = [
        positions_S3[:, axis, None].to(device, torch.float64)
        * _THETA ** (-torch.arange(count, dtype=torch.float64, device=device) / count)
        for axis, count in enumerate(pairs)
        if count
    ]
    angles_SP = torch.cat(angles, dim=1)
    return Rotations(angles_SP.cos().float(), angles_SP.sin().float())
