"""Sound as the whole system holds it: mono int16 at 48 kHz, in memory and in WAV files."""

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt
import soxr

from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.limits import audio_too_long
from s2v.media.opening import open_media

Pcm = npt.NDArray[np.int16]
"""Mono int16 at 48 kHz, shape [samples]."""

_FULL_SCALE = 32_768
_SAMPLE_BYTES = 2
_MAX_BROKEN_SHARE = 0.02
"""Players skip a damaged packet now and then; a file with more of them than this is broken."""

_REMEDY = "Send a WAV, MP3, FLAC, Ogg or M4A file, or a video with sound, that plays in a player."


def decode_audio(
    path: Path, *, max_seconds: float | None = None, field: str = "spec.script.audio"
) -> Pcm:
    """Decode the sound of an audio or video file; channels are averaged.

    Decoding stops at `max_seconds`, so memory is bounded by it whatever the file holds.

    Raises:
        InvalidInput: there is no sound in it or it is broken (AUDIO_UNREADABLE), or it lasts
            longer than `max_seconds` (AUDIO_TOO_LONG).
    """
    pieces: list[Pcm] = []
    samples = 0
    try:
        for piece in _decoded(path):
            pieces.append(piece)
            samples += len(piece)
            if max_seconds is not None and samples > max_seconds * SAMPLE_RATE:
                raise audio_too_long(None, field=field, max_seconds=max_seconds)
    except av.error.FFmpegError as error:
        raise _unreadable(f"The sound cannot be decoded ({error.strerror}).", field) from error
    if not samples:
        raise _unreadable("The file holds no sound.", field)
    return np.concatenate(pieces)


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
    with wave.open(target, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(_SAMPLE_BYTES)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm.astype("<i2", copy=False).tobytes())


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


def _decoded(path: Path) -> Iterator[Pcm]:
    """Yield the file's first sound track in pieces; nothing if it has none."""
    with open_media(path) as container:
        if not container.streams.audio:
            return
        rate = SAMPLE_RATE
        resampler = _resampler(rate)
        for frame in _frames(container, container.streams.audio[0]):
            if frame.sample_rate != rate:
                yield _to_int16(resampler.resample_chunk(_NOTHING, last=True))
                rate = frame.sample_rate
                resampler = _resampler(rate)
            mono = _mono(frame)
            yield _to_int16(mono if rate == SAMPLE_RATE else resampler.resample_chunk(mono))
        yield _to_int16(resampler.resample_chunk(_NOTHING, last=True))


def _resampler(from_rate: int) -> Any:
    return soxr.ResampleStream(from_rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")


_NOTHING = np.zeros(0, np.float32)


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


def _mono(frame: Any) -> npt.NDArray[np.float32]:
    """Return the mean of a frame's channels in -1..1, shape [samples]."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    mono: npt.NDArray[np.float32] = _to_float(samples).mean(axis=0, dtype=np.float32)
    return mono


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
