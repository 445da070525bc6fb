"""The tokens of one forward over several ranks: who has which, and how they attend to all.

Outside attention every rank computes its own tokens with all heads; for attention the ranks turn
to all tokens with their own heads, and back: four exchanges a block, as in DeepSpeed Ulysses
(arXiv 2309.14509). Shares need not be equal.

Shape suffixes: B batch, S tokens of this rank, L tokens of the sequence, N heads, M heads of this
rank, H width of a head, W the same in words, D width of a token, R ranks.
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
from s2v_render.engines.wan.sharding.exchanging import exchanged, others
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
        x_BSRMW = _in_words(x_BSNH).unflatten(2, (self._ranks, -1))
        batch, *_, mine, words = x_BSRMW.shape
        all_BLMW = x_BSRMW.new_empty(batch, tokens, mine, words)
        parts = [all_BLMW[:, share.start : share.stop] for share in shares(tokens, self._ranks)]
        sent = [x_BSMW.contiguous() for x_BSMW in others(x_BSRMW.unbind(2), self._group)]
        wait = exchanged(self._group, sent, others(parts, self._group))
        parts[self._rank].copy_(x_BSRMW[:, :, self._rank])

        def arrived() -> Tensor:
            wait()
            return all_BLMW.view(x_BSNH.dtype)

        return arrived

    def to_tokens(self, x_BLMH: Tensor) -> Tensor:
        """Send all tokens with own heads; return own tokens with all heads."""
        x_BLMW = _in_words(x_BLMH.contiguous())
        parts = [
            x_BLMW[:, share.start : share.stop] for share in shares(x_BLMW.shape[1], self._ranks)
        ]
        own_BSMW = parts[self._rank]
        landed = [torch.empty_like(own_BSMW) for _ in range(self._ranks - 1)]
        wait = exchanged(self._group, others(parts, self._group), landed)
        wait()
        landed.insert(self._rank, own_BSMW)
        return torch.stack(landed, dim=2).flatten(2, 3).view(x_BLMH.dtype)

    def gathered(self, x_BSD: Tensor, tokens: int, first: int) -> Tensor:
        """Return the first tokens of the sequence, on every rank."""
        counts = [len(within(share, first)) for share in shares(tokens, self._ranks)]
        most = max(counts)
        sent = F.pad(x_BSD, (0, 0, 0, most - x_BSD.shape[1])).contiguous()
        received = [torch.empty_like(sent) for _ in counts]
        with shards_named():
            dist.all_gather(received, sent, self._group)
        parts = zip(received, counts, strict=True)
        return torch.cat([part[:, :count] for part, count in parts], dim=1)


def _in_words(x: Tensor) -> Tensor:
    """Return the same bytes as whole numbers of 8 bytes, where they fit: quicker to copy."""
    return x.view(torch.int64) if x.shape[-1] * x.element_size() % 8 == 0 else x
