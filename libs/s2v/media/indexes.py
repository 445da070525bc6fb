"""Count what the index of an MP4 claims before anybody believes it."""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from s2v.core.errors import Reason
from s2v.media.boxes import walk
from s2v.media.limits import FileLimits, beyond

_COUNT_AT = {
    **dict.fromkeys(("stsz", "stz2"), 8),
    **dict.fromkeys(("stts", "ctts", "stsc", "stco", "co64", "stss", "elst", "trun"), 4),
}
"""Where in the body of a box the number of its entries stands (ISO/IEC 14496-12)."""


def check_index(file: BinaryIO, *, reason: Reason, field: str, limits: FileLimits) -> None:
    """Refuse an MP4 that claims more tracks or more entries of its index than there can be.

    Files of other kinds pass.

    Raises:
        InvalidInput: `reason`, metadata names the limit.
    """
    if not os.fstat(file.fileno()).st_size:
        return
    tracks = entries = 0
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for track in _tracks(data):
            tracks += track.is_track
            if tracks > limits.max_streams:
                found = "too many tracks"
                raise beyond(reason, "max_streams", limits.max_streams, found=found, field=field)
            entries += track.entries
            if entries > limits.max_index_entries:
                most, found = limits.max_index_entries, f"an index that claims {entries} entries"
                raise beyond(reason, "max_index_entries", most, found=found, field=field)


@dataclass(slots=True)
class _IndexedTrack:
    """What has been counted of a track, or of a fragment of the file."""

    is_track: bool = False
    is_sound: bool = False
    is_uniform: bool = False
    samples: int = 0
    others: int = 0

    @property
    def entries(self) -> int:
        """How many there are; the samples of plain PCM are not listed one by one."""
        return self.others + (0 if self.is_sound and self.is_uniform else self.samples)


def _tracks(data: mmap.mmap) -> Iterator[_IndexedTrack]:
    track = _IndexedTrack()
    for box in walk(data):
        kind = box.path.rpartition("/")[2]
        if kind in ("trak", "moof"):
            yield track
            track = _IndexedTrack(is_track=kind == "trak")
        _count(track, kind, data[box.body : min(box.end, box.body + 16)])
    yield track


def _count(track: _IndexedTrack, kind: str, head: bytes) -> None:
    if kind == "hdlr":
        track.is_sound |= head[8:12] == b"soun"
    if kind not in _COUNT_AT:
        return
    count = int.from_bytes(head[_COUNT_AT[kind] : _COUNT_AT[kind] + 4])
    if kind in ("stsz", "stz2"):
        track.samples += count
        return
    if kind == "stts":
        track.is_uniform = count == 1 and head[12:16] == b"\0\0\0\1"
    track.others += count
