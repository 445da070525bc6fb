"""The fonts that captions are drawn with, as package data; README.md says where they come from."""

from functools import cache
from importlib.resources import files
from io import BytesIO

from PIL import ImageFont

NAMES = ("letters.ttf", "han.otf", "hangul.otf")
"""The first one that has all of a line draws it."""


@cache
def coverage() -> dict[str, frozenset[int]]:
    """Return the code points that each font has."""
    lines = (files(__name__) / "coverage.txt").read_text().splitlines()
    return {name: _points(ranges) for name, *ranges in map(str.split, lines)}


def font(name: str, size_pixels: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size."""
    return ImageFont.truetype(BytesIO(_data(name)), size_pixels)


def _points(ranges: list[str]) -> frozenset[int]:
    edges = (tuple(int(edge, 16) for edge in span.split("-")) for span in ranges)
    return frozenset(point for first, last in edges for point in range(first, last + 1))


@cache
def _data(name: str) -> bytes:
    return (files(__name__) / name).read_bytes()
