"""What an engine must offer so that several processes can make its takes together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Shard:
    """One of the processes that make every take of a worker together, all on one machine.

    Attributes:
        rank: which of them, counted from 0; what that one yields is the film.
        ranks: how many there are.
        folder: where they find each other; theirs alone.
    """

    rank: int
    ranks: int
    folder: Path


@runtime_checkable
class Shared(Protocol):
    """An engine whose takes several processes can make together.

    Each of them renders the same take, yields an item where the others do, and goes on when they
    do; or yields nothing at all where it has no part in it. Where it computes on GPUs, its own is
    the one that has the number of its rank.
    """

    def join(self, shard: Shard) -> None:
        """Be one of them from now on; called once, before the first take.

        What `render` raises from then on may be `s2v.core.errors.ShardLostError`: after that none
        of them is good for anything.
        """
