"""What the ranks of a process group send to each other, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch.distributed as dist
from torch import Tensor

from s2v_render.engines.wan.sharding.losing import shards_named

PartT = TypeVar("PartT")


def others(parts: Sequence[PartT], group: dist.ProcessGroup) -> list[PartT]:
    """Return the parts of all ranks but this one."""
    return [part for rank, part in enumerate(parts) if rank != group.rank()]


def exchanged(
    group: dist.ProcessGroup, sent: Sequence[Tensor], into: Sequence[Tensor]
) -> Callable[[], None]:
    """Send a part to each other rank and receive one of each; return what waits for that.

    What stays here is not part of it: it would go through the same few channels. A part's samples
    are each contiguous, and sent one by one.
    """
    ranks = others(range(group.size()), group)
    ways = ((dist.isend, sent), (dist.irecv, into))
    operations = [
        dist.P2POp(way, sample, group=group, group_peer=rank)
        for way, parts in ways
        for rank, part in zip(ranks, parts, strict=True)
        for sample in part
        if sample.numel()
    ]
    with shards_named():
        works = dist.batch_isend_irecv(operations) if operations else []

    def wait() -> None:
        with shards_named():
            for work in works:
                work.wait()
        operations.clear()  # until now what is sent had to stay

    return wait
