"""The pictures of the video autoencoder over several ranks: who computes which strip of them.

What is as small as latents every rank computes whole. The rest goes by stages, of one size each: a
rank has a strip of columns, or of rows where those are more, and on both sides of it as many lines
of its neighbours' as the stage's convolutions reach. What these make at the edges of that is wrong,
but reaches no line of the rank's own. It is dropped when the ranks tell each other, before the next
stage, what each needs around its strip. At the picture's own borders they see what one rank sees.

Shape suffixes: B batch, C channels, T frames, Y rows, X columns.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from s2v_render.engines.wan.sharding.cutting import common, scaled, shares, widened
from s2v_render.engines.wan.sharding.exchange import exchanged, others

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanDecoder3d, WanEncoder3d

_EVERYTHING = sys.maxsize


class Strips(Protocol):
    """The ranks that share a picture; each is given the same and returns the same."""

    def decoded(
        self, decoder: WanDecoder3d, latents_BCTYX: Tensor, past: list[Any], *, first: bool
    ) -> Tensor:
        """Return the pixels of the next latents.

        Args:
            decoder: of the autoencoder.
            latents_BCTYX: all of the picture.
            past: what each convolution remembers of this rank's strip; changed.
            first: whether nothing came before.
        """

    def encoded(self, encoder: WanEncoder3d, pixels_BCTYX: Tensor, past: list[Any]) -> Tensor:
        """Return what the encoder makes of the next pixels; the arguments are as of `decoded`."""


@dataclass(frozen=True, slots=True)
class OneStrip:
    """A rank that has the whole picture."""

    def decoded(
        self, decoder: WanDecoder3d, latents_BCTYX: Tensor, past: list[Any], *, first: bool
    ) -> Tensor:
        """Return the pixels of the next latents."""
        made: Tensor = decoder(latents_BCTYX, feat_cache=past, feat_idx=[0], first_chunk=first)
        return made

    def encoded(self, encoder: WanEncoder3d, pixels_BCTYX: Tensor, past: list[Any]) -> Tensor:
        """Return what the encoder makes of the next pixels."""
        made: Tensor = encoder(pixels_BCTYX, feat_cache=past, feat_idx=[0])
        return made


ONE_STRIP = OneStrip()


class SeveralStrips:
    """Ranks of a process group, each with a strip."""

    def __init__(self, group: dist.ProcessGroup) -> None:
        self._group = group

    def decoded(
        self, decoder: WanDecoder3d, latents_BCTYX: Tensor, past: list[Any], *, first: bool
    ) -> Tensor:
        """Return the pixels of the next latents."""
        stages = decoding_stages(decoder)
        picture = _Picture(self._group, latents_BCTYX.shape[3:], scale=1)
        with picture.cut_at(stages):
            strip = ONE_STRIP.decoded(decoder, latents_BCTYX, past, first=first)
        return picture.around(strip, scale=stages[-1].scale, reach=_EVERYTHING)

    def encoded(self, encoder: WanEncoder3d, pixels_BCTYX: Tensor, past: list[Any]) -> Tensor:
        """Return what the encoder makes of the next pixels."""
        stages = encoding_stages(encoder)
        scale = stages[0].scale
        sides = [side // scale for side in pixels_BCTYX.shape[3:]]
        with _Picture(self._group, sides, scale=scale).cut_at(stages):
            return ONE_STRIP.encoded(encoder, pixels_BCTYX, past)


@dataclass(frozen=True, slots=True)
class StripStage:
    """Layers that follow each other, at whose entry each rank is given what they need.

    Attributes:
        entry: its first argument is the stage's.
        scale: how many lines the picture has there for each one of latents.
        reach: how many lines on each side of its own a rank needs.
    """

    entry: nn.Module
    scale: int
    reach: int


def decoding_stages(decoder: WanDecoder3d) -> list[StripStage]:
    """Return the stages of a decoder; before them the picture is whole."""
    groups: list[list[nn.Module]] = [[block] for block in decoder.up_blocks]
    groups[-1].append(decoder.conv_out)
    return [StripStage(group[0], 2**place, _reach(group)) for place, group in enumerate(groups)]


def encoding_stages(encoder: WanEncoder3d) -> list[StripStage]:
    """Return the stages of an encoder; at the last one the picture is whole again."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanResample

    groups: list[list[nn.Module]] = [[encoder.conv_in]]
    for layer in encoder.down_blocks:
        groups[-1].append(layer)
        if isinstance(layer, WanResample):
            groups.append([])
    entries = [encoder, *(group[0] for group in groups[1:])]
    stages = [
        # Of a strip that starts at an odd line other lines would be taken two by two.
        StripStage(entry, 2 ** (len(groups) - place), _reach(group) + _reach(group) % 2)
        for place, (entry, group) in enumerate(zip(entries, groups, strict=True), start=1)
    ]
    return [*stages, StripStage(encoder.mid_block, 1, _EVERYTHING)]


def _reach(layers: Sequence[nn.Module]) -> int:
    """Return how far the layers look, in lines of what they are given at most."""
    return sum(
        part.weight.shape[-1] // 2
        for layer in layers
        for part in layer.modules()
        if isinstance(part, nn.Conv2d | nn.Conv3d)
    )


class _Picture:
    """A picture on its way through a network; of the lines that are here the own ones are right.

    Args:
        group: the ranks that share it.
        sides: its rows and columns, of latents.
        scale: how many lines there are at first for each one of latents.
    """

    def __init__(self, group: dist.ProcessGroup, sides: Sequence[int], *, scale: int) -> None:
        self._group = group
        rows, columns = sides
        self._dim, self._count = (3, rows) if rows > columns else (4, columns)
        self._here, self._scale, self._is_whole = range(self._count * scale), scale, True

    @contextmanager
    def cut_at(self, stages: Sequence[StripStage]) -> Iterator[None]:
        """Give the stages what they need while a network computes."""
        with ExitStack() as hooks:
            for stage in stages:
                hook = stage.entry.register_forward_pre_hook(partial(self._enter, stage))
                hooks.callback(hook.remove)
            yield

    def _enter(self, stage: StripStage, _: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        x_BCTYX, *rest = args
        return (self.around(x_BCTYX, scale=stage.scale, reach=stage.reach), *rest)

    def around(self, x_BCTYX: Tensor, *, scale: int, reach: int) -> Tensor:
        """Return this rank's lines and those around them, all of them right.

        Args:
            x_BCTYX: the lines that are here.
            scale: how many lines there are now for each one of latents.
            reach: how many are needed on each side.
        """
        rank, size = self._group.rank(), self._group.size()
        own = [scaled(share, scale) for share in shares(self._count, size)]
        wanted = [widened(strip, reach, self._count * scale) for strip in own]
        here, is_whole = scaled(self._here, scale, self._scale), self._is_whole
        self._here, self._scale, self._is_whole = wanted[rank], scale, False

        def lines(some: range) -> Tensor:
            return x_BCTYX.narrow(self._dim, some.start - here.start if some else 0, len(some))

        if is_whole:
            return lines(wanted[rank])
        peers = others(range(size), self._group)
        sent = [_packed(lines(common(own[rank], wanted[peer]))) for peer in peers]
        landed = [self._room(x_BCTYX, len(common(own[peer], wanted[rank]))) for peer in peers]
        exchanged(self._group, sent, landed)()
        parts = [part_BTYXC.movedim(-1, 1) for part_BTYXC in landed]
        parts.insert(rank, lines(own[rank]))
        # Beside an empty part the rest would not stay channels last.
        return torch.cat([part for part in parts if part.numel()], dim=self._dim)

    def _room(self, x_BCTYX: Tensor, lines: int) -> Tensor:
        """Return room for so many lines, channels last."""
        shape = list(x_BCTYX.shape)
        shape[self._dim] = lines
        return x_BCTYX.new_empty([shape[0], *shape[2:], shape[1]])


def _packed(x_BCTYX: Tensor) -> Tensor:
    """Return a copy, channels last: what is sent has no gaps."""
    return x_BCTYX.movedim(1, -1).contiguous()
