"""What the encoding of a film's sound adds to it, at several rates.

    python benchmarks/film_sound.py

It prints Markdown for benchmarks/results/. Each sound is encoded as the film's is; the error is
what of the decoded sound was not given.
"""

import io
import os
import platform
from fractions import Fraction
from importlib.metadata import version

import av
import numpy as np
import numpy.typing as npt
from voice import spoken
from voice_texts import SENTENCES

from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v_tts.backends.embedded.backend import EmbeddedBackend

Samples = npt.NDArray[np.float64]

RATES = (96, 128, 160, 192, 256)
"""In kbit/s for each channel."""
_LAYOUTS = {1: "mono", 2: "stereo"}
_SENTENCES = 4


def main() -> None:
    """Print a table row for each sound."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(f"av {version('av')}, numpy {version('numpy')}\n")
    print("How many dB the error lies under the sound, and the kbit/s a channel that it took:\n")
    print("| sound | " + " | ".join(f"{rate} asked" for rate in RATES) + " |")
    print("|---|" + "---|" * len(RATES))
    for name, sound in _sounds().items():
        cells = []
        for rate in RATES:
            heard, taken = encoded(sound, rate * 1000)
            error = np.sum((heard - sound) ** 2)
            cells.append(f"{10 * np.log10(np.sum(sound**2.0) / error):.1f} at {taken / 1000:.0f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def encoded(sound: npt.NDArray[np.int16], rate: int) -> tuple[Samples, float]:
    """Return what is heard of a sound (int16, shape [samples, channels]), and its real rate."""
    file, (samples, channels) = io.BytesIO(), sound.shape
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout=_LAYOUTS[channels])
        stream.bit_rate = rate * channels
        stream.options = {"flags": "+bitexact"}
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), "s16", _LAYOUTS[channels])
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    file.seek(0)
    with av.open(file) as container:
        size = sum(packet.size for packet in container.demux(audio=0))
    file.seek(0)
    with av.open(file) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    return heard.T[:samples] * 32_768.0, size * 8 / seconds(samples) / channels


def _sounds() -> dict[str, npt.NDArray[np.int16]]:
    backend = EmbeddedBackend()
    heart, oak = (
        np.concatenate([spoken(backend, text, voice).pcm for text in SENTENCES[:_SENTENCES]])
        for voice in ("heart", "oak")
    )
    length = min(len(heart), len(oak))
    one, other = (voice[:length].astype(np.float64) * 0.7 for voice in (heart, oak))
    rng = np.random.default_rng(0)
    chords = np.stack([_chords(length, shift) for shift in (0, 200)], axis=1)
    hiss = rng.normal(0, 300, (length, 2))
    sounds = {
        "a voice, mono": one[:, None],
        "a voice in the middle": np.stack([one, one], axis=1),
        "a voice on the left": np.stack([one, 0 * one], axis=1),
        "two voices, left and right": np.stack([one + 0.3 * other, 0.3 * one + other], axis=1),
        "a voice, chords and hiss": one[:, None] + chords + hiss,
        "loud white noise": rng.normal(0, 6_000, (length, 2)),
    }
    return {name: np.rint(np.clip(s, -32768, 32767)).astype(np.int16) for name, s in sounds.items()}


def _chords(samples: int, shift: int) -> Samples:
    times = (np.arange(samples) + shift) / SAMPLE_RATE
    fading = np.exp(-3 * (times % 0.5))
    tones = [np.sin(2 * np.pi * pitch * times) for pitch in (262, 330, 392, 524, 660, 784)]
    return np.asarray(np.sum(tones, axis=0) * fading * 1_200, np.float64)


if __name__ == "__main__":
    main()
