"""Work in pieces, between which whoever waits for it may go away: a generator that returns it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

PieceT = TypeVar("PieceT")
ResultT = TypeVar("ResultT")
AsT = TypeVar("AsT")


def whole(pieces: Generator[PieceT, None, ResultT]) -> ResultT:
    """Do all pieces at once, and return what comes of them."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            result: ResultT = end.value
            return result


def told_as(event: AsT, pieces: Generator[None, None, ResultT]) -> Generator[AsT, None, ResultT]:
    """Do piece by piece, and yield the event after each."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            result: ResultT = end.value
            return result
        yield event
