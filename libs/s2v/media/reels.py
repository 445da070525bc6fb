"""Reels: whole seconds of a clip as clips of their own, while the clip is still being encoded."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.media.film import read_clip
from s2v.media.mp4_file import MP4_OPTIONS, Mp4File
from s2v.media.opening import open_media

_CLOCK = Fraction(1, SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class ReelFile:
    """A reel; its first frame counts from the start of what was encoded."""

    path: Path
    first_frame: int
    frames: int


class ReelCutter:
    """Copies the packets of a clip into a file for each second of it.

    Args:
        folder: for the files.
        frame_rate: of the clip, whose seconds begin with keyframes.
    """

    def __init__(self, folder: Path, frame_rate: int) -> None:
        self._folder = folder
        self._frame_rate = frame_rate
        self._second: list[bytes] = []
        self._cut_frames = 0
        self._finished: list[ReelFile] = []

    def add(self, stream: Any, packets: Iterable[Any]) -> None:
        """Take the next packets of the encoder of a stream.

        Raises:
            OSError: a reel cannot be written.
        """
        for packet in packets:
            self._second.append(bytes(packet))
            if len(self._second) == self._frame_rate:
                self._cut(stream)

    def take(self) -> list[ReelFile]:
        """Return the reels that were finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def _cut(self, stream: Any) -> None:
        path = self._folder / f"{self._cut_frames}.mp4"
        duration = samples_per_frame(self._frame_rate)
        with closing(Mp4File(path, MP4_OPTIONS)) as file:
            copy = file.container.add_stream_from_template(stream)
            file.mux(
                _packet(data, copy, frame=frame, duration=duration, is_keyframe=frame == 0)
                for frame, data in enumerate(self._second)
            )
        self._finished.append(ReelFile(path, self._cut_frames, len(self._second)))
        self._cut_frames += len(self._second)
        self._second = []


def join_clips(clips: Sequence[Path], target: Path, frame_rate: int) -> None:
    """Join clips without sound, encoded alike, to one by copying their packets.

    Raises:
        ValueError: one is no clip.
        OSError: the target cannot be written.
    """
    duration = samples_per_frame(frame_rate)
    copy: Any = None
    frame = 0
    with closing(Mp4File(target, MP4_OPTIONS)) as file:
        for clip in clips:
            read_clip(clip)
            with open_media(clip) as source:
                stream = source.streams.video[0]
                copy = copy or file.container.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if not packet.size:
                        continue
                    data, key = bytes(packet), packet.is_keyframe
                    file.mux([_packet(data, copy, frame=frame, duration=duration, is_keyframe=key)])
                    frame += 1


def _packet(data: bytes, stream: Any, *, frame: int, duration: int, is_keyframe: bool) -> Any:
    packet: Any = av.Packet(data)
    packet.stream, packet.time_base = stream, _CLOCK
    packet.pts = packet.dts = frame * duration
    packet.duration = duration
    packet.is_keyframe = is_keyframe
    return packet
