"""The tokens of one forward over several ranks: who has which, and how they attend to all.

Outside attention every rank computes its own tokens with all heads; for attention the ranks turn
to all tokens with their own heads, and back, as in DeepSpeed Ulysses (arXiv 2309.14509). They
attend by halves of their heads, so that one half is on its way while the other one attends: eight
exchanges a block, four where a rank's heads cannot be halved. Shares need not be equal.

Shape suffixes: B batch, S tokens of this rank, L tokens of the sequence, N heads, M heads of a
part, H width of a head, D width of a token, R ranks, P parts of a rank's heads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Protocol

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from s2v_render.engines.wan.sharding.cutting import shares, within
from s2v_render.engines.wan.sharding.exchange import Exchange
from s2v_render.engines.wan.sharding.losing import shards_named

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From queries, keys and values, each of shape [B, L, heads, H], to what the queries gather."""
Arriving = Callable[[], Tensor]
"""Returns what was sent as soon as the device has it; the host does not wait for a GPU."""
Sent = Sequence[Arriving]
"""All tokens with own heads, by parts of these heads: each [B, L, heads of the part, H]."""


class SequenceRanks(Protocol):
    """The ranks that share the tokens of a forward."""

    def share(self, tokens: int) -> range:
        """Return which of so many tokens are this rank's."""

    def sent(self, x_BSNH: Tensor, tokens: int) -> Sent:
        """Begin to send own tokens with all heads to where they attend; others' come here.

        Args:
            x_BSNH: this rank's own.
            tokens: of the whole sequence.
        """

    def attended(self, attend: Attend, query: Sent, key: Sent, value: Sent) -> Tensor:
        """Return what own tokens gather with all heads, [B, S, N, H], until the next attention."""

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

    def sent(self, x_BSNH: Tensor, tokens: int) -> Sent:
        """Return the tensor as it is."""
        return (lambda: x_BSNH,)

    def attended(self, attend: Attend, query: Sent, key: Sent, value: Sent) -> Tensor:
        """Return what all tokens gather."""
        return attend(query[0](), key[0](), value[0]())

    def gathered(self, x_BSD: Tensor, tokens: int, first: int) -> Tensor:
        """Return the tensor as it is."""
        return x_BSD


ONE_RANK = OneRank()


class SeveralRanks:
    """Ranks of a process group, which divides the heads."""

    def __init__(self, group: dist.ProcessGroup, exchange: Exchange) -> None:
        self._group = group
        self._exchange = exchange
        self._ranks, self._rank = group.size(), group.rank()

    def share(self, tokens: int) -> range:
        """Return which of so many tokens are this rank's."""
        return shares(tokens, self._ranks)[self._rank]

    def sent(self, x_BSNH: Tensor, tokens: int) -> Sent:
        """Begin to send own tokens with all heads to where they attend; others' come here."""
        x_BSRMH = x_BSNH.unflatten(2, (self._ranks, -1))
        parts = 2 if x_BSRMH.shape[3] % 2 == 0 else 1
        return [self._to_heads(part_BSRMH, tokens) for part_BSRMH in x_BSRMH.chunk(parts, dim=3)]

    def attended(self, attend: Attend, query: Sent, key: Sent, value: Sent) -> Tensor:
        """Return what own tokens gather with all heads."""
        made = (
            attend(*(arriving() for arriving in part)).contiguous()
            for part in zip(query, key, value, strict=True)
        )
        first_BLMH = next(made)
        batch, tokens, *heads = first_BLMH.shape
        cut = shares(tokens, self._ranks)
        arrival = self._exchange.arrival(
            first_BLMH,
            lambda rank: (batch, len(cut[rank]), self._ranks, len(query), *heads),
            exchanges=len(query),
        )
        waits = [
            self._exchange.begin(
                arrival,
                [x_BLMH[:, share.start : share.stop] for share in cut],
                partial(_part_of_rank, part),
            )
            for part, x_BLMH in enumerate(chain([first_BLMH], made))
        ]
        for wait in waits:
            wait()
        return arrival.mine.flatten(2, 4)

    def _to_heads(self, x_BSRMH: Tensor, tokens: int) -> Arriving:
        """Send own tokens with the heads of all ranks; all tokens with own heads arrive."""
        batch, *_, mine, width = x_BSRMH.shape
        cut = shares(tokens, self._ranks)
        # As much room as what goes back needs: none may be sought while something is on its way.
        most = self._ranks * max(map(len, cut))
        arrival = self._exchange.arrival(x_BSRMH, lambda _: (batch, most, mine, width))
        wait = self._exchange.begin(
            arrival,
            x_BSRMH.unbind(2),
            lambda all_BLMH, rank: all_BLMH[:, cut[rank].start : cut[rank].stop],
        )

        def arrived() -> Tensor:
            wait()
            return arrival.mine[:, :tokens]

        return arrived

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


def _part_of_rank(part: int, arrival_BSRPMH: Tensor, rank: int) -> Tensor:
    """Return the place of a part of a rank's heads."""
    return arrival_BSRPMH[:, :, rank, part]
