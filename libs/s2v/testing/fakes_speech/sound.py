"""The sound that fake speech servers make: a hum for each letter, another pitch for each voice."""

import struct
import wave
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

_LETTER_SECONDS = 0.08
_AMPLITUDE = 9_000


def hummed(text: str, voice: object, rate: int) -> bytes:
    """Return mono 16-bit samples; letters of any script sound, spaces and commas do not."""
    pitch_hz = 90 + zlib.crc32(repr(voice).encode()) % 300
    samples = round(_LETTER_SECONDS * rate)
    times = np.arange(samples) / rate
    hum = np.sin(2 * np.pi * pitch_hz * times) * np.hanning(samples) * _AMPLITUDE
    tone: npt.NDArray[np.int16] = np.rint(hum).astype("<i2")
    silence = np.zeros(samples // 2, "<i2")
    letters = [tone if letter.isalnum() else silence for letter in text]
    return np.concatenate([silence, *letters, silence]).tobytes()


def header(rate: int, length: int) -> bytes:
    """Return the header of a mono 16-bit WAV of so many bytes of samples."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(length + 36, 0xFFFFFFFF),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        length,
    )


def samples_of(path: Path) -> bytes:
    """Return the samples of a mono 16-bit WAV."""
    with wave.open(str(path), "rb") as reader:
        return reader.readframes(reader.getnframes())
