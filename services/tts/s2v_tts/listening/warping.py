"""Dynamic time warping: which moments of two recordings of the same words belong together.

Sakoe and Chiba, 1978, computed one anti-diagonal after the other within a corridor, so that time
and memory grow with the length of the path and not with its square.
"""

# Shapes: L frames of the left recording, R frames of the right one, S steps of the path.

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
import numpy.typing as npt

from s2v.core.steps import Steps
from s2v_tts.listening.spectra import Floats, Likeness

Indices = npt.NDArray[np.intp]

_STALL_COST = 0.03
"""What it costs that one recording goes on while the other stands still, besides the distance."""
_QUIET_COST = 0.05
"""What a frame of a pause costs at most that the other recording does not have."""
_CHEAPER = 0.98
_DIAGONALS_A_STEP = 256
_STEPS_AT_ONCE = 4096
_LEFT, _RIGHT = np.uint8(1), np.uint8(2)
"""Which recording goes on alone; 0 where both do."""


@dataclass(frozen=True, slots=True)
class Corridor:
    """Which right frames each left frame may meet: first..end, both shape [L], never falling."""

    first: Indices
    end: Indices


@dataclass(frozen=True, slots=True)
class Path:
    """Frames that belong together, in order; both shape [S].

    `cost` is the mean distance of frames that met, pauses left out: 0 where they are equal, about
    1 where they have nothing in common.
    """

    left: Indices
    right: Indices
    cost: float


def straight(left: int, right: int, *, radius: int) -> Corridor:
    """Return a corridor along the diagonal, `radius` right frames to either side."""
    middle = np.arange(left) * right // max(left, 1)
    return _closed(middle - radius, middle + radius + 1, right=right)


def around(left: Indices, right: Indices, *, radius: int, frames: tuple[int, int]) -> Corridor:
    """Return a corridor `radius` frames to all sides of a path through so many frames."""
    rows = np.arange(frames[0])
    lowest = np.interp(rows - radius, left, right)
    highest = np.interp(rows + radius, left, right)
    first, end = lowest.astype(np.intp) - radius, highest.astype(np.intp) + radius + 1
    return _closed(first, end, right=frames[1])


def touches(path: Path, corridor: Corridor) -> bool:
    """Tell whether the path runs along a wall of the corridor: it may lead elsewhere without."""
    low, high = corridor.first[path.left], corridor.end[path.left] - 1
    last = corridor.end[-1] - 1
    along_low = (path.right == low) & (low > 0)
    along_high = (path.right == high) & (high < last)
    return bool((along_low | along_high).any())


def warp(left: Likeness, right: Likeness, corridor: Corridor, *, spare: float = 0.0) -> Steps[Path]:
    """Return the cheapest path from the first to the last frames of both recordings.

    Up to the share `spare` of the left one may be left over at its end where that is cheaper: the
    right one may have been cut off before.
    """
    choices, sums = yield from _choices(left, right, corridor)
    row = _last_row(sums, len(right), spare)
    traced = chain.from_iterable(_traced(choices, row=row, column=len(right) - 1))
    steps = np.fromiter(traced, np.intp).reshape(-1, 2)[::-1]
    rows, columns = steps[:, 0], steps[:, 1]
    sounding = ~(left.quiet[rows] | right.quiet[columns])
    distances = _distances(left, right, rows, columns)
    cost = float(distances[sounding].mean()) if sounding.any() else 1.0
    return Path(rows, columns, cost)


def _closed(first: npt.NDArray[np.intp], end: npt.NDArray[np.intp], *, right: int) -> Corridor:
    """Keep a corridor within the frames there are, and make it reach from corner to corner."""
    first = np.clip(first, 0, right - 1)
    end = np.clip(end, 1, right)
    first[0], end[-1] = 0, right
    return Corridor(first.astype(np.intp), end.astype(np.intp))


def _distances(left: Likeness, right: Likeness, rows: Indices, columns: Indices) -> Floats:
    """Return how far the frames of a path are apart, [S]; they are not all copied at once."""
    made = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), _STEPS_AT_ONCE):
        part = slice(first, first + _STEPS_AT_ONCE)
        made[part] = 1 - np.einsum("ij,ij->i", left.rows[rows[part]], right.rows[columns[part]])
    return made


def _last_row(sums: Floats, right: int, spare: float) -> int:
    """Return where a path ends, given the sums of those that end at each left frame."""
    costs = sums / (np.arange(len(sums)) + right)
    last = len(costs) - 1
    first = last - int(spare * last)
    cheapest = first + int(np.argmin(costs[first:]))
    return cheapest if costs[cheapest] < _CHEAPER * costs[last] else last


@dataclass(frozen=True, slots=True)
class _Choices:
    """Which step leads to each cell of each anti-diagonal.

    Attributes:
        firsts: the first row of each anti-diagonal.
        starts: how many cells there are before each.
        packed: of _DIAGONALS_A_STEP each, whether left and whether right goes on alone, [2, bytes].
    """

    firsts: Indices
    starts: Indices
    packed: list[npt.NDArray[np.uint8]]

    def alone(self, row: int, column: int) -> tuple[bool, bool]:
        """Tell whether left, and whether right, has gone on alone to a cell."""
        diagonal = row + column
        part = diagonal // _DIAGONALS_A_STEP
        before = self.starts[part * _DIAGONALS_A_STEP]
        cell = self.starts[diagonal] - before + row - self.firsts[diagonal]
        left, right = self.packed[part][:, cell >> 3] & (128 >> (cell & 7))
        return bool(left), bool(right)

    def add(self, choices: list[npt.NDArray[np.uint8]]) -> None:
        """Keep those of the next anti-diagonals."""
        cells = np.concatenate(choices)
        self.packed.append(np.packbits(np.stack([cells & _LEFT, cells & _RIGHT]), axis=1))


def _choices(left: Likeness, right: Likeness, corridor: Corridor) -> Steps[tuple[_Choices, Floats]]:
    """Return the steps, and what the paths cost that end with the right recording, [L]."""
    rows = np.arange(len(left))
    diagonals = np.arange(len(left) + len(right) - 1)
    firsts = np.searchsorted(rows + corridor.end, diagonals, side="right")
    ends = np.searchsorted(rows + corridor.first, diagonals, side="right")
    backwards = Likeness(right.rows[::-1], right.quiet[::-1])
    (left_most, left_stall), (right_most, right_stall) = _alone(left), _alone(backwards)
    sums = [np.full(len(left) + 1, np.inf, np.float32) for _ in range(3)]
    made = _Choices(firsts, np.cumsum(ends - firsts) - (ends - firsts), [])
    choices: list[npt.NDArray[np.uint8]] = []
    costs = np.full(len(left), np.inf, np.float32)
    for diagonal, first, end in _rows_of(firsts, ends):
        two_before, before, now = (sums[(diagonal + turn) % 3] for turn in range(3))
        now[max(first - 3, 0) : first + 1] = np.inf  # what is left of three diagonals before
        here = slice(first, end)
        there = slice(first + len(right) - 1 - diagonal, end + len(right) - 1 - diagonal)
        distance = 1 - np.einsum("ij,ij->i", left.rows[here], backwards.rows[there])
        best = two_before[here] + distance
        by_left = before[here] + np.minimum(distance, left_most[here]) + left_stall[here]
        by_right = before[first + 1 : end + 1] + np.minimum(distance, right_most[there])
        by_right += right_stall[there]
        choice = (by_left < best).view(np.uint8) * _LEFT
        best = np.minimum(best, by_left)
        choice = np.maximum(choice, (by_right < best).view(np.uint8) * _RIGHT)
        now[first + 1 : end + 1] = np.minimum(best, by_right) if diagonal else distance
        choices.append(choice)
        if first <= (row := diagonal - len(right) + 1) < end:
            costs[row] = now[row + 1]
        if len(choices) == _DIAGONALS_A_STEP:
            made.add(choices)
            choices = []
            yield
    if choices:
        made.add(choices)
    return made, costs


def _rows_of(firsts: Indices, ends: Indices) -> Iterator[tuple[int, int, int]]:
    """Yield each anti-diagonal with its first row and the one after its last."""
    for start in range(0, len(firsts), _DIAGONALS_A_STEP):
        part = slice(start, start + _DIAGONALS_A_STEP)
        yield from zip(count(start), firsts[part].tolist(), ends[part].tolist(), strict=False)


def _alone(side: Likeness) -> tuple[Floats, Floats]:
    """Return the most that each frame's distance counts for, and what is added, if it is alone."""
    most = np.where(side.quiet, _QUIET_COST, np.inf).astype(np.float32)
    return most, np.where(side.quiet, 0, _STALL_COST).astype(np.float32)


def _traced(choices: _Choices, *, row: int, column: int) -> Iterator[tuple[int, int]]:
    """Yield the path's cells from the last one back to the first."""
    yield row, column
    while row or column:
        left, right = choices.alone(row, column)
        row -= not right
        column -= not left
        yield row, column
