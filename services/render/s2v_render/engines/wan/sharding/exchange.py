"""How each rank sends a part of a tensor to each other rank, so that it is there when it is needed.

Every rank has an arrival tensor, whose shape all ranks know; what a rank sends to another one goes
to the sender's place in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import structlog
import torch
import torch.distributed as dist
from torch import Tensor

from s2v_render.engines.wan.sharding.losing import shards_named

_log = structlog.get_logger()
PartT = TypeVar("PartT")

_EXCHANGES_AT_ONCE = 8
"""More than an attention needs, of keys, values, and two each of queries and what they gather."""
_ROOM_STEP_BYTES = 1 << 20
_DEADLINE_MS = 600_000

ShapeOf = Callable[[int], tuple[int, ...]]
"""The shape of a rank's arrival tensor; batch, or something like it, comes first."""
PlaceOf = Callable[[Tensor, int], Tensor]
"""The part of an arrival tensor that is for what a rank sends."""


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


class Exchange(Protocol):
    """A way to send parts; all ranks begin the same exchanges in the same order."""

    def begin(
        self, parts: Sequence[Tensor], shape_of: ShapeOf, place_of: PlaceOf
    ) -> tuple[Tensor, Callable[[], None]]:
        """Begin to send; return this rank's arrival tensor, and what waits until all is in it.

        The host does not wait for a GPU. What is for this rank itself is not moved. The arrival
        tensor is used again after seven more exchanges.

        Args:
            parts: one for each rank.
            shape_of: tells the shape of any rank's arrival tensor.
            place_of: tells the place in such a tensor of what a rank sends.
        """


class CollectiveExchange:
    """By the process group: works everywhere, and takes multiprocessors on a GPU."""

    def __init__(self, group: dist.ProcessGroup) -> None:
        self._group = group

    def begin(
        self, parts: Sequence[Tensor], shape_of: ShapeOf, place_of: PlaceOf
    ) -> tuple[Tensor, Callable[[], None]]:
        """Begin to send."""
        arrival = parts[0].new_empty(shape_of(self._group.rank()))
        sent = [part.contiguous() for part in others(parts, self._group)]
        peers = others(range(self._group.size()), self._group)
        wait = exchanged(self._group, sent, [place_of(arrival, peer) for peer in peers])
        return arrival, wait


class PeerExchange:
    """By copying into the memory of the other GPUs, beside what the multiprocessors do.

    There is room for eight arrival tensors, used in turn, and a signal for each. Whoever writes to
    another rank's room again has waited for an exchange which that one began after it had read what
    was there: what an attention gathers is sent after its keys, values and queries were read, and
    the next attention's keys and values after what was gathered.
    """

    def __init__(self, group: dist.ProcessGroup, device: torch.device) -> None:
        self._group = group
        self._rank = group.rank()
        self._others = others(range(group.size()), group)
        self._device = device
        self._stream = torch.cuda.Stream(device, priority=-1)
        self._room_bytes = 0
        self._shared: Any = None
        self._room: Tensor | None = None
        self._turn = 0

    def begin(
        self, parts: Sequence[Tensor], shape_of: ShapeOf, place_of: PlaceOf
    ) -> tuple[Tensor, Callable[[], None]]:
        """Begin to copy; whoever waits has the device wait for the signals of the others."""
        dtype = parts[0].dtype
        shapes = [shape_of(rank) for rank in range(len(parts))]
        self._make_room(max(map(_count, shapes)) * dtype.itemsize)
        turn, self._turn = self._turn, (self._turn + 1) % _EXCHANGES_AT_ONCE

        def arrival(rank: int) -> Tensor:
            offset = turn * self._room_bytes // dtype.itemsize
            found: Tensor = self._shared.get_buffer(rank, shapes[rank], dtype, offset)
            return found

        sending = {rank: parts[rank].contiguous() for rank in self._others}
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            for rank, part in sending.items():
                for into, sample in zip(place_of(arrival(rank), self._rank), part, strict=True):
                    into.copy_(sample)
                part.record_stream(self._stream)
                self._shared.put_signal(rank, turn, _DEADLINE_MS)
            sent = self._stream.record_event()

        def wait() -> None:
            # Signals are small kernels: what comes next would take every multiprocessor before
            # this rank's own had one, and the others would wait for as long as it runs.
            torch.cuda.current_stream(self._device).wait_event(sent)
            for rank in self._others:
                self._shared.wait_signal(rank, turn, _DEADLINE_MS)

        return arrival(self._rank), wait

    def _make_room(self, needed_bytes: int) -> None:
        """Take room that is large enough, on all ranks together."""
        if needed_bytes <= self._room_bytes:
            return
        import torch.distributed._symmetric_memory as symmetric

        torch.cuda.synchronize(self._device)
        self._shared, self._room = None, None
        self._room_bytes = -(-needed_bytes // _ROOM_STEP_BYTES) * _ROOM_STEP_BYTES
        with shards_named():
            self._room = symmetric.empty(
                self._room_bytes * _EXCHANGES_AT_ONCE, dtype=torch.uint8, device=self._device
            )
            self._shared = symmetric.rendezvous(self._room, self._group)


def quickest_exchange(group: dist.ProcessGroup, device: torch.device) -> Exchange:
    """Return copies from GPU to GPU where all of these ranks can, and the collectives elsewhere."""
    if device.type != "cuda":
        return CollectiveExchange(group)
    can = torch.tensor(float(_sees_all(group)), device=device)
    with shards_named():
        dist.all_reduce(can, dist.ReduceOp.MIN, group)
    _log.info("ranks exchange", by="copies from GPU to GPU" if can else "collectives")
    return PeerExchange(group, device) if can else CollectiveExchange(group)


def _sees_all(group: dist.ProcessGroup) -> bool:
    """Return whether this rank's GPU reaches the memory of all others, and may."""
    own = torch.cuda.current_device()
    peers = others(dist.get_process_group_ranks(group), group)
    return os.environ.get("NCCL_P2P_DISABLE", "0") == "0" and all(
        torch.cuda.can_device_access_peer(own, other) for other in peers
    )


def _count(shape: Sequence[int]) -> int:
    return torch.Size(shape).numel()
