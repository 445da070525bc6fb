"""The tokens of one forward over several ranks: who has which, and how they attend to all.

Outside attention every rank computes its own tokens with all heads; for attention the ranks turn
to all tokens with their own heads, and back: four exchanges a block, as in DeepSpeed Ulysses
(arXiv 2309.14509). Shares need not be equal.

Shape suffixes: B batch, S tokens of this rank, L tokens of the sequence, N heads, M heads of this
rank, H width of a head, D width of a token, R ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from s2v_render.engines.wan.sharding.cutting import shares, within
from s2v_render.engines.wan.sharding.losing import shards_named

Arriving = Callable[[], Tensor]
"""Returns what was sent as soon as the device has it; the host does not wait for a GPU."""


class SequenceRanks(Protocol):
    """The ranks that share the tokens of a forward."""

    def share(self, tokens: int) -> range:
        """Return which of so many tokens are this rank's."""

    def to_heads(self, x_BSNH: Tensor, tokens: int) -> Arriving:
        """Send own tokens with all heads; all tokens with own heads arrive: [B, L, M, H]."""

    def to_tokens(self, x_BLMH: Tensor) -> Tensor:
        """Send all tokens with own heads; return own tokens with all heads: [B, S, N, H]."""

    def gathered(self, x_BSD: Tensor, tokens: int, first: int) -> Tensor:
        """Return the first tokens of the sequence, shape [B, first, D].

        Args:
            x_BSD: this rank's own among the first tokens.
            tokens: of the whole sequence.
            first: how many are gathered.
        """


@dataclass(frozen=True, slots=True)
class OneRank:
    """A rank that has the whole sequence, and sends nothing."""

    def share(self, tokens: int) -> range:
        """Return all tokens."""
        return range(tokens)

    def to_heads(self, x_BSNH: Tensor, tokens: int) -> Arriving:
        """Return the tensor as it is."""
        return lambda: x_BSNH

    def to_tokens(self, x_BLMH: Tensor) -> Tensor:
        """Return the tensor as it is."""
        return x_BLMH

    def gathered(self, x_BSD: Tensor, tokens: int, first: int) -> Tensor:
        """Return the tensor as it is."""
        return x_BSD


ONE_RANK = OneRank()


class SeveralRanks:
    """Ranks of a process group, which divides the heads."""

    def __init__(self, group: dist.ProcessGroup) -> None:
        self._group = group
        self._ranks, self._rank = group.size(), group.rank()

    def share(self, tokens: int) -> range:
        """Return which of so many tokens are this rank's."""
        return shares(tokens, self._ranks)[self._rank]

    def to_heads(self, x_BSNH: Tensor, tokens: int) -> Arriving:
        """Send own tokens with all heads; all tokens with own heads arrive."""
        batch, own, heads, width = x_BSNH.shape
        mine = heads // self._ranks
        sent = x_BSNH.unflatten(2, (self._ranks, mine)).movedim(2, 0).reshape(-1)
        counts = [len(share) for share in shares(tokens, self._ranks)]
        row = batch * mine * width
        into = [count * row for count in counts]
        received = torch.empty(sum(into), dtype=sent.dtype, device=sent.device)
        with shards_named():
            work = dist.all_to_all_single(
                received, sent, into, [own * row] * self._ranks, self._group, async_op=True
            )

        def arrived() -> Tensor:
            with shards_named():
                work.wait()
            if batch == 1:
                return received.view(1, tokens, mine, width)
            parts = zip(received.split(into), counts, strict=True)
            return torch.cat([part.view(batch, count, mine, width) for part, count in parts], 1)

        return arrived

    def to_tokens(self, x_BLMH: Tensor) -> Tensor:
        """Send all tokens with own heads; return own tokens with all heads."""
        batch, tokens, mine, width = x_BLMH.shape
        counts = [len(share) for share in shares(tokens, self._ranks)]
        row = batch * mine * width
        sent = x_BLMH.reshape(-1)
        if batch > 1:
            sent = torch.cat([part.reshape(-1) for part in x_BLMH.split(counts, 1)])
        own = counts[self._rank]
        received = torch.empty(
            self._ranks, batch, own, mine, width, dtype=sent.dtype, device=sent.device
        )
        with shards_named():
            dist.all_to_all_single(
                received.view(-1),
                sent,
                [own * row] * self._ranks,
                [count * row for count in counts],
                self._group,
            )
        return received.movedim(0, 2).reshape(batch, own, self._ranks * mine, width)

    def gathered(self, x_BSD: Tensor, tokens: int, first: int) -> Tensor:
        """Return the first tokens of the sequence, on every rank."""
        counts = [len(within(share, first)) for share in shares(tokens, self._ranks)]
        most = max(counts)
        batch, own, width = x_BSD.shape
        sent = F.pad(x_BSD, (0, 0, 0, most - own)).contiguous()
        received = torch.empty(
            self._ranks, batch, most, width, dtype=sent.dtype, device=sent.device
        )
        with shards_named():
            dist.all_gather_into_tensor(received.view(-1), sent.view(-1), self._group)
        parts = zip(received, counts, strict=True)
        return torch.cat([part[:, :count] for part, count in parts], dim=1)
