"""Long work in steps: between two of them it can be shown to go on, or be left."""

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that yields whenever it has come a bit further, seconds apart at most, and returns what it
made. Closing it gives the work up and releases what it held."""


def result(steps: Generator[object, None, T]) -> T:
    """Do work in steps to its end, for whoever has nobody to tell and no reason to leave."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made
