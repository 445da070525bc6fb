"""Sound as the whole system holds it: mono int16 at 48 kHz, in memory and in WAV files."""

import io
import mmap
import wave
from collections.abc import Iterable, Iterator
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
"""Mono int16 at 48 kHz, shape [samples]."""

_FULL_SCALE = 32_768
_SAMPLE_BYTES = 2
_WAV_HEADER_BYTES = 44
_GAP_SECONDS = 0.1
"""Timestamps are rounded; what is missing for longer is a gap that players keep."""
_MAX_BROKEN_SHARE = 0.02
"""Players skip a damaged packet now and then; a file with more of them than this is broken."""

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
    source: Source, target: BinaryIO, *, max_seconds: float, field: str = "spec.script.audio"
) -> int:
    """Decode as `decode_audio` into a 16-bit mono 48 kHz WAV file; return how many samples.

    No more than a second of sound is held at once. A target that fills its disk raises OSError.

    Raises:
        InvalidInput: as `decoded_audio`.
    """
    mixer = Mixer()
    samples = _write_pieces(
        target, decoded_audio(source, mixer, max_seconds=max_seconds, field=field)
    )
    if (only := mixer.only) is None:
        return samples
    return _write_pieces(
        target, decoded_audio(source, Mixer(only=only), max_seconds=max_seconds, field=field)
    )


def decoded_audio(
    source: Source, mixer: Mixer, *, max_seconds: float | None, field: str
) -> Iterator[Pcm]:
    """Yield the sound of the track that a player takes, in pieces; gaps in it are silent.

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
    return _to_int16(soxr.resample(_to_float(pcm), from_rate, SAMPLE_RATE, quality="VHQ"))


def wav_bytes(pcm: Pcm) -> bytes:
    """Return the bytes of a 16-bit mono 48 kHz WAV file."""
    target = io.BytesIO()
    _write(target, pcm)
    return target.getvalue()


def read_wav(source: BinaryIO, first_sample: int = 0, end_sample: int | None = None) -> Pcm:
    """Read the half-open range of samples of a 16-bit mono 48 kHz WAV, seeking to its start.

    A range that reaches past the end is cut there.

    Raises:
        InvalidInput: it is not such a WAV (AUDIO_UNREADABLE).
    """
    with _open_wav(source) as reader:
        end = reader.getnframes() if end_sample is None else end_sample
        first = min(first_sample, reader.getnframes())
        reader.setpos(first)
        data = reader.readframes(max(end - first, 0))
    return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)


def wav_samples(source: BinaryIO) -> int:
    """Return how many samples a 16-bit mono 48 kHz WAV holds, from its header.

    Raises:
        InvalidInput: it is not such a WAV (AUDIO_UNREADABLE).
    """
    with _open_wav(source) as reader:
        return reader.getnframes()


def _write(target: BinaryIO, pcm: Pcm) -> None:
    with _wav_writer(target) as writer:
        writer.writeframes(pcm.astype("<i2", copy=False).tobytes())


def _write_pieces(target: BinaryIO, pieces: Iterable[Pcm]) -> int:
    target.seek(0)
    target.truncate()
    samples = 0
    with _wav_writer(target) as writer:
        for piece in pieces:
            writer.writeframesraw(piece.astype("<i2", copy=False).tobytes())
            samples += len(piece)
    return samples


def _wav_writer(target: BinaryIO) -> wave.Wave_write:
    writer = wave.open(target, "wb")  # noqa: SIM115
    writer.setnchannels(1)
    writer.setsampwidth(_SAMPLE_BYTES)
    writer.setframerate(SAMPLE_RATE)
    return writer


def mapped_wav(path: Path) -> Pcm:
    """Return the samples of a WAV that `decode_to_wav` wrote, reading what is looked at only."""
    with path.open("rb") as source:
        samples = wav_samples(source)
    return np.memmap(path, "<i2", "r", offset=_WAV_HEADER_BYTES, shape=(samples,))


def let_go(pcm: Pcm) -> None:
    """Free the memory of what has been looked at of a `mapped_wav`; do nothing for other sound."""
    if isinstance(pcm.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        pcm.base.madvise(mmap.MADV_DONTNEED)


def _open_wav(source: BinaryIO) -> wave.Wave_read:
    source.seek(0)
    try:
        reader = wave.open(source, "rb")  # noqa: SIM115
    except (wave.Error, EOFError) as error:
        message = f"This is no WAV file ({error}); send 16-bit mono PCM at {SAMPLE_RATE} Hz."
        raise InvalidInput(Reason.AUDIO_UNREADABLE, message) from error
    _require_ours(reader)
    return reader


def _require_ours(reader: wave.Wave_read) -> None:
    found = (reader.getnchannels(), reader.getsampwidth() * 8, reader.getframerate())
    if found == (1, _SAMPLE_BYTES * 8, SAMPLE_RATE):
        return
    message = (
        f"The WAV has {found[0]} channels of {found[1]} bits at {found[2]} Hz; "
        f"convert it to 1 channel of 16 bits at {SAMPLE_RATE} Hz."
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
        converter = _Converter(SAMPLE_RATE)
        begins = beginning(container) if moving_picture(container) is not None else None
        for frame, gap_seconds in _with_gaps(_frames(container, track), begins):
            if gap_seconds > longest:
                raise audio_too_long(None, field=field, max_seconds=longest)
            if frame.sample_rate != converter.from_rate or gap_seconds:
                yield from map(converter.converted, mixer.rest())
            if frame.sample_rate != converter.from_rate:
                check_rate(frame.sample_rate, field=field)
                yield converter.rest()
                converter = _Converter(frame.sample_rate)
            yield from map(converter.converted, _silence(gap_seconds, frame.sample_rate))
            yield from map(converter.converted, mixer.mono(frame))
        yield from map(converter.converted, mixer.rest())
        yield converter.rest()


class _Converter:
    """Converts mono sound at any rate, float in -1..1, to int16 at 48 kHz, piece by piece."""

    def __init__(self, from_rate: int) -> None:
        self.from_rate = from_rate
        self._stream = soxr.ResampleStream(
            from_rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ"
        )

    def converted(self, piece: npt.NDArray[np.float32]) -> Pcm:
        """Convert the next piece; what comes out may lag behind what went in."""
        if self.from_rate == SAMPLE_RATE:
            return _to_int16(piece)
        return _to_int16(self._stream.resample_chunk(piece))

    def rest(self) -> Pcm:
        """Return what lags behind."""
        return _to_int16(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))


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


def _silence(gap_seconds: float, rate: int) -> Iterator[npt.NDArray[np.float32]]:
    left = round(gap_seconds * rate)
    while left > 0:
        yield np.zeros(min(left, rate), np.float32)
        left -= rate


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


def _to_float(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if np.issubdtype(samples.dtype, np.unsignedinteger):
        samples = samples.astype(np.int16) - 128
        return np.asarray(samples / 128, dtype=np.float32)
    if np.issubdtype(samples.dtype, np.integer):
        return np.asarray(samples / -float(np.iinfo(samples.dtype).min), dtype=np.float32)
    return np.asarray(samples, dtype=np.float32)


def _to_int16(samples: npt.NDArray[np.float32]) -> Pcm:
    scaled = np.rint(np.nan_to_num(samples) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def _unreadable(what: str, field: str) -> InvalidInput:
    return InvalidInput(Reason.AUDIO_UNREADABLE, f"{what} {_REMEDY}", field=field)
