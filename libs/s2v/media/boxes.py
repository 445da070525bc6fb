"""Walk the boxes of an MP4 (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

_CONTAINERS = frozenset({"moov", "trak", "edts", "mdia", "minf", "stbl", "mvex", "moof", "traf"})


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


def walk(data: bytes | mmap) -> Iterator[Box]:
    """Yield every box, parents before their children, in the order of the bytes."""
    pending = boxes(data)[::-1]
    while pending:
        box = pending.pop()
        yield box
        if box.path.rpartition("/")[2] in _CONTAINERS:
            inner = boxes(data, first=box.body, end=box.end, parent=box.path)
            pending.extend(inner[::-1])
