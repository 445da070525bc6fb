"""Walk the boxes of an MP4 (ISO/IEC 14496-12)."""

import struct
from dataclasses import dataclass
from mmap import mmap


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its path of types such as "moov/trak/edts/elst", and where it lies in the bytes."""

    path: str
    start: int
    body: int
    end: int


def boxes(
    data: bytes | mmap, *, first: int = 0, end: int | None = None, parent: str = ""
) -> list[Box]:
    """Return the boxes of one level in order; a box that is cut off at the end is left out."""
    found = []
    limit = len(data) if end is None else end
    while first + 8 <= limit:
        size, kind = struct.unpack_from(">I4s", data, first)
        body = first + 8
        if size == 1 and body + 8 <= limit:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = limit if size == 0 else first + size
        if stop < body or stop > limit:
            break
        path = f"{parent}/{kind.decode('latin-1')}".lstrip("/")
        found.append(Box(path, first, body, stop))
        first = stop
    return found
