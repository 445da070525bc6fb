"""Give of a PNG what its picture is made of, without metadata that may be damaged (W3C PNG 3)."""

import io
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

_SIGNATURE_BYTES = 8
_HEAD, _CHECKSUM_BYTES = struct.Struct(">I4s"), 4
_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_MOST_METADATA_BYTES = 1 << 20
_MOST_PROFILE_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    size_bytes: int

    @property
    def end(self) -> int:
        return self.start + _HEAD.size + self.size_bytes + _CHECKSUM_BYTES


def picture_of(file: BinaryIO) -> BinaryIO:
    """Return a PNG as a file that holds the picture, and profile and EXIF if they are whole.

    A moving one becomes the picture that programs show which cannot play it.
    """
    ranges = [(0, _SIGNATURE_BYTES)]
    for chunk in _chunks(file):
        if chunk.kind not in _PICTURE and not _is_whole(file, chunk):
            continue
        start, end = ranges[-1]
        if chunk.start == end:
            ranges[-1] = (start, chunk.end)
        else:
            ranges.append((chunk.start, chunk.end))
    return io.BufferedReader(_Ranges(file, ranges))


def stated_colours(file: BinaryIO) -> tuple[int, int] | None:
    """Return the numbers of primaries and curve (ITU-T H.273); None where nothing is said."""
    for chunk in _chunks(file):
        if chunk.kind == b"cICP" and len(data := _data(file, chunk)) == 4:
            return data[0], data[1]
    return None


def _chunks(file: BinaryIO) -> Iterator[_Chunk]:
    at = _SIGNATURE_BYTES
    while True:
        file.seek(at)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return
        size, kind = _HEAD.unpack(head)
        chunk = _Chunk(kind, at, size)
        yield chunk
        if kind == b"IEND":
            return
        at = chunk.end


def _data(file: BinaryIO, chunk: _Chunk) -> bytes:
    """Return what a chunk of metadata holds; nothing where it is damaged or very long."""
    if chunk.size_bytes > _MOST_METADATA_BYTES:
        return b""
    file.seek(chunk.start + len(chunk.kind))
    data = file.read(len(chunk.kind) + chunk.size_bytes)
    checksum = int.from_bytes(file.read(_CHECKSUM_BYTES))
    return data[len(chunk.kind) :] if zlib.crc32(data) == checksum else b""


def _is_whole(file: BinaryIO, chunk: _Chunk) -> bool:
    if chunk.kind == b"eXIf":
        return bool(_data(file, chunk))
    if chunk.kind != b"iCCP":
        return False
    _, _, packed = _data(file, chunk).partition(b"\0")
    with suppress(zlib.error):
        inflating = zlib.decompressobj()
        inflating.decompress(packed[1:], _MOST_PROFILE_BYTES)
        return packed[:1] == b"\0" and inflating.eof
    return False


class _Ranges(io.RawIOBase):
    """Some ranges of a file, as one file."""

    def __init__(self, file: BinaryIO, ranges: list[tuple[int, int]]) -> None:
        self._file = file
        self._ranges = ranges
        self._firsts = [0, *accumulate(end - start for start, end in ranges)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._firsts[-1])[whence])
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._firsts[-1]:
            return 0
        number = bisect_right(self._firsts, self._at) - 1
        start, end = self._ranges[number]
        here = start + self._at - self._firsts[number]
        self._file.seek(here)
        data = self._file.read(min(end - here, len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
