"""How each rank sends a part of a tensor to each other rank, so that it is there when it is needed.

Every rank has an arrival tensor, whose shape all ranks know; what a rank sends to another one goes
to the sender's place in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
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
Wait = Callable[[], None]


def others(parts: Sequence[PartT], group: dist.ProcessGroup) -> list[PartT]:
    """Return the parts of all ranks but this one."""
    return [part for rank, part in enumerate(parts) if rank != group.rank()]


def exchanged(group: dist.ProcessGroup, sent: Sequence[Tensor], into: Sequence[Tensor]) -> Wait:
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """Tensors into which ranks write their parts.

    Attributes:
        mine: this rank's.
        of: each rank's, where this one can write to them.
    """

    mine: Tensor
    of: Sequence[Tensor] = ()


class Exchange(Protocol):
    """A way to send parts; all ranks ask for the same arrivals and exchanges in the same order."""

    def arrival(self, like: Tensor, shape_of: ShapeOf, exchanges: int = 1) -> Arrival:
        """Return room for what so many exchanges bring; it is used again after eight of them.

        Args:
            like: of the type that is sent.
            shape_of: tells the shape of any rank's tensor.
            exchanges: that together fill it.
        """

    def begin(self, arrival: Arrival, parts: Sequence[Tensor], place_of: PlaceOf) -> Wait:
        """Begin to send; return what waits until everything has arrived.

        The host does not wait for a GPU.

        Args:
            arrival: that is written to.
            parts: one for each rank, this one, too; each row of a sample is contiguous.
            place_of: tells the place in such a tensor of what a rank sends.
        """


class CollectiveExchange:
    """By the process group: works everywhere, and takes multiprocessors on a GPU."""

    def __init__(self, group: dist.ProcessGroup) -> None:
        self._group = group

    def arrival(self, like: Tensor, shape_of: ShapeOf, exchanges: int = 1) -> Arrival:
        """Return a new tensor."""
        return Arrival(like.new_empty(shape_of(self._group.rank())))

    def begin(self, arrival: Arrival, parts: Sequence[Tensor], place_of: PlaceOf) -> Wait:
        """Begin to send."""
        rank = self._group.rank()
        peers = others(range(self._group.size()), self._group)
        places = [place_of(arrival.mine, peer) for peer in peers]
        received = [
            torch.empty_like(place, memory_format=torch.contiguous_format) for place in places
        ]
        sent = [part.contiguous() for part in others(parts, self._group)]
        arrived = exchanged(self._group, sent, received)
        _in_words(place_of(arrival.mine, rank)).copy_(_in_words(parts[rank]))

        def wait() -> None:
            arrived()
            for place, part in zip(places, received, strict=True):
                place.copy_(part)

        return wait


class PeerExchange:
    """By copying into the memory of the other GPUs, beside what the multiprocessors do.

    There is room for what eight exchanges bring, used in turn, and a signal for each. Whoever
    writes to another rank's room again has waited for an exchange which that one began after it had
    read what was there: what an attention gathers is sent after its keys, values and queries were
    read, and the next attention's keys and values after what was gathered.
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
        self._begun = self._taken = 0

    def arrival(self, like: Tensor, shape_of: ShapeOf, exchanges: int = 1) -> Arrival:
        """Return the next places of the room, in the memory of all ranks."""
        shapes = [shape_of(rank) for rank in range(self._group.size())]
        needed = max(map(_count, shapes)) * like.itemsize
        self._make_room(-(-needed // exchanges))
        if self._taken + exchanges > _EXCHANGES_AT_ONCE:
            self._taken = 0
        first, self._taken = self._taken, self._taken + exchanges
        offset = first * self._room_bytes // like.itemsize
        of = [
            self._shared.get_buffer(rank, shape, like.dtype, offset)
            for rank, shape in enumerate(shapes)
        ]
        return Arrival(of[self._rank], of)

    def begin(self, arrival: Arrival, parts: Sequence[Tensor], place_of: PlaceOf) -> Wait:
        """Begin to copy; whoever waits has the device wait for the signals of the others."""
        signal, self._begun = self._begun, (self._begun + 1) % _EXCHANGES_AT_ONCE
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            for rank in self._others:
                _copy_rows(place_of(arrival.of[rank], self._rank), parts[rank], self._stream)
                parts[rank].record_stream(self._stream)
                self._signal(rank, signal)
        _in_words(place_of(arrival.mine, self._rank)).copy_(_in_words(parts[self._rank]))

        def wait() -> None:
            for rank in self._others:
                self._shared.wait_signal(rank, signal, _DEADLINE_MS)

        return wait

    def _signal(self, rank: int, signal: int) -> None:
        """Tell a rank that what was copied to it before is there, as `wait_signal` expects it.

        PyTorch's own way is a small kernel, which waits until a large one has left it a
        multiprocessor, and the next copies wait behind it.
        """
        place = signal * self._group.size() + self._rank
        pad = self._shared.get_signal_pad(rank, (1,), torch.uint32, place)
        self._shared.stream_write_value32(pad, 0, 1)

    def _make_room(self, needed_bytes: int) -> None:
        """Take room that is large enough, on all ranks together."""
        if needed_bytes <= self._room_bytes:
            return
        import torch.distributed._symmetric_memory as symmetric

        torch.cuda.synchronize(self._device)
        self._shared, self._room = None, None
        self._room_bytes = -(-needed_bytes // _ROOM_STEP_BYTES) * _ROOM_STEP_BYTES
        self._taken = 0
        with shards_named():
            self._room = symmetric.empty(
                self._room_bytes * _EXCHANGES_AT_ONCE, dtype=torch.uint8, device=self._device
            )
            self._shared = symmetric.rendezvous(self._room, self._group)


def _in_words(x_BSMH: Tensor) -> Tensor:
    """Return the same bytes as whole numbers of 8 bytes, where they fit: quicker to copy."""
    fits = x_BSMH.shape[-1] * x_BSMH.itemsize % 8 == 0
    return x_BSMH.view(torch.int64) if fits else x_BSMH


def _copy_rows(into_BSMH: Tensor, from_BSMH: Tensor, stream: torch.cuda.Stream) -> None:
    """Have a copy engine copy rows of heads, both from and to tensors of more heads.

    PyTorch would have a kernel do it, on the multiprocessors.
    """
    from cuda.bindings import runtime

    for into, rows in zip(into_BSMH, from_BSMH, strict=True):
        width = rows[0].nbytes if len(rows) else 0
        (error,) = runtime.cudaMemcpy2DAsync(
            *(into.data_ptr(), into.stride(0) * into.itemsize),
            *(rows.data_ptr(), rows.stride(0) * rows.itemsize),
            *(width, len(rows)),
            runtime.cudaMemcpyKind.cudaMemcpyDefault,
            stream.cuda_stream,
        )
        if error:
            raise RuntimeError(f"copying from GPU to GPU failed: {error.name}")


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
    """Return whether this rank's GPU reaches the memory of all others, and may.

    PyTorch brings CUDA's bindings where it brings CUDA.
    """
    own = torch.cuda.current_device()
    peers = others(dist.get_process_group_ranks(group), group)
    return (
        find_spec("cuda") is not None
        and find_spec("cuda.bindings") is not None
        and os.environ.get("NCCL_P2P_DISABLE", "0") == "0"
        and all(torch.cuda.can_device_access_peer(own, other) for other in peers)
    )


def _count(shape: Sequence[int]) -> int:
    return torch.Size(shape).numel()
