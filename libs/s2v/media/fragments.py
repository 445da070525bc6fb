"""Write fragmented MP4 (ISO/IEC 14496-12, 8.8): a film that can be watched while it is made.

FFmpeg's own fragmenter holds the end of each clip back until the next clip begins; this one does
not, so a viewer sees all that is rendered.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from s2v.core.timebase import SAMPLE_RATE
from s2v.media.boxes import boxes

_INIT_FLAGS = "+frag_keyframe+delay_moov+default_base_moof"

_KEY_SAMPLE = 0x0200_0000  # depends on no other sample
_DIFFERENCE_SAMPLE = 0x0101_0000  # depends on others, is not a sync sample

_DEFAULT_BASE_IS_MOOF = 0x02_0000
_TFHD_DEFAULT_FLAGS = 0x20
_TRUN_FIELDS = 0x301  # data offset; duration and size of every sample
_TRUN_FIRST_FLAGS = 0x004


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded picture or stretch of sound; the duration counts samples at 48 kHz."""

    data: bytes
    duration: int


class _Track:
    """The decode clock of one track; its number is its place in the init segment, from 1."""

    def __init__(self, number: int, *, first_flags: int, default_flags: int) -> None:
        self.number = number
        self._first_flags = first_flags
        self._default_flags = default_flags
        self._decode_time = 0

    def fragment(self, samples: Sequence[Sample], data_offset: int) -> bytes:
        """Return the traf box of samples whose bytes begin so far after the start of the moof."""
        header = struct.pack(">II", self.number, self._default_flags)
        runs = b"".join(struct.pack(">II", s.duration, len(s.data)) for s in samples)
        counted = struct.pack(">IiI", len(samples), data_offset, self._first_flags)
        return _box(
            b"traf",
            _full_box(
                b"tfhd",
                version=0,
                flags=_DEFAULT_BASE_IS_MOOF | _TFHD_DEFAULT_FLAGS,
                content=header,
            )
            + _full_box(b"tfdt", version=1, flags=0, content=struct.pack(">Q", self._decode_time))
            + _full_box(
                b"trun", version=0, flags=_TRUN_FIELDS | _TRUN_FIRST_FLAGS, content=counted + runs
            ),
        )

    def advance(self, samples: Sequence[Sample]) -> None:
        """Move the clock past the samples."""
        self._decode_time += sum(s.duration for s in samples)


class Fragmenter:
    """Makes one moof and mdat pair after the other."""

    def __init__(self) -> None:
        self._sequence = 0
        self._picture = _Track(1, first_flags=_KEY_SAMPLE, default_flags=_DIFFERENCE_SAMPLE)
        self._sound = _Track(2, first_flags=_KEY_SAMPLE, default_flags=_KEY_SAMPLE)

    def fragment(self, pictures: Sequence[Sample], sounds: Sequence[Sample]) -> bytes:
        """Return a fragment that holds these samples; its first picture is a keyframe."""
        self._sequence += 1
        parts = [(t, s) for t, s in ((self._picture, pictures), (self._sound, sounds)) if s]
        size = len(self._moof(parts, 0))
        moof = self._moof(parts, size)
        for track, samples in parts:
            track.advance(samples)
        media = b"".join(s.data for _, samples in parts for s in samples)
        return moof + _box(b"mdat", media)

    def _moof(self, parts: Sequence[tuple[_Track, Sequence[Sample]]], moof_bytes: int) -> bytes:
        content = _full_box(b"mfhd", version=0, flags=0, content=struct.pack(">I", self._sequence))
        offset = moof_bytes + 8
        for track, samples in parts:
            content += track.fragment(samples, offset)
            offset += sum(len(s.data) for s in samples)
        return _box(b"moof", content)


def init_segment(
    picture: Any, sound: Any, options: dict[str, str], *, tags: dict[str, str]
) -> bytes:
    """Return the ftyp and moov boxes that must come before every fragment.

    `picture` and `sound` are the PyAV streams to describe, `tags` the film's metadata. FFmpeg
    writes the boxes; it is given one packet of each, whose content does not matter, to learn that
    the sound begins with priming.
    """
    target = io.BytesIO()
    movie = {**options, "movflags": _INIT_FLAGS}
    packets = []
    with av.open(target, "w", format="mp4", options=movie) as container:
        container.metadata.update(tags)
        for stream, start in ((picture, 0), (sound, -sound.codec_context.frame_size)):
            packet: Any = av.Packet(bytes(8))
            packet.stream = copied(container, stream)
            packet.pts = packet.dts = start
            packet.time_base, packet.is_keyframe = Fraction(1, SAMPLE_RATE), True
            packets.append(packet)
        container.mux(packets)
    data = target.getvalue()
    return data[: next(box.end for box in boxes(data) if box.path == "moov")]


def copied(container: Any, stream: Any) -> Any:
    """Add a stream for the packets of another one to a container.

    How many bits a second that has is not told: a part of it has others than all of it.
    """
    copy = container.add_stream_from_template(stream)
    copy.codec_context.bit_rate = 0
    return copy


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full_box(kind: bytes, *, version: int, flags: int, content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + content)
