"""How the ranks of a worker divide a take; importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Division:
    """Which part of a take each rank has.

    Attributes:
        branches: 2 where one half of the ranks follows the prompt and the other one turns from it.
        sequence: how many ranks share the tokens of one forward.
    """

    branches: int
    sequence: int

    @property
    def ranks(self) -> int:
        """How many ranks have a part; those that come after them have none."""
        return self.branches * self.sequence

    def branch(self, rank: int) -> int:
        """Return whose forward a rank has a share of: 0 follows the prompt, 1 turns from it."""
        return rank // self.sequence

    def sharing(self, branch: int) -> range:
        """Return the ranks that share the forwards of a branch."""
        return range(branch * self.sequence, (branch + 1) * self.sequence)

    def exchanging(self, place: int) -> range:
        """Return the ranks, one a branch, that have the same share of their forwards."""
        return range(place, self.ranks, self.sequence)


def layout_for(ranks: int, *, heads: int, guided: bool) -> Division:
    """Return the layout that most ranks have a part in; where two do, the one that sends less.

    Args:
        ranks: how many there are.
        heads: attention heads of the transformer, which ranks divide among themselves.
        guided: whether each step asks the model twice.
    """
    shared = Division(1, _degree(ranks, heads))
    if not guided or ranks == 1:
        return shared
    halves = Division(2, _degree(ranks // 2, heads))
    return halves if halves.ranks >= shared.ranks else shared


def _degree(ranks: int, heads: int) -> int:
    """Return the largest number of ranks that divides the heads."""
    return next(degree for degree in range(ranks, 0, -1) if heads % degree == 0)
