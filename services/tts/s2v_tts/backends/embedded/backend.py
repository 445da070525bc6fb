"""The embedded backend: sentence in, sound with exact word and phoneme times out."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Utterance, Voice
from s2v.core.script import LipCues
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import resample
from s2v.text.segmentation import cut_sentences, is_speakable
from s2v_tts.backends.embedded.network import MAX_SYMBOLS, Network
from s2v_tts.backends.embedded.network import SAMPLE_RATE as NETWORK_RATE
from s2v_tts.backends.embedded.reading import ScriptReader, SpokenWord, collapsed
from s2v_tts.backends.embedded.timbre import NATURAL, Timbre
from s2v_tts.backends.embedded.timing import is_sound, marks
from s2v_tts.edges import faded, trimmed

_VOICES = (
    Voice("heart", "en-US", "A warm woman's voice."),
    Voice("oak", "en-US", "A deep man's voice, made of heart's by moving pitch and formants."),
)
_TIMBRES = {"heart": NATURAL, "oak": Timbre(pitch=0.62, formants=0.80)}

_MAX_SENTENCE_CHARACTERS = 400
"""As much is read at once; a sentence that goes on is cut, at a pause if it has one."""
_NOTHING_HEARD = Utterance(np.zeros(0, np.int16))
_BEFORE_SAMPLES = SAMPLE_RATE // 10
_AFTER_SAMPLES = SAMPLE_RATE // 4
"""Silence kept around a sentence: 0.35 s between two; the network itself leaves 0.75 s."""


class EmbeddedBackend:
    """Speaks American English far faster than real time on one core, with nothing to download.

    What it cannot pronounce: Chinese, Japanese, Korean and other scripts that hibari does not know
    are left out, and told, where they are single words in an English sentence; a sentence that is
    mostly made of them is refused, never skipped. Latin letters with accents are read as English,
    Greek and Cyrillic letters by guess. Emoji and ornaments are silent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[ScriptReader, Network] | None = None

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice, the default one first."""
        return _VOICES

    @property
    def cues(self) -> LipCues:
        """Phonemes: the network tells how long it makes each sound."""
        return LipCues.PHONEMES

    def warm(self) -> None:
        """Load the dictionary and the weights now (about a second), not at the first sentence."""
        self._models()

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding one stretch a sentence; the same text sounds the same.

        Nothing is held between two stretches, and each takes well under a second. Ornaments of more
        than a sentence's length are read as if they ended there.

        Raises:
            InvalidInput: the text holds nothing to pronounce, or a sentence in a language that
                this voice cannot read (TEXT_EMPTY).
            KeyError: no voice of that name.
        """
        timbre = _TIMBRES[voice]
        if not is_speakable(text):
            raise _nothing_to_pronounce()
        reader, network = self._models()
        spoken = False
        for sentence in cut_sentences(collapsed(text), max_characters=_MAX_SENTENCE_CHARACTERS):
            words = reader.read(sentence[:_MAX_SENTENCE_CHARACTERS])
            silent = _silent(words)
            _require_readable(words, silent, voice)
            left_out = tuple(word.label for word in silent)
            heard = False
            for breath in _breaths(words):
                yield replace(_utterance(breath, network, timbre), left_out=left_out)
                heard, left_out = True, ()
            if not heard:
                yield _NOTHING_HEARD
            spoken = spoken or heard
        if not spoken:
            raise _nothing_to_pronounce()

    def _models(self) -> tuple[ScriptReader, Network]:
        with self._lock:
            if self._loaded is None:
                network = Network()
                self._loaded = (ScriptReader(network.alphabet), network)
            return self._loaded


def _utterance(words: Sequence[SpokenWord], network: Network, timbre: Timbre) -> Utterance:
    sound = network.speak(" ".join(word.symbols for word in words), timbre)
    pcm = resample(sound.pcm, NETWORK_RATE)
    word_marks, phoneme_marks = marks(words, sound.seconds, samples=len(pcm))
    whole = Utterance(pcm, word_marks, phoneme_marks)
    breath = trimmed(whole, before_samples=_BEFORE_SAMPLES, after_samples=_AFTER_SAMPLES)
    return replace(breath, pcm=faded(breath.pcm))


def _breaths(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    """Yield the words in stretches that the network can speak at once and that make a sound."""
    breath: list[SpokenWord] = []
    length = 0
    for word in map(_shortened, words):
        if length + len(word.symbols) + 1 > MAX_SYMBOLS and _sounds(breath):
            yield breath
            breath, length = [], 0
        breath.append(word)
        length += len(word.symbols) + 1
    if _sounds(breath):
        yield breath


def _shortened(word: SpokenWord) -> SpokenWord:
    return replace(word, symbols=word.symbols[: MAX_SYMBOLS - 1])


def _sounds(words: Sequence[SpokenWord]) -> bool:
    return any(is_sound(word.symbols) for word in words)


def _silent(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """Return the words that would be left out; punctuation and emoji are none."""
    return [w for w in words if is_speakable(w.label) and not is_sound(w.symbols)]


def _require_readable(
    words: Sequence[SpokenWord], silent: Sequence[SpokenWord], voice: str
) -> None:
    """Refuse a sentence most of whose letters would be left out."""
    if 2 * _letters(silent) <= _letters(words):
        return
    sample = " ".join(word.label for word in silent)[:40]
    message = (
        f'The voice "{voice}" reads English and cannot pronounce "{sample}"; '
        "write it in Latin letters, or choose a voice of that language."
    )
    raise InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")


def _letters(words: Sequence[SpokenWord]) -> int:
    return sum(character.isalnum() for word in words for character in word.label)


def _nothing_to_pronounce() -> InvalidInput:
    message = "The text holds nothing that can be pronounced; write at least one word."
    return InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")
