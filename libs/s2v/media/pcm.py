"""Sound as the whole system holds it: mono int16 at 48 kHz, in memory and in WAV files.

Films of given sound alone carry two channels; such sound is never held but in pieces.
"""

import io
import mmap
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt
import soxr

from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.clock import beginning
from s2v.media.limits import MAX_AUDIO_SECONDS, audio_too_long
from s2v.media.opening import Source, open_media
from s2v.media.shown import moving_picture
from s2v.media.sounding import Mixer, check_rate, check_sound, sounding_track

Pcm = npt.NDArray[np.int16]
"""Mono int16 at 48 kHz, shape [samples]; where two channels are asked for, [samples, 2]."""

_FULL_SCALE = 32_768
_SAMPLE_BYTES = 2
_WAV_HEADER_BYTES = 44
_GAP_SECONDS = 0.1
"""Timestamps are rounded; what is missing for longer is a gap that players keep."""
_MAX_BROKEN_SHARE = 0.02
"""Players skip a damaged packet now and then; a file with more of them than this is broken."""


@dataclass(frozen=True, slots=True)
class WrittenSound:
    """Sound that was decoded into a file: its samples, and how many channels it was given in."""

    samples: int
    found_channels: int


_REMEDY = "Send a WAV, MP3, FLAC, Ogg or M4A file, or a video with sound, that plays in a player."


def decode_audio(
    source: Source, *, max_seconds: float | None = None, field: str = "spec.script.audio"
) -> Pcm:
    """Decode the sound of an audio or video file; channels become one as `decoded_audio` says.

    Decoding stops at `max_seconds`, so memory is bounded by it whatever the file holds.

    Raises:
        InvalidInput: as `decoded_audio`.
    """
    pieces: list[Pcm] = []
    mixer = Mixer()
    pieces += decoded_audio(source, mixer, max_seconds=max_seconds, field=field)
    if (only := mixer.only) is not None:
        pieces = []
        pieces += decoded_audio(source, Mixer(only=only), max_seconds=max_seconds, field=field)
    return np.concatenate(pieces)


def decode_to_wav(
    source: Source,
    target: BinaryIO,
    *,
    max_seconds: float,
    field: str = "spec.script.audio",
    channels: int = 1,
) -> WrittenSound:
    """Decode as `decode_audio` into a 16-bit 48 kHz WAV file of one or two channels.

    Both have equally many samples. No more than a second of sound is held at once. A target that
    fills its disk raises OSError.

    Raises:
        InvalidInput: as `decoded_audio`.
    """
    mixer = Mixer(channels=channels)
    while True:
        pieces = decoded_audio(source, mixer, max_seconds=max_seconds, field=field)
        samples = _write_pieces(target, pieces, channels)
        if (only := mixer.only) is None:
            return WrittenSound(samples, mixer.found_channels)
        mixer = Mixer(only=only)


def decoded_audio(
    source: Source, mixer: Mixer, *, max_seconds: float | None, field: str
) -> Iterator[Pcm]:
    """Yield the sound of the track that a player takes, in pieces; gaps in it are silent.

    It has as many channels as the mixer makes.

    Sound of a video begins with the video: where it is late, there is silence first.

    Raises:
        InvalidInput: there is no sound in it or it is broken (AUDIO_UNREADABLE), or it lasts
            longer than `max_seconds` (AUDIO_TOO_LONG).
    """
    samples = 0
    try:
        for piece in _decoded(source, mixer, max_seconds, field):
            samples += len(piece)
            if max_seconds is not None and samples > max_seconds * SAMPLE_RATE:
                raise audio_too_long(None, field=field, max_seconds=max_seconds)
            yield piece
    except av.error.FFmpegError as error:
        raise _unreadable(f"The sound cannot be decoded ({error.strerror}).", field) from error
    if not samples:
        raise _unreadable("The file holds no sound that can be decoded.", field)


def resample(pcm: npt.NDArray[np.int16] | npt.NDArray[np.floating], from_rate: int) -> Pcm:
    """Convert mono sound at any rate, int16 or float in -1..1, to mono int16 at 48 kHz."""
    if pcm.dtype == np.int16 and from_rate == SAMPLE_RATE:
        return pcm.astype(np.int16, copy=False)
    return to_int16(soxr.resample(to_float(pcm), from_rate, SAMPLE_RATE, quality="VHQ"))


def wav_bytes(pcm: Pcm) -> bytes:
    """Return the bytes of a 16-bit mono 48 kHz WAV file."""
    target = io.BytesIO()
    _write(target, pcm)
    return target.getvalue()


def read_wav(
    source: BinaryIO,
    first_sample: int = 0,
    end_sample: int | None = None,
    *,
    channels: int = 1,
) -> Pcm:
    """Read the half-open range of samples of a 16-bit 48 kHz WAV, seeking to its start.

    A range that reaches past the end is cut there.

    Raises:
        InvalidInput: it is not such a WAV, or has other channels (AUDIO_UNREADABLE).
    """
    with _open_wav(source, channels) as reader:
        end = reader.getnframes() if end_sample is None else end_sample
        first = min(first_sample, reader.getnframes())
        reader.setpos(first)
        data = reader.readframes(max(end - first, 0))
    pcm = np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
    return pcm if channels == 1 else pcm.reshape(-1, channels)


def wav_samples(source: BinaryIO, *, channels: int = 1) -> int:
    """Return how many samples a 16-bit 48 kHz WAV holds, from its header.

    Raises:
        InvalidInput: it is not such a WAV, or has other channels (AUDIO_UNREADABLE).
    """
    with _open_wav(source, channels) as reader:
        return reader.getnframes()


def _write(target: BinaryIO, pcm: Pcm) -> None:
    with wav_writer(target) as writer:
        writer.writeframes(pcm.astype("<i2", copy=False).tobytes())


def _write_pieces(target: BinaryIO, pieces: Iterable[Pcm], channels: int) -> int:
    target.seek(0)
    target.truncate()
    samples = 0
    with wav_writer(target, channels) as writer:
        for piece in pieces:
            writer.writeframesraw(piece.astype("<i2", copy=False).tobytes())
            samples += len(piece)
    return samples


def wav_writer(target: BinaryIO, channels: int = 1) -> wave.Wave_write:
    """Return a writer of a 16-bit 48 kHz WAV whose length its end will tell."""
    writer = wave.open(target, "wb")  # noqa: SIM115
    writer.setnchannels(channels)
    writer.setsampwidth(_SAMPLE_BYTES)
    writer.setframerate(SAMPLE_RATE)
    return writer


def mapped_wav(path: Path) -> Pcm:
    """Return the samples of a WAV that `decode_to_wav` wrote, reading what is looked at only."""
    with path.open("rb") as source:
        samples = wav_samples(source)
    return np.memmap(path, "<i2", "r", offset=_WAV_HEADER_BYTES, shape=(samples,))


def lengthen_wav(path: Path, least_samples: int) -> None:
    """Put silence to the end of a WAV that `decode_to_wav` wrote, if it is shorter than that."""
    with path.open("rb") as source:
        samples = wav_samples(source)
    if samples >= least_samples:
        return
    size = least_samples * _SAMPLE_BYTES
    with path.open("r+b") as target:
        target.truncate(_WAV_HEADER_BYTES + size)
        for offset, number in ((4, _WAV_HEADER_BYTES - 8 + size), (_WAV_HEADER_BYTES - 4, size)):
            target.seek(offset)
            target.write(number.to_bytes(4, "little"))


def let_go(pcm: Pcm) -> None:
    """Free the memory of what has been looked at of a `mapped_wav`; do nothing for other sound."""
    if isinstance(pcm.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        pcm.base.madvise(mmap.MADV_DONTNEED)


def _open_wav(source: BinaryIO, channels: int = 1) -> wave.Wave_read:
    source.seek(0)
    try:
        reader = wave.open(source, "rb")  # noqa: SIM115
    except (wave.Error, EOFError) as error:
        message = f"This is no WAV file ({error}); send 16-bit PCM at {SAMPLE_RATE} Hz."
        raise InvalidInput(Reason.AUDIO_UNREADABLE, message) from error
    _require_ours(reader, channels)
    return reader


def _require_ours(reader: wave.Wave_read, channels: int) -> None:
    found = (reader.getnchannels(), reader.getsampwidth() * 8, reader.getframerate())
    if found == (channels, _SAMPLE_BYTES * 8, SAMPLE_RATE):
        return
    message = (
        f"The WAV has {found[0]} channels of {found[1]} bits at {found[2]} Hz; "
        f"convert it to {channels} of 16 bits at {SAMPLE_RATE} Hz."
    )
    raise InvalidInput(Reason.AUDIO_UNREADABLE, message)


def _decoded(source: Source, mixer: Mixer, max_seconds: float | None, field: str) -> Iterator[Pcm]:
    """Yield the file's track of sound in pieces; nothing if it has none."""
    with open_media(source, reason=Reason.AUDIO_UNREADABLE, field=field) as container:
        track = sounding_track(container)
        if track is None:
            return
        check_sound(track, field=field)
        longest = MAX_AUDIO_SECONDS if max_seconds is None else max_seconds
        converter = _Converter(SAMPLE_RATE, mixer.channels)
        begins = beginning(container) if moving_picture(container) is not None else None
        for frame, gap_seconds in _with_gaps(_frames(container, track), begins):
            if gap_seconds > longest:
                raise audio_too_long(None, field=field, max_seconds=longest)
            if frame.sample_rate != converter.from_rate or gap_seconds:
                yield from map(converter.converted, mixer.rest())
            if frame.sample_rate != converter.from_rate:
                check_rate(frame.sample_rate, field=field)
                yield converter.rest()
                converter = _Converter(frame.sample_rate, mixer.channels)
            yield from map(converter.converted, _silence(gap_seconds, converter))
            yield from map(converter.converted, mixer.mixed(frame))
        yield from map(converter.converted, mixer.rest())
        yield converter.rest()


class _Converter:
    """Converts sound at any rate, float in -1..1, to int16 at 48 kHz, piece by piece."""

    def __init__(self, from_rate: int, channels: int) -> None:
        self.from_rate = from_rate
        self._channels = channels
        self._stream = soxr.ResampleStream(
            from_rate, SAMPLE_RATE, channels, dtype="float32", quality="VHQ"
        )

    def silence(self, samples: int) -> npt.NDArray[np.float32]:
        """Return silence to convert."""
        return np.zeros(samples if self._channels == 1 else (samples, self._channels), np.float32)

    def converted(self, piece: npt.NDArray[np.float32]) -> Pcm:
        """Convert the next piece; what comes out may lag behind what went in."""
        if self.from_rate == SAMPLE_RATE:
            return to_int16(piece)
        return to_int16(self._stream.resample_chunk(piece))

    def rest(self) -> Pcm:
        """Return what lags behind."""
        return to_int16(self._stream.resample_chunk(self.silence(0), last=True))


def _with_gaps(frames: Iterable[Any], begins: float | None) -> Iterator[tuple[Any, float]]:
    """Yield frames and for how long nothing is heard before each, by their timestamps.

    What is missing counts from where the sound so far ends, so that small gaps add up to one.
    `begins` is where the first frame should begin; None is wherever it does.
    """
    end, least = begins, 0.0
    for frame in frames:
        start = end if frame.pts is None else float(frame.pts * frame.time_base)
        late = 0.0 if start is None or end is None else start - end
        if end is None or abs(late) > least:
            end, least = start or 0.0, _GAP_SECONDS
            yield frame, max(late, 0.0)
        else:
            yield frame, 0.0
        end += frame.samples / frame.sample_rate


def _silence(gap_seconds: float, converter: _Converter) -> Iterator[npt.NDArray[np.float32]]:
    left = round(gap_seconds * converter.from_rate)
    while left > 0:
        yield converter.silence(min(left, converter.from_rate))
        left -= converter.from_rate


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield decoded frames, skipping few damaged packets and refusing many."""
    packets = broken = 0
    error: av.error.FFmpegError | None = None
    for packet in container.demux(stream):
        packets += 1
        try:
            yield from packet.decode()
        except av.error.InvalidDataError as invalid:
            broken += 1
            error = invalid
    if error is not None and broken > max(1, packets * _MAX_BROKEN_SHARE):
        raise error


def to_float(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Convert samples of any kind to float, full scale being -1 to 1."""
    if np.issubdtype(samples.dtype, np.unsignedinteger):
        samples = samples.astype(np.int16) - 128
        return np.asarray(samples / 128, dtype=np.float32)
    if np.issubdtype(samples.dtype, np.integer):
        return np.asarray(samples / -float(np.iinfo(samples.dtype).min), dtype=np.float32)
    return np.asarray(samples, dtype=np.float32)


def to_int16(samples: npt.NDArray[np.float32]) -> Pcm:
    """Convert float samples, -1 to 1 and clipped beyond, to the nearest int16."""
    scaled = np.rint(np.nan_to_num(samples) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def _unreadable(what: str, field: str) -> InvalidInput:
    return InvalidInput(Reason.AUDIO_UNREADABLE, f"{what} {_REMEDY}", field=field)
