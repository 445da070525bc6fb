"""Turn the bytes of an answer into sound while they come: WAV, or bare samples."""

import string
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import Pcm

_RATES = range(8_000, 192_001)
_MAX_HEADER_BYTES = 1 << 16
_MAX_CHANNELS = 2
_KINDS: dict[tuple[int, int], np.dtype[Any]] = {(1, 16): np.dtype("<i2"), (3, 32): np.dtype("<f4")}
"""Format and bits of a sample of a WAV."""
_EXTENSIBLE = 0xFFFE
_NO_LENGTH = 0x7F000000
"""Streams have no length to write down: servers write 0, or something near the largest number."""
_OTHERS = {b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC"}
_ENOUGH_TO_TELL_BYTES = 12
_TEXT = frozenset(string.printable.encode())


class BadSound(Exception):
    """What came is no sound that can be used; the message goes on from "the server"."""


class SoundStream:
    """Makes mono int16 sound at 48 kHz of bytes.

    Args:
        bare_rate: samples a second of mono 16-bit sound that comes without a header; None if a
            header must come.
    """

    def __init__(self, bare_rate: int | None) -> None:
        self._bare_rate = bare_rate
        self._bytes = b""
        self._expected: int | None = None
        self._kind: np.dtype[Any] = np.dtype("<i2")
        self._channels = 1
        self._resampler: soxr.ResampleStream | None = None

    def feed(self, data: bytes) -> Pcm:
        """Return what of the sound is ready.

        Raises:
            BadSound: this is no WAV of the kinds that are read.
        """
        self._bytes += data
        if self._resampler is None and not self._begun():
            return np.zeros(0, np.int16)
        return self._sound(last=False)

    def end(self) -> Pcm:
        """Return the last of the sound.

        Raises:
            BadSound: there is none, or less than its header promised.
        """
        if self._resampler is None:
            raise BadSound("answered without any sound")
        rest = len(self._bytes) % self._frame_bytes
        if self._expected or (self._expected is None and rest):
            raise BadSound("broke off in the middle of its answer")
        return self._sound(last=True)

    @property
    def _frame_bytes(self) -> int:
        return self._kind.itemsize * self._channels

    def _begun(self) -> bool:
        """Find out what comes; False if it is too early to tell."""
        if len(self._bytes) < _ENOUGH_TO_TELL_BYTES:
            return False
        if self._bytes[:4] == b"RIFF" and self._bytes[8:12] == b"WAVE":
            return self._read_header()
        beginning = self._bytes[:_ENOUGH_TO_TELL_BYTES]
        if _TEXT.issuperset(beginning):  # samples that begin quietly have zeros in between
            raise BadSound("answered with text where sound was promised")
        for magic, what in _OTHERS.items():
            if beginning.startswith(magic):
                raise BadSound(f"answered with {what} where WAV was asked for")
        if self._bare_rate is None:
            raise BadSound("answered with something that is no WAV")
        self._start(self._bare_rate)
        return True

    def _read_header(self) -> bool:
        for name, length, first in self._chunks():
            if name == b"fmt " and len(self._bytes) >= first + length:
                self._read_format(self._bytes[first : first + length])
            if name == b"data":
                if not self._resampler:
                    raise BadSound("answered with a WAV whose header is damaged")
                self._expected = None if length == 0 or length >= _NO_LENGTH else length
                self._bytes = self._bytes[first:]
                return True
        if len(self._bytes) > _MAX_HEADER_BYTES:
            raise BadSound("answered with a WAV whose header does not end")
        self._resampler = None
        return False

    def _chunks(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield name, length and first byte of each chunk whose head has come."""
        at = 12
        while at + 8 <= len(self._bytes):
            name, length = struct.unpack_from("<4sI", self._bytes, at)
            yield name, length, at + 8
            at += 8 + length + length % 2

    def _read_format(self, fmt: bytes) -> None:
        if len(fmt) < 16:
            raise BadSound("answered with a WAV whose header is damaged")
        form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", fmt)
        if form == _EXTENSIBLE and len(fmt) >= 26:
            (form,) = struct.unpack_from("<H", fmt, 24)
        kind = _KINDS.get((form, bits))
        if kind is None or not 1 <= channels <= _MAX_CHANNELS or rate not in _RATES:
            raise BadSound(
                f"answered with a WAV of {channels} channels, {rate} Hz and {bits} bits (format "
                f"{form}); mono or stereo, 8 to 192 kHz, 16 bits or 32 bits of floats are read"
            )
        self._kind, self._channels = kind, channels
        self._start(rate)

    def _start(self, rate: int) -> None:
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")

    def _sound(self, *, last: bool) -> Pcm:
        assert self._resampler
        whole = len(self._bytes) // self._frame_bytes * self._frame_bytes
        if self._expected is not None:
            whole = min(whole, self._expected)  # what follows the data is no sound
            self._expected -= whole
        data, self._bytes = self._bytes[:whole], self._bytes[whole:]
        resampled = self._resampler.resample_chunk(self._mono(data), last=last)
        pcm: Pcm = np.clip(np.rint(resampled * 32_767), -32_768, 32_767).astype(np.int16)
        return pcm

    def _mono(self, data: bytes) -> npt.NDArray[np.float32]:
        samples = np.frombuffer(data, self._kind).reshape(-1, self._channels)
        scale = 1 / 32_767 if self._kind.kind == "i" else 1.0
        mono = samples.astype(np.float32).mean(axis=1) * scale
        return np.asarray(np.nan_to_num(mono, posinf=1, neginf=-1), np.float32)
