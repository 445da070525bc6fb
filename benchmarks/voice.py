"""How well the embedded voice is understood, and how well its marks and those of given sound lie.

Run it with `.venv/bin/python benchmarks/voice.py`, the extras `asr` and `multilingual` installed;
it prints Markdown for benchmarks/results/; `--hour` measures an hour of sound instead.
"""

import argparse
import os
import platform
import re
import resource
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from voice_texts import SENTENCES, SIBILANT_SENTENCES, SPEECHES

from s2v.core.ports import Utterance
from s2v.core.script import LipCues, Mark
from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.lipsync.loudness import loudness
from s2v.lipsync.visemes import mouths_of_loudness, mouths_of_phonemes
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.cutting import cut_audio
from s2v_tts.listening.aligning import align, one_utterance
from s2v_tts.listening.listener import Listener
from s2v_tts.listening.parting import part_transcript
from s2v_tts.listening.recognising import Hama, Whisper

Pcm = npt.NDArray[np.int16]

VOICES = ("heart", "oak")
FRAME_RATE = 50
_SIBILANTS = frozenset(("s", "z", "ʃ", "ʒ", "tʃ", "dʒ"))
_STEP_SAMPLES = 240


def main() -> None:
    """Measure everything and print a table for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true")
    wants_hour = parser.parse_args().hour
    packages = ("hibari-tts", "onnxruntime", "faster-whisper", "ctranslate2", "hama", "numpy")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    backend = EmbeddedBackend()
    if wants_hour:
        show_hour(backend)
        return
    show_understanding(backend)
    show_marks(backend)
    show_ways(backend)
    show_refusals(backend)


def show_understanding(backend: EmbeddedBackend) -> None:
    """Let Whisper tiny.en write down what the voice says."""
    print("\n## Understood by Whisper tiny.en\n")
    print(
        "| voice | sentences | words | wrong | word error rate | bar |\n|---|---|---|---|---|---|"
    )
    whisper = Whisper()
    for voice in VOICES:
        words = wrong = 0
        heard_wrong = []
        for sentence in SENTENCES:
            said = normalised(sentence)
            heard = normalised(result(whisper.words(spoken(backend, sentence, voice).pcm)))
            distance = edits(said, heard)
            words, wrong = words + len(said), wrong + distance
            if distance:
                heard_wrong.append(f"{' '.join(said)} -> {' '.join(heard)}")
        rate = wrong / words
        print(f"| {voice} | {len(SENTENCES)} | {words} | {wrong} | {rate:.3f} | 0.03 |")
        print(*(f"<!-- {line} -->" for line in heard_wrong), sep="\n")


def show_marks(backend: EmbeddedBackend) -> None:
    """Compare where the sibilants are marked with where the sound hisses."""
    print("\n## Marks against the sound: how much later sibilants sound than marked\n")
    print("| voice | median | middle half | bar |\n|---|---|---|---|")
    for voice in VOICES:
        lags = [sibilant_lag(spoken(backend, text, voice)) for text in SIBILANT_SENTENCES]
        low, median, high = np.percentile(lags, (25, 50, 75)) * 1000
        print(f"| {voice} | {median:+.0f} ms | {low:+.0f} to {high:+.0f} ms | 15 ms |")


def show_ways(backend: EmbeddedBackend) -> None:
    """Find the sounds of speech whose marks are known, in every way."""
    print("\n## Given sound: marks found against the true ones\n")
    print("Speech of the two voices, made faster and slower piece by piece, with noise.")
    print("RTF: seconds of processor time a second of sound.\n")
    print("| way | voice | taken | phonemes off, median / 95 % | opening, mean / worst | RTF |")
    print("|---|---|---|---|---|---|")
    whisper, hama = Whisper(), Hama()
    result(whisper.words(spoken(backend, "Hello.", "heart").pcm))
    hama.sounds(spoken(backend, "Hello.", "heart").pcm)
    ways = (
        (LipCues.TRANSCRIPT, Listener(backend, words=None, sounds=None)),
        (LipCues.WORDS, Listener(backend, words=whisper, sounds=None)),
        (LipCues.SOUNDS, Listener(backend, words=None, sounds=hama)),
        (LipCues.LOUDNESS, Listener(backend, words=None, sounds=None)),
    )
    for way, listener in ways:
        for voice in VOICES:
            print(row(backend, way, listener, voice))


def row(backend: EmbeddedBackend, way: LipCues, listener: Listener, voice: str) -> str:
    """Return a line of the table of ways."""
    errors: list[float] = []
    openings, taken, spent, length = [], 0, 0.0, 0.0
    for seed, text in enumerate(SPEECHES):
        truth = recorded(backend, text, voice, seed)
        started = time.process_time()
        heard = result(listener.listen(truth.pcm, text if way is LipCues.TRANSCRIPT else ""))
        spent += time.process_time() - started
        length += seconds(len(truth.pcm))
        taken += heard.cues is way
        openings.append(correlation(heard.phonemes, truth))
        if len(heard.phonemes) == len(truth.phonemes):
            errors += [
                abs(ours.first_sample - theirs.first_sample) / SAMPLE_RATE * 1000
                for ours, theirs in zip(heard.phonemes, truth.phonemes, strict=True)
            ]
    off = f"{np.median(errors):.0f} / {np.percentile(errors, 95):.0f} ms" if errors else "-"
    if way is not LipCues.TRANSCRIPT:
        off = "-"
    return (
        f"| {way.value} | {voice} | {taken} of {len(SPEECHES)} | {off} "
        f"| {np.mean(openings):.2f} / {min(openings):.2f} | {spent / length:.3f} |"
    )


def show_refusals(backend: EmbeddedBackend) -> None:
    """Align right and wrong transcripts."""
    print("\n## Is the transcript what is said?\n")
    print("| voice | cost of the right text, worst | of a wrong one, least | limit | told apart |")
    print("|---|---|---|---|---|")
    for voice in VOICES:
        sounds = [recorded(backend, text, voice, seed) for seed, text in enumerate(SPEECHES)]
        right = [
            result(align(sound.pcm, text, backend))
            for sound, text in zip(sounds, SPEECHES, strict=True)
        ]
        moved = [*SPEECHES[1:], SPEECHES[0]]
        wrong = [
            result(align(sound.pcm, text, backend))
            for sound, text in zip(sounds, moved, strict=True)
        ]
        told = sum(a.fits for a in right) + sum(not a.fits for a in wrong)
        worst, least = max(a.cost for a in right), min(a.cost for a in wrong)
        count = len(right) + len(wrong)
        print(f"| {voice} | {worst:.2f} | {least:.2f} | 0.79 | {told} of {count} |")


def show_hour(backend: EmbeddedBackend) -> None:
    """Part an hour's transcript among its segments."""
    print("\n## An hour of sound and its transcript, parted among its segments\n")
    pcm, words = hour(backend)
    segments = cut_audio(pcm, frame_rate=25)
    before = peak_megabytes()
    started = time.process_time()
    parted = result(part_transcript(" ".join(w.label for w in words), pcm, segments, backend))
    spent = time.process_time() - started
    owners = np.searchsorted(
        [s.end_sample for s in segments],
        [(w.first_sample + w.end_sample) / 2 for w in words],
        side="right",
    )
    given = np.repeat(np.arange(len(segments)), [len(s.text.split()) for s in parted])
    right = float((given == owners).mean())
    length = seconds(len(pcm))
    print("| sound | segments | words | in the right one | CPU time | RTF | memory before / peak |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {length / 60:.0f} min | {len(segments)} | {len(words)} | {right:.4f} | {spent:.0f} s "
        f"| {spent / length:.3f} | {before:.0f} / {peak_megabytes():.0f} MB |"
    )


def hour(backend: EmbeddedBackend) -> tuple[Pcm, list[Mark]]:
    """Return an hour of speech in oak's voice and when its words sound."""
    random = np.random.default_rng(3)
    sounds, words, samples = [], [], 0
    while samples < 3_570 * SAMPLE_RATE:
        seed = int(random.integers(1_000))
        sound = recorded(backend, SENTENCES[seed % len(SENTENCES)], "oak", seed)
        words += [
            Mark(m.label, m.first_sample + samples, m.end_sample + samples) for m in sound.words
        ]
        sounds.append(sound.pcm)
        samples += len(sound.pcm)
    return np.concatenate(sounds), words


def spoken(backend: EmbeddedBackend, text: str, voice: str) -> Utterance:
    """Return what the voice says."""
    return result(one_utterance(backend.speak(text, voice)))


def recorded(backend: EmbeddedBackend, text: str, voice: str, seed: int) -> Utterance:
    """Return what another speaker might say: faster here, slower there, with pauses and noise."""
    said = spoken(backend, text, voice)
    random = np.random.default_rng(seed)
    pieces = max(len(said.pcm) // SAMPLE_RATE, 2)
    knots = np.linspace(0, len(said.pcm), pieces + 1)
    paces = np.concatenate([[0.0], np.diff(knots) * random.uniform(0.8, 1.3, pieces)])
    times = random.integers(SAMPLE_RATE) + np.cumsum(paces)
    moments = np.arange(int(times[-1] + random.integers(SAMPLE_RATE)))
    sources = np.interp(moments, times, knots, left=0, right=len(said.pcm) - 1)
    pcm = np.interp(sources, np.arange(len(said.pcm)), said.pcm)
    pcm += random.normal(0, 10, len(pcm))

    def moved(marks: Sequence[Mark]) -> Iterator[Mark]:
        for mark in marks:
            first, end = np.interp((mark.first_sample, mark.end_sample), knots, times)
            yield Mark(mark.label, int(first), int(end))

    return Utterance(pcm.astype(np.int16), tuple(moved(said.words)), tuple(moved(said.phonemes)))


def correlation(found: Sequence[Mark], truth: Utterance) -> float:
    """Compare the opening of the lips, frame by frame, with that of the true marks."""
    frames = len(truth.pcm) * FRAME_RATE // SAMPLE_RATE
    level = loudness(truth.pcm)

    def opening(phonemes: Sequence[Mark]) -> list[float]:
        mouths = (
            mouths_of_phonemes(phonemes, level, frames=frames, frame_rate=FRAME_RATE)
            if phonemes
            else mouths_of_loudness(level, frames=frames, frame_rate=FRAME_RATE)
        )
        return [mouth.gap for mouth in mouths]

    return float(np.corrcoef(opening(found), opening(truth.phonemes))[0, 1])


def sibilant_lag(said: Utterance) -> float:
    """Return how many seconds later than marked the sibilants sound, by cross-correlation."""
    window = 4 * _STEP_SAMPLES
    padded = np.pad(said.pcm.astype(np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::_STEP_SAMPLES]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    hiss = np.log10(power[:, round(4_500 * window / SAMPLE_RATE) :].sum(axis=1) + 1e4)
    times = np.arange(len(hiss)) * _STEP_SAMPLES
    marked = np.zeros(len(hiss))
    for mark in said.phonemes:
        if mark.label in _SIBILANTS:
            marked[(times >= mark.first_sample) & (times < mark.end_sample)] = 1

    def fit(lag: int) -> float:
        return float(np.corrcoef(np.roll(marked, lag), hiss)[0, 1])

    return max(range(-24, 25), key=fit) * _STEP_SAMPLES / SAMPLE_RATE


def normalised(text: str) -> list[str]:
    """Return the words, without what cannot be heard: case, punctuation, apostrophes."""
    return re.sub(r"[^a-z ]", " ", text.lower().replace("'", "")).split()


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words were changed, left out or put in (Levenshtein, 1966)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
