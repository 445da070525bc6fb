"""The video autoencoder's convolutions and norms as a GPU likes them: channels last, fused, bf16.

Shape suffixes: B batch, C channels, T frames, Y rows, X columns.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import (
    WanCausalConv3d,
    WanDecoder3d,
    WanEncoder3d,
    WanResample,
    WanResidualBlock,
    WanRMS_norm,
    WanUpsample,
)
from torch import Tensor, nn

_LAST = torch.channels_last_3d
_PAST_FRAMES = 2
_FEW, _MANY = 8, 64
"""What a convolution reads fills so many channels: else the card has but slow ways for it."""
_ROWS = 16
_NUMBERS = 1024


def fused(network: AutoencoderKLWan) -> AutoencoderKLWan:
    """Turn an autoencoder's parts into quick ones of the same weights, in bfloat16, in place."""
    network.to(torch.bfloat16)
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, WanResidualBlock):
                part.register_module(name, QuickResidual(child))
            elif isinstance(child, WanResample) and child.mode == "upsample3d":
                part.register_module(name, QuickUpsample(child))
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if type(child) is WanCausalConv3d:
                part.register_module(name, QuickConv(child))
            elif isinstance(child, WanUpsample):
                part.register_module(name, nn.Upsample(scale_factor=2.0, mode="nearest-exact"))
            elif type(child) is nn.Conv2d:
                child.to(memory_format=torch.channels_last)
        if isinstance(part, WanEncoder3d | WanDecoder3d):
            part.norm_out = NormSilu(part.norm_out)
            part.nonlinearity = nn.Identity()
    return network


class QuickConv(WanCausalConv3d):
    """The causal convolution; rows and columns are padded by the convolution itself."""

    def __init__(self, given: WanCausalConv3d, *, within: bool = False) -> None:
        """Take its weights; `within` a block others add its bias, its past and empty channels."""
        nn.Module.__init__(self)
        self.within = within
        channels = given.in_channels
        missing = -channels % (_MANY if within and channels > _MANY else _FEW)
        weight = F.pad(given.weight, (0, 0, 0, 0, 0, 0, 0, missing)).contiguous(memory_format=_LAST)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = None if within else given.bias
        self.channels = channels + missing
        self.stride = given.stride
        self.sides = (0, given._padding[2], given._padding[0])
        self.frames = given._padding[4]

    def forward(self, x: Tensor, cache_x: Tensor | None = None) -> Tensor:
        """Return channels last; before what is remembered there is nothing."""
        x = x if self.within else self._after_past(x, cache_x)
        if missing := self.channels - x.shape[1]:
            x = F.pad(x, (0, 0, 0, 0, 0, 0, 0, missing))
        x = x.contiguous(memory_format=_LAST)
        return F.conv3d(x, self.weight, self.bias, self.stride, self.sides)

    def _after_past(self, x: Tensor, cache_x: Tensor | None) -> Tensor:
        past = [] if cache_x is None or not self.frames else [cache_x]
        unseen = self.frames - sum(part.shape[2] for part in past)
        if unseen:
            past.insert(0, x.new_zeros(*x.shape[:2], unseen, *x.shape[3:]))
        return torch.cat([*past, x], dim=2) if past else x


class NormSilu(nn.Module):
    """The norm over channels, and the SiLU that follows it, in one pass."""

    def __init__(self, given: WanRMS_norm) -> None:
        super().__init__()
        self.gamma = given.gamma

    def forward(self, x_BCTYX: Tensor) -> Tensor:
        """Return channels last."""
        return norm_silu(x_BCTYX, self.gamma)


class QuickResidual(nn.Module):
    """The residual block: norms write where convolutions read, biases are added on the way."""

    def __init__(self, given: WanResidualBlock) -> None:
        super().__init__()
        self.gamma1, self.gamma2 = given.norm1.gamma, given.norm2.gamma
        self.bias1, self.bias2 = given.conv1.bias, given.conv2.bias
        self.conv1 = QuickConv(given.conv1, within=True)
        self.conv2 = QuickConv(given.conv2, within=True)
        self.conv_shortcut = given.conv_shortcut

    def forward(self, x: Tensor, feat_cache: list[Tensor | None], feat_idx: list[int]) -> Tensor:
        """Return channels last; what the convolutions remember is in `feat_cache`."""
        left = self.conv_shortcut(x).contiguous(memory_format=_LAST)
        y = norm_silu(x, self.gamma1, past=_FramesBefore(feat_cache, feat_idx, self.conv1))
        y = self.conv1(y)
        past = _FramesBefore(feat_cache, feat_idx, self.conv2)
        y = norm_silu(y, self.gamma2, bias=self.bias1, past=past)
        return _added(self.conv2(y), self.bias2, left)


class QuickUpsample(nn.Module):
    """Twice the frames, then twice the rows and columns; frames stay channels last."""

    def __init__(self, given: WanResample) -> None:
        super().__init__()
        self.time_conv, self.resample = given.time_conv, given.resample

    def forward(self, x: Tensor, feat_cache: list[Tensor | None], feat_idx: list[int]) -> Tensor:
        """Return channels last; the very first frame stays one, and is not remembered."""
        place = feat_idx[0]
        feat_idx[0] += 1
        past = feat_cache[place]
        if past is None:
            feat_cache[place] = x.new_zeros(*x.shape[:2], _PAST_FRAMES, *x.shape[3:])
        else:
            last = torch.cat([past, x[:, :, -_PAST_FRAMES:]], dim=2)[:, :, -_PAST_FRAMES:]
            feat_cache[place] = last.clone()
            x = _in_turn(self.time_conv(x, past))
        frames = x.permute(0, 2, 1, 3, 4).flatten(0, 1)
        larger: Tensor = self.resample(frames)
        return larger.unflatten(0, (len(x), -1)).permute(0, 2, 1, 3, 4)


def _in_turn(x_BCTYX: Tensor) -> Tensor:
    """Return the halves of the channels as frames, one after the other."""
    halves = x_BCTYX.permute(0, 2, 3, 4, 1).unflatten(-1, (2, -1))
    return halves.permute(0, 1, 4, 2, 3, 5).flatten(1, 2).permute(0, 4, 1, 2, 3)


class _FramesBefore:
    """What the next convolution remembers: its last two frames."""

    def __init__(self, cache: list[Tensor | None], index: list[int], conv: QuickConv) -> None:
        self.channels = conv.channels
        self._cache, self._place = cache, index[0]
        index[0] += 1

    def swap(self, frames_BCTYX: Tensor) -> None:
        """Put the past into the first frames, and remember the last ones."""
        past = self._cache[self._place]
        start = frames_BCTYX[:, :, :_PAST_FRAMES]
        start.zero_() if past is None else start.copy_(past)
        self._cache[self._place] = frames_BCTYX[:, :, -_PAST_FRAMES:].clone()


def norm_silu(
    x_BCTYX: Tensor, gamma: Tensor, *, bias: Tensor | None = None, past: _FramesBefore | None = None
) -> Tensor:
    """Return SiLU of the norm of `x` plus a bias: channels last, after the past if there is one."""
    x_BCTYX = x_BCTYX.contiguous(memory_format=_LAST)
    batch, channels, frames, rows, columns = x_BCTYX.shape
    lead = _PAST_FRAMES if past else 0
    filled = past.channels if past else channels
    shape = (batch, filled, frames + lead, rows, columns)
    out = torch.empty(shape, dtype=x_BCTYX.dtype, device=x_BCTYX.device, memory_format=_LAST)
    each = frames * rows * columns
    _norm_silu[(triton.cdiv(each, _ROWS), batch)](
        x_BCTYX,
        gamma if bias is None else bias,
        gamma,
        out,
        each,
        lead * rows * columns,
        C=channels,
        FILLED=filled,
        BLOCK=triton.next_power_of_2(filled),
        ROWS=_ROWS,
        BIASED=bias is not None,
    )
    if past:
        past.swap(out)
    return out


def _added(x_BCTYX: Tensor, bias: Tensor, y_BCTYX: Tensor) -> Tensor:
    """Add a bias and `y` to `x` in place; both are channels last."""
    count = x_BCTYX.numel()
    _add[(triton.cdiv(count, _NUMBERS),)](
        x_BCTYX, bias, y_BCTYX, count, C=x_BCTYX.shape[1], BLOCK=_NUMBERS
    )
    return x_BCTYX


@triton.jit
def _add(  # type: ignore[no-untyped-def]
    x_ptr, bias_ptr, y_ptr, count, C: tl.constexpr, BLOCK: tl.constexpr
):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
    y = tl.load(y_ptr + place, mask=inside, other=0.0).to(tl.float32)
    bias = tl.load(bias_ptr + place % C, mask=inside, other=0.0).to(tl.float32)
    tl.store(x_ptr + place, (x + bias + y).to(x_ptr.dtype.element_ty), mask=inside)


@triton.jit
def _norm_silu(  # type: ignore[no-untyped-def]
    x_ptr,
    bias_ptr,
    gamma_ptr,
    out_ptr,
    count,
    lead,
    C: tl.constexpr,
    FILLED: tl.constexpr,
    BLOCK: tl.constexpr,
    ROWS: tl.constexpr,
    BIASED: tl.constexpr,
):
    sample = tl.program_id(1).to(tl.int64)
    rows = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    inside = (rows[:, None] < count) & (columns[None, :] < C)
    place = (sample * count + rows[:, None]) * C + columns[None, :]
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
    if BIASED:
        x += tl.load(bias_ptr + columns, mask=columns < C, other=0.0).to(tl.float32)[None, :]
    length = tl.maximum(tl.sqrt(tl.sum(x * x, axis=1)), 1e-12)
    gamma = tl.load(gamma_ptr + columns, mask=columns < C, other=0.0).to(tl.float32)
    seen = x / length[:, None] * (C**0.5) * gamma[None, :]
    at = (sample * (count + lead) + lead + rows[:, None]) * FILLED + columns[None, :]
    written = (rows[:, None] < count) & (columns[None, :] < FILLED)
    tl.store(out_ptr + at, (seen * tl.sigmoid(seen)).to(out_ptr.dtype.element_ty), mask=written)
