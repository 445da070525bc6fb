"""The ranks of a worker: their process group, and what of a take is whose."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from s2v.core.shards import Shard
from s2v_render.engines.wan.sharding.exchange import quickest_exchange
from s2v_render.engines.wan.sharding.layout import Division, layout_for
from s2v_render.engines.wan.sharding.losing import shards_named
from s2v_render.engines.wan.sharding.sequence import ONE_RANK, SequenceRanks, SeveralRanks
from s2v_render.engines.wan.sharding.strips import ONE_STRIP, SeveralStrips, Strips

_DEADLINE = timedelta(minutes=10)
"""A collective that comes to no end for so long never will; a forward takes seconds."""
_ENVIRONMENT = {
    # All ranks are on one machine, and nobody else is to hear them.
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    # Multicast gains nothing for exchanges among pairs, and has hung.
    "NCCL_NVLS_ENABLE": "0",
}


@dataclass(frozen=True, slots=True)
class TakeRanks:
    """What of a take is this rank's.

    Attributes:
        sequence: the ranks that share its forwards.
        branch: whose forwards these are: 0 follows the prompt, 1 turns from it; None is both.
        others: the ranks that have the same share of the other branch; None if there are none.
        strips: all ranks of the take, which share the pictures.
    """

    sequence: SequenceRanks = ONE_RANK
    branch: int | None = None
    others: dist.ProcessGroup | None = None
    strips: Strips = ONE_STRIP

    def both(self, velocity: Tensor) -> tuple[Tensor, Tensor]:
        """Exchange what the branches predict; the one that follows the prompt comes first."""
        mine = velocity.contiguous()
        toward, away = torch.empty_like(mine), torch.empty_like(mine)
        with shards_named():
            dist.all_gather([toward, away], mine, self.others)
        return toward, away


ALONE = TakeRanks()
"""One rank makes the take."""


class Ranks:
    """The ranks of one worker; made once in each of its processes, at the same time.

    Args:
        shard: which of them this one is.
        device: that it computes on; another one for each rank, or all on the host.
    """

    def __init__(self, shard: Shard, device: torch.device) -> None:
        self._shard, self._device = shard, device
        self._known: dict[Division, TakeRanks | None] = {}
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        on_gpu = device.type == "cuda"
        with shards_named():
            dist.init_process_group(
                "nccl" if on_gpu else "gloo",
                store=dist.FileStore(str(shard.folder / "ranks"), shard.ranks),
                rank=shard.rank,
                world_size=shard.ranks,
                timeout=_DEADLINE,
                device_id=device if on_gpu else None,
            )
        assert dist.group.WORLD is not None
        self._groups = {range(shard.ranks): dist.group.WORLD}

    def for_take(self, *, heads: int, guided: bool) -> TakeRanks | None:
        """Return what of a take is this rank's, None if nothing; all ranks ask the same.

        Args:
            heads: of the transformer.
            guided: whether each step asks it twice.
        """
        layout = layout_for(self._shard.ranks, heads=heads, guided=guided)
        if layout not in self._known:
            self._known[layout] = self._part(layout)
        return self._known[layout]

    def _part(self, layout: Division) -> TakeRanks | None:
        sharing = self._group(layout.sharing(branch) for branch in range(layout.branches))
        others = self._group(layout.exchanging(place) for place in range(layout.sequence))
        everybody = self._group([range(layout.ranks)])
        if self._shard.rank >= layout.ranks:
            return None
        return TakeRanks(
            SeveralRanks(sharing, quickest_exchange(sharing, self._device))
            if sharing
            else ONE_RANK,
            layout.branch(self._shard.rank) if others else None,
            others,
            SeveralStrips(everybody) if everybody else ONE_STRIP,
        )

    def _group(self, groups: Iterable[range]) -> dist.ProcessGroup | None:
        """Return which of some groups this rank is in, if any; each is made once, on every rank."""
        mine: dist.ProcessGroup | None = None
        for ranks in groups:
            if len(ranks) == 1:
                continue
            if ranks not in self._groups:
                with shards_named():
                    self._groups[ranks] = dist.new_group(list(ranks), timeout=_DEADLINE)
            if self._shard.rank in ranks:
                mine = self._groups[ranks]
        return mine
