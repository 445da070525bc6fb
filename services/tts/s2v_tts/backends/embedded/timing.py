"""Turn the lengths of hibari's symbols into marks: when each phoneme and each word sounds."""
# ruff: noqa: RUF001, RUF002 - phonetic letters that look like others are meant

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from s2v.core.script import Mark
from s2v_tts.backends.embedded.marking import Sounding, phoneme_marks, word_marks
from s2v_tts.backends.embedded.reading import SpokenWord

LEAD_SECONDS = 0.048
"""hibari's sound comes this much before its own lengths say (by cross-correlating sibilants)."""

_STRESS = frozenset("ˈˌ")
_MODIFIERS = frozenset("ː̃ʰʲᵝ↓→↗↘")
_PUNCTUATION = frozenset(';:,.!?—…"()“”')
_LONGEST_GLIDE_SECONDS = 0.12
"""A space up to this long is the end of the sound before it; a longer one is a pause."""

_IPA = {
    "A": "eɪ",
    "I": "aɪ",
    "O": "oʊ",
    "Q": "əʊ",
    "W": "aʊ",
    "Y": "ɔɪ",
    "T": "ɾ",
    "ᵊ": "ə",
    "ᵻ": "ɪ",
    "ʤ": "dʒ",
    "ʧ": "tʃ",
    "ʣ": "dz",
    "ʦ": "ts",
    "ʥ": "dʑ",
    "ʨ": "tɕ",
    "ꭧ": "tʂ",
}
"""hibari's one-letter symbols, in the International Phonetic Alphabet."""


def is_sound(symbols: str) -> bool:
    """Tell whether any of the symbols is a phoneme, not punctuation or a stress mark."""
    return any(
        symbol not in _PUNCTUATION and symbol not in _STRESS and symbol not in _MODIFIERS
        for symbol in symbols.replace(" ", "")
    )


def marks(
    words: Sequence[SpokenWord],
    seconds: npt.NDArray[np.float64],
    *,
    samples: int,
    lead_seconds: float = LEAD_SECONDS,
) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """Return the marks of words and of phonemes (IPA, stress in front: "ˈeɪ"), both in order.

    Args:
        words: spoken one after the other, one space between two of them.
        seconds: how long each symbol lasts, with the silence before and after: shape [symbols + 2].
        samples: of the sound at 48 kHz; no mark ends after it.
        lead_seconds: how much earlier than its lengths say the sound comes.
    """
    soundings = list(_soundings(words, seconds, lead_seconds))
    labels = [word.label for word in words]
    return (
        word_marks(labels, soundings, samples=samples),
        phoneme_marks(soundings, samples=samples),
    )


def _soundings(
    words: Sequence[SpokenWord], seconds: npt.NDArray[np.float64], lead_seconds: float
) -> Iterator[Sounding]:
    ends = np.cumsum(seconds) - lead_seconds
    current: Sounding | None = None
    stress, stress_first = "", 0.0
    for position, (symbol, word) in enumerate(_symbols(words)):
        first, end = float(ends[position]), float(ends[position + 1])
        if symbol in _STRESS:
            stress, stress_first = symbol, first
        elif symbol in _MODIFIERS or (symbol == " " and end - first < _LONGEST_GLIDE_SECONDS):
            if current is not None:
                current.end = end
        elif symbol == " " or symbol in _PUNCTUATION:
            if current is not None:
                yield current
            current = None
        else:
            if current is not None:
                yield current
            begin = stress_first if stress else first
            current = Sounding(stress + _IPA.get(symbol, symbol), begin, end, word)
            stress = ""
    if current is not None:
        yield current


def _symbols(words: Sequence[SpokenWord]) -> Iterator[tuple[str, int]]:
    for index, word in enumerate(words):
        if index:
            yield " ", index
        for symbol in word.symbols:
            yield symbol, index
