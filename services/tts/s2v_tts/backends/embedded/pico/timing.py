"""Turn Pico's phones and their lengths into sounds in the International Phonetic Alphabet."""

# IPA letters are meant, however much some of them look like others.
# ruff: noqa: RUF001, RUF002

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from s2v_tts.backends.embedded.marking import Sounding
from s2v_tts.backends.embedded.pico.engine import FRAME_SECONDS, PicoSpeech
from s2v_tts.backends.embedded.pico.languages import STRESS, PicoLanguage

DELAY_SECONDS = 0.020
"""Pico's sound comes this much after its own lengths say (by cross-correlating sibilants)."""
_VOWELS = frozenset("aeiouyøœɐɑɒæɔəɛɜɪʊʌʏ")
_STRESS_MARK = "ˈ"


@dataclass(frozen=True, slots=True)
class _Planned:
    """A sound of a word as the dictionary has it."""

    label: str
    word: int
    stressed: bool


def soundings(said: PicoSpeech, language: PicoLanguage, owners: Sequence[int]) -> list[Sounding]:
    """Return what sounds when; the stress stands before the vowel of its syllable: "ˈaɪ".

    Args:
        said: what Pico said.
        language: tells what its numbers stand for.
        owners: for each word that was said the index of the written one that it belongs to.
    """
    planned = list(_planned(said, language, owners))
    timed = list(_timed(said, language))
    for sounding, plan in zip(timed, _matched(planned, timed), strict=True):
        sounding.word = plan.word
        if plan.stressed:
            sounding.label = _STRESS_MARK + sounding.label
    for left, right in pairwise(timed):
        right.word = max(left.word, right.word)
    return timed


def _planned(said: PicoSpeech, language: PicoLanguage, owners: Sequence[int]) -> Iterator[_Planned]:
    for owner, phones in zip(owners, said.words, strict=True):
        stress = False
        for number in phones:
            stress = stress or number == STRESS
            label = language.sounds.get(number)
            if label is None:
                continue
            stressed = stress and label[0] in _VOWELS
            stress = stress and not stressed
            yield _Planned(label, owner, stressed)


def _timed(said: PicoSpeech, language: PicoLanguage) -> Iterator[Sounding]:
    """Yield the sounds in order; the closure of a stop is part of it."""
    now = DELAY_SECONDS
    closed_at: float | None = None
    current: Sounding | None = None
    for number, frames in said.phones:
        first, now = now, now + frames * FRAME_SECONDS
        label = language.sounds.get(number)
        if label is None:
            if number in language.closures:
                closed_at = first if closed_at is None else closed_at
            elif number != language.pause and current is not None:
                current.end = now
            continue
        if current is not None:
            yield current
        current = Sounding(label, first if closed_at is None else closed_at, now, 0)
        closed_at = None
    if current is not None:
        yield current


def _matched(planned: Sequence[_Planned], timed: Sequence[Sounding]) -> Iterator[_Planned]:
    """Yield for each sound what was planned there: some are left out or changed in speech."""
    if not planned:
        yield from (_Planned("", 0, stressed=False) for _ in timed)
        return
    matcher = SequenceMatcher(
        None, [plan.label for plan in planned], [s.label for s in timed], autojunk=False
    )
    for _, first, end, heard_first, heard_end in matcher.get_opcodes():
        for position in range(heard_end - heard_first):
            if end > first:
                yield planned[first + position * (end - first) // (heard_end - heard_first)]
            else:
                near = planned[max(first - 1, 0)]
                yield _Planned(near.label, near.word, stressed=False)
