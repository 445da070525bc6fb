"""Recordings of all kinds: mono int16 at 48 kHz."""

import io
from functools import cache, lru_cache

import av
import numpy as np
import numpy.typing as npt

from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.backends.embedded.backend import EmbeddedBackend

Pcm = npt.NDArray[np.int16]

SAID = (
    "My father bought a big balloon. We see who moved the blue shoes to the beach, and how far "
    "away the people looked. Would you keep a beautiful bee?"
)
_CHORDS = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))


@cache
def speech(voice: str = "heart") -> Pcm:
    """Eight seconds of somebody who says SAID."""
    return np.concatenate([utterance.pcm for utterance in EmbeddedBackend().speak(SAID, voice)])


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def hours_of_silence(hours: int) -> bytes:
    """A FLAC file of a few kilobytes."""
    file, rate = io.BytesIO(), 8000
    with av.open(file, "w", "flac") as container:
        stream = container.add_stream("flac", rate=rate, layout="mono")
        minute = np.zeros((1, 60 * rate), np.int16)
        for number in range(60 * hours):
            frame = av.AudioFrame.from_ndarray(minute, "s16", "mono")
            frame.sample_rate, frame.pts = rate, number * 60 * rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


@lru_cache(maxsize=8)
def noise(samples: int, *, white: bool = False) -> Pcm:
    """Noise, pink by default from where it is heard (20 Hz), 20 dB below full scale."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=samples))
    if not white:
        spectrum /= np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 20) ** 0.5
    sound = _scaled(np.fft.irfft(spectrum, samples), 3277)
    sound.flags.writeable = False
    return sound


def hum(seconds: float) -> Pcm:
    return _scaled(np.sin(2 * np.pi * 220 * _times(seconds)), 5000)


def music(seconds: float) -> Pcm:
    """Chords that are struck twice a second and die away."""
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    beat = SAMPLE_RATE // 2
    for number, first in enumerate(range(0, len(sound), beat)):
        times = _times(0.5)[: len(sound) - first]
        for pitch in _CHORDS[number % len(_CHORDS)]:
            for harmonic in range(1, 6):
                tone = np.sin(2 * np.pi * pitch * harmonic * times) / harmonic
                sound[first : first + beat] += tone * np.exp(-3 * times)
    return _scaled(sound, 4000)


def mixed(voice: Pcm, behind: Pcm, *, decibels: float) -> Pcm:
    """Put a sound behind a voice, so much quieter than the voice is where it speaks."""
    behind = np.resize(behind, len(voice)).astype(np.float64)
    loud = np.abs(voice) > 300
    wanted = np.sqrt(np.mean(voice[loud].astype(np.float64) ** 2)) * 10 ** (-decibels / 20)
    return _limited(voice + behind * (wanted / behind.std()))


def clipped(voice: Pcm, *, by_decibels: float) -> Pcm:
    """Record a voice with the level turned up too far."""
    return _limited(voice * (32767 / np.abs(voice).max()) * 10 ** (by_decibels / 20))


def _times(seconds: float) -> npt.NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _scaled(sound: npt.NDArray[np.float64], level: float) -> Pcm:
    return _limited(sound * (level / sound.std()))


def _limited(sound: npt.NDArray[np.float64]) -> Pcm:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
