"""American English by hibari: sentence in, sound with exact word and phoneme times out."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from s2v.core.ports import Utterance, Voice
from s2v.core.steps import Steps
from s2v.media.pcm import resample
from s2v.text.segmentation import is_speakable
from s2v_tts.backends.embedded.network import MAX_SYMBOLS, Network
from s2v_tts.backends.embedded.network import SAMPLE_RATE as NETWORK_RATE
from s2v_tts.backends.embedded.pronouncing import Telling
from s2v_tts.backends.embedded.reading import ScriptReader, SpokenWord
from s2v_tts.backends.embedded.speaker import Spoken
from s2v_tts.backends.embedded.timbre import NATURAL, Timbre
from s2v_tts.backends.embedded.timing import is_sound, marks

_LEXICON = {"JSON": "jay sun", "YAML": "yammel", "IKEA": "eye key uh"}
_LETTERS = {"a": "eh", "A": "eh"}
"""hibari takes the letter for the article."""
_VOICES = (
    Voice("heart", "en-US", "A warm woman's voice.", _LEXICON, _LETTERS),
    Voice(
        "oak",
        "en-US",
        "A deep man's voice, made of heart's by moving pitch and formants.",
        _LEXICON,
        _LETTERS,
    ),
)
_TIMBRES = {"heart": NATURAL, "oak": Timbre(pitch=0.62, formants=0.80)}


class Hibari:
    """Speaks with hibari's network, whose weights lie inside its wheel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[ScriptReader, Network] | None = None

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice, the best one first."""
        return _VOICES

    def warm(self) -> None:
        """Load the dictionary and the weights, about a second."""
        self._models()

    def say(self, sentence: str, voice: str, telling: Telling) -> Steps[Spoken]:
        """Speak a sentence."""
        yield from ()
        reader, network = self._models()
        words = telling.pronounced(reader.read(sentence), network.alphabet)
        stretches = (_utterance(breath, network, _TIMBRES[voice]) for breath in _breaths(words))
        silent = [w.label for w in words if is_speakable(w.label) and not is_sound(w.symbols)]
        return Spoken([word.label for word in words], silent, stretches)

    def _models(self) -> tuple[ScriptReader, Network]:
        with self._lock:
            if self._loaded is None:
                network = Network()
                self._loaded = (ScriptReader(network.alphabet), network)
            return self._loaded


def _utterance(words: Sequence[SpokenWord], network: Network, timbre: Timbre) -> Utterance:
    sound = network.speak(" ".join(word.symbols for word in words), timbre)
    pcm = resample(sound.pcm, NETWORK_RATE)
    return Utterance(pcm, *marks(words, sound.seconds, samples=len(pcm)))


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
