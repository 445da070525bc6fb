"""How a sequence of tokens is cut among ranks, and a share of it into frames; loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeardPiece:
    """Tokens of a share, counted from its start, and the frames that they are of.

    All frames of a piece have equally many tokens in it.
    """

    tokens: slice
    frames: slice


def shares(tokens: int, ranks: int) -> tuple[range, ...]:
    """Return the tokens of each rank, in order; no two numbers of them differ by more than one."""
    ends = [tokens * rank // ranks for rank in range(ranks + 1)]
    return tuple(map(range, ends, ends[1:]))


def within(share: range, tokens: int) -> range:
    """Return what of a share lies among the first tokens of the sequence."""
    return range(min(share.start, tokens), min(share.stop, tokens))


def pieces(share: range, frame_tokens: int) -> Sequence[HeardPiece]:
    """Return the rest of a first frame, the whole frames and the start of a last one.

    Args:
        share: tokens of a sequence of whole frames.
        frame_tokens: how many each frame has.
    """
    found: list[HeardPiece] = []
    start = share.start
    while start < share.stop:
        frame, inside = divmod(start, frame_tokens)
        last = share.stop // frame_tokens
        if inside or last == frame:
            last = frame + 1
        stop = min(last * frame_tokens, share.stop)
        tokens = slice(start - share.start, stop - share.start)
        found.append(HeardPiece(tokens, slice(frame, last)))
        start = stop
    return found


def scaled(lines: range, times: int, by: int = 1) -> range:
    """Return the same part of a picture that has `times` lines where this one has `by`."""
    return range(lines.start * times // by, lines.stop * times // by)


def widened(lines: range, reach: int, count: int) -> range:
    """Return the lines and as many as `reach` on each side of them, of so many in all."""
    return range(max(0, lines.start - reach), min(count, lines.stop + reach))


def common(one: range, other: range) -> range:
    """Return the lines that are in both; there may be none."""
    start = max(one.start, other.start)
    return range(start, max(start, min(one.stop, other.stop)))
