"""Join clips into one film by copying their packets, and encode its sound once from end to end."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from s2v.core.captions import Caption
from s2v.core.ports import DigitalSourceType
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.media.fragments import Fragmenter, Sample, copied, init_segment
from s2v.media.mp4_file import MP4_OPTIONS, Mp4File
from s2v.media.opening import open_media
from s2v.media.pcm import Pcm
from s2v.media.provenance import film_tags, xmp_box
from s2v.media.text_track import TextTrack

_CLOCK = Fraction(1, SAMPLE_RATE)

_SOUND_BITS_PER_SECOND = 192_000
"""Of each channel. At 128 kbit/s FFmpeg's AAC encoder makes audible clicks in mono at 48 kHz; here
it does not, and it takes fewer where more do not help."""
_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True)
class ClipFormat:
    """What must be equal in all clips of a film; `setup` is the decoder's configuration."""

    width: int
    height: int
    frame_rate: Fraction
    setup: bytes


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a fragmented MP4, decodable with the init segment and the pieces before it.

    Index 0 is the init segment; `frames` is how many frames of the film are out with it.
    """

    index: int
    data: bytes
    frames: int


def read_clip(path: Path) -> tuple[ClipFormat, int]:
    """Return a clip's format and its number of frames, from its header.

    Raises:
        ValueError: it is no MP4 with H.264 pictures.
    """
    try:
        with open_media(path) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.codec_context.name != "h264":
                raise ValueError("it holds no H.264 pictures")
            context = stream.codec_context
            rate = Fraction(stream.average_rate or 0)
            setup = bytes(context.extradata or b"")
            return ClipFormat(context.width, context.height, rate, setup), stream.frames
    except av.error.FFmpegError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from error


class FilmMuxer:
    """Writes a faststart MP4 and, at the same time, yields the same film as fragments.

    Both begin with the first picture and the first sample of sound; players skip the encoder's
    priming by the edit list. Equal clips and sound give equal bytes. A marking goes into both as
    metadata and as XMP, which follows the index in the stream and ends the file. Captions are a
    track of the file alone, in a language of ISO 639-2's three letters; None leaves them out.
    A fragment lasts `fragment_seconds` or, at the end of a clip, as long as that leaves.
    The sound has one or two channels.
    """

    def __init__(
        self,
        path: Path,
        frame_rate: int,
        *,
        marking: DigitalSourceType | None,
        caption_language: str | None = None,
        fragment_seconds: int = 1,
        channels: int = 1,
    ) -> None:
        self.frames = 0
        self.samples = 0
        self._path = path
        self._tags = film_tags(marking) if marking else {}
        self._xmp = xmp_box(marking) if marking else b""
        self._frame_samples = samples_per_frame(frame_rate)
        self._fragment_frames = fragment_seconds * frame_rate
        options = {**MP4_OPTIONS, "movflags": "+faststart"}
        self._file = Mp4File(path, options)
        self._file.container.metadata.update(self._tags)
        self._picture: Any = None
        self._sound: Any = None
        self._channels = channels
        self._caption_language = caption_language
        self._text: TextTrack | None = None
        self._pieces: Iterator[Pcm] = iter(())
        self._captions: Iterable[Caption] = ()
        self._group: list[Any] = []
        self._fragmenter = Fragmenter()
        self._fragments = 0
        self._waiting_sounds: deque[Sample] = deque()
        self._encoded_samples = 0
        self._fragmented_samples = 0

    def append(
        self, clip: Path, sound: Iterable[Pcm], captions: Iterable[Caption] = ()
    ) -> Generator[Fragment]:
        """Append a clip and the pieces of its sound, yielding fragments as they are complete."""
        self.begin(sound, captions)
        yield from self.go_on(clip)
        yield from self.end()

    def begin(self, sound: Iterable[Pcm], captions: Iterable[Caption] = ()) -> None:
        """Take the pieces of the sound of what is appended next, and its captions."""
        self._pieces, self._captions = iter(sound), captions

    def go_on(self, clip: Path, *, skip_frames: int = 0) -> Generator[Fragment]:
        """Append the pictures of a clip but its first ones, yielding fragments as before keyframes.

        Whole seconds of it that are appended one by one make the same fragments as all of it.
        """
        with open_media(clip) as source:
            stream = source.streams.video[0]
            if self._picture is None:
                yield self._begin(stream)
            if self._text is not None:
                self._text.write(self._captions)
            self._captions = ()
            # The empty packet that ends the demuxing is dropped.
            packets = (packet for packet in source.demux(stream) if packet.size)
            for packet in islice(packets, skip_frames, None):
                if packet.is_keyframe and self._is_full:
                    yield self._grouped()
                self._group.append(packet)
        if self._is_full:
            yield self._grouped()

    def end(self) -> Generator[Fragment]:
        """Append what is left of the pictures and of the sound that began with them."""
        if self._group:
            yield self._grouped()
        self._encode_sound(until=None)

    def finish(self) -> Generator[Fragment]:
        """Write what is left of the sound and finish the file."""
        self._mux_sound(self._sound.encode(None))
        if self._waiting_sounds:
            yield self._fragment([])
        self.close()
        with self._path.open("ab") as film:
            film.write(self._xmp)

    def close(self) -> None:
        """Close the file, finished or not; harmless when called again."""
        self._file.close()

    def _begin(self, stream: Any) -> Fragment:
        self._picture = copied(self._file.container, stream)
        layout = _LAYOUTS[self._channels]
        self._sound = self._file.container.add_stream("aac", rate=SAMPLE_RATE, layout=layout)
        self._sound.bit_rate = _SOUND_BITS_PER_SECOND * self._channels
        self._sound.options = {"flags": "+bitexact"}
        if self._caption_language:
            width, height = stream.codec_context.width, stream.codec_context.height
            self._text = TextTrack(self._file, self._caption_language, width=width, height=height)
        self._file.begin()
        self._fragmented_samples = -self._sound.codec_context.frame_size
        data = init_segment(stream, self._sound, MP4_OPTIONS, tags=self._tags)
        return self._numbered(data + self._xmp)

    @property
    def _is_full(self) -> bool:
        return len(self._group) >= self._fragment_frames

    def _grouped(self) -> Fragment:
        """Return the fragment of the pictures that wait for one."""
        group, self._group = self._group, []
        self._encode_sound(until=self._end(len(group)))
        return self._fragment([self._mux_picture(packet) for packet in group])

    def _end(self, more_frames: int) -> int:
        return (self.frames + more_frames) * self._frame_samples

    def _mux_picture(self, packet: Any) -> Sample:
        data = bytes(packet)
        packet.stream, packet.time_base = self._picture, _CLOCK
        packet.pts = packet.dts = self._end(0)
        packet.duration = self._frame_samples
        self._file.mux([packet])
        self.frames += 1
        return Sample(data, self._frame_samples)

    def _encode_sound(self, *, until: int | None) -> None:
        """Encode until the coded sound reaches so many samples, or the pieces run out."""
        while until is None or self._encoded_samples < until:
            piece = next(self._pieces, None)
            if piece is None:
                return
            frame: Any = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(piece).reshape(1, -1),
                format="s16",
                layout=_LAYOUTS[self._channels],
            )
            frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, _CLOCK, self.samples
            self.samples += len(piece)
            self._mux_sound(self._sound.encode(frame))

    def _mux_sound(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._waiting_sounds.append(Sample(bytes(packet), packet.duration))
            self._encoded_samples = packet.pts + packet.duration
            self._file.mux([packet])

    def _fragment(self, pictures: list[Sample]) -> Fragment:
        """Take the sound that begins before these pictures end; all of it after the last ones."""
        sounds = []
        while self._waiting_sounds and (not pictures or self._fragmented_samples < self._end(0)):
            sounds.append(self._waiting_sounds.popleft())
            self._fragmented_samples += sounds[-1].duration
        return self._numbered(self._fragmenter.fragment(pictures, sounds))

    def _numbered(self, data: bytes) -> Fragment:
        self._fragments += 1
        return Fragment(self._fragments - 1, data, self.frames)
