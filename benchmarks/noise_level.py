"""How near the told signal-to-noise ratio comes to the true one, for noises of all kinds.

    python benchmarks/noise_level.py

It prints Markdown for benchmarks/results/. True is the power of the clean speech while somebody
speaks over that of the noise, by how the two were mixed.
"""

import os
import platform
import time
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from voice import spoken
from voice_texts import SENTENCES

from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.media.pcm import Pcm
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.measuring.activity import WINDOW_SAMPLES, spoken_windows
from s2v_tts.measuring.sound import measured

Samples = npt.NDArray[np.float64]

SNRS_DB = (0, 5, 10, 15, 20, 25, 30)
SLOPES = {"white": 0.0, "pink": 0.5, "brown": 1.0}
VOICES = (("heart", 0.4), ("oak", 0.3), ("willow", 0.5))
"""And how many seconds each pauses between its sentences."""
_LOUD = 0.4
_LOWEST_HERTZ = 20.0


def main() -> None:
    """Print a table of how much higher than the truth is told."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "numpy", "hibari-tts")))
    backend = EmbeddedBackend()
    paused = [_said(backend, voice, pause) for voice, pause in VOICES]
    unpaused = [said[_in_speech(said)] for said in paused]
    print("\nTold less true, dB; the least and the most of the voices.\n")
    print("| noise | speech | " + " | ".join(f"{snr} dB" for snr in SNRS_DB) + " |")
    print("|---|---|" + "---|" * len(SNRS_DB))
    babble = _babble(backend)
    for kind in (*SLOPES, "babble"):
        for how, clips in (("with pauses", paused), ("without", unpaused)):
            cells = [_cell(kind, snr, clips, babble) for snr in SNRS_DB]
            print(f"| {kind} | {how} | " + " | ".join(cells) + " |")
    long = np.tile(paused[0], 20)
    started = time.process_time()
    result(measured(long))
    spent = time.process_time() - started
    print(f"\nMeasuring takes {spent / seconds(len(long)) * 3600:.0f} s of processor time an hour.")


def _cell(kind: str, snr_db: float, clips: list[Pcm], babble: Samples) -> str:
    errors = [_told(_mixed(said, kind, snr_db, babble)) - snr_db for said in clips]
    return f"{min(errors):+.1f} to {max(errors):+.1f}"


def _told(pcm: Pcm) -> float:
    return result(measured(pcm)).snr_db or 0.0


def _said(backend: EmbeddedBackend, voice: str, pause: float) -> Pcm:
    silence = np.zeros(round(pause * SAMPLE_RATE), np.int16)
    parts = [(spoken(backend, text, voice).pcm, silence) for text in SENTENCES[:6]]
    return np.concatenate([sound for pair in parts for sound in pair])


def _in_speech(pcm: Pcm) -> npt.NDArray[np.bool_]:
    heard: npt.NDArray[np.bool_] = result(spoken_windows(pcm))
    return np.repeat(heard, WINDOW_SAMPLES)[: len(pcm)]


def _mixed(said: Pcm, kind: str, snr_db: float, babble: Samples) -> Pcm:
    sound = said.astype(np.float64) * _LOUD
    noise = np.resize(babble, len(said)) if kind == "babble" else _coloured(len(said), kind)
    power = np.mean(sound[_in_speech(said)] ** 2)
    noise = noise * np.sqrt(power / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixed: Pcm = np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16)
    return mixed


def _coloured(samples: int, kind: str) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), _LOWEST_HERTZ)
    coloured: Samples = np.fft.irfft(spectrum / hertz ** SLOPES[kind], samples)
    return coloured


def _babble(backend: EmbeddedBackend) -> Samples:
    """Return six voices that say other things at once."""
    total = np.zeros(60 * SAMPLE_RATE)
    for number in range(6):
        texts = SENTENCES[10 + 6 * number : 16 + 6 * number]
        voice = [spoken(backend, text, VOICES[number % 2][0]).pcm for text in texts]
        total += np.resize(np.concatenate(voice).astype(np.float64), len(total))
    return total


if __name__ == "__main__":
    main()
