"""Turn the times of single sounds into marks of phonemes and of the words that they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE


@dataclass(slots=True)
class Sounding:
    """A phoneme (IPA) in the making; times in seconds, `word` is its word's index."""

    label: str
    first: float
    end: float
    word: int


def phoneme_marks(soundings: Iterable[Sounding], *, samples: int) -> tuple[Mark, ...]:
    """Return a mark for each sound that lasts; none ends after `samples` (48 kHz)."""
    candidates = (_mark(s.label, s.first, s.end, samples=samples) for s in soundings)
    return tuple(mark for mark in candidates if mark is not None)


def word_marks(
    words: Sequence[str], soundings: Iterable[Sounding], *, samples: int
) -> tuple[Mark, ...]:
    """Return a mark for each word that sounds; a silent one ("—") joins its neighbour's label."""
    spans: dict[int, tuple[float, float]] = {}
    for sounding in soundings:
        first, _ = spans.get(sounding.word, (sounding.first, 0.0))
        spans[sounding.word] = (first, sounding.end)
    labelled: list[tuple[str, tuple[float, float]]] = []
    silent_opening = ""
    for index, word in enumerate(words):
        if index in spans:
            labelled.append((f"{silent_opening} {word}".strip(), spans[index]))
            silent_opening = ""
        elif labelled:
            label, span = labelled[-1]
            labelled[-1] = (f"{label} {word}".strip(), span)
        else:
            silent_opening = f"{silent_opening} {word}".strip()
    candidates = (_mark(label, *span, samples=samples) for label, span in labelled)
    return tuple(mark for mark in candidates if mark is not None)


def _mark(label: str, first: float, end: float, *, samples: int) -> Mark | None:
    first_sample = min(max(round(first * SAMPLE_RATE), 0), samples)
    end_sample = min(max(round(end * SAMPLE_RATE), 0), samples)
    return Mark(label, first_sample, end_sample) if first_sample < end_sample else None
