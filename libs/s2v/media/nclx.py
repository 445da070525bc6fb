"""Read which colours an AVIF or HEIC says it is in, where it has no profile (ISO/IEC 23008-12)."""

import mmap
from typing import BinaryIO

from s2v.media.boxes import Box, boxes

_VERSION_AND_FLAGS = 4


def stated_colours(file: BinaryIO) -> tuple[int, int] | None:
    """Return the numbers of primaries and curve (ITU-T H.273); None where nothing is said."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for meta in _named("meta", boxes(data)):
            inner = boxes(data, first=meta.body + _VERSION_AND_FLAGS, end=meta.end)
            for name in ("iprp", "ipco"):
                inner = [
                    box
                    for outer in _named(name, inner)
                    for box in boxes(data, first=outer.body, end=outer.end)
                ]
            for box in _named("colr", inner):
                stated = data[box.body : box.body + 8]
                if stated[:4] == b"nclx" and len(stated) == 8:
                    return int.from_bytes(stated[4:6]), int.from_bytes(stated[6:8])
    return None


def _named(name: str, found: list[Box]) -> list[Box]:
    return [box for box in found if box.path == name]
