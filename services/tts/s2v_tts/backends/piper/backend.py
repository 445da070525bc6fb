"""The piper backend: voices of Piper that a user has, with exact phoneme times."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Utterance, Voice
from s2v.core.script import LipCues
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import resample
from s2v.text.segmentation import cut_sentences, is_speakable
from s2v_tts.backends.embedded.reading import SpokenWord, collapsed
from s2v_tts.backends.embedded.timing import is_sound, marks
from s2v_tts.backends.piper.network import PiperNetwork
from s2v_tts.backends.piper.phonemising import Espeak, Phonemiser, is_installed
from s2v_tts.backends.piper.voice_file import VoiceFile, bad_setting, voice_files
from s2v_tts.edges import faded, trimmed

_MAX_SENTENCE_CHARACTERS = 150
"""Ten seconds of speech, which take under a second; a longer sentence is cut."""
_BEFORE_SAMPLES = SAMPLE_RATE // 10
_AFTER_SAMPLES = SAMPLE_RATE // 4
_LEAD_SECONDS = 0.030
"""The sound comes this much before the network's own lengths say (one voice, by its sibilants)."""


class PiperBackend:
    """Speaks any language that the user has a voice file of.

    Args:
        folder: with NAME.onnx and NAME.onnx.json for every voice; the first by name is the default.
        phonemiser: tells how a text is pronounced; espeak-ng by default.

    Raises:
        InvalidInput: no voice in the folder can be used, or the extra `piper` is not installed.
    """

    def __init__(self, folder: Path | None, phonemiser: Phonemiser | None = None) -> None:
        if phonemiser is None and not is_installed():
            raise bad_setting("voices of Piper need: pip install 's2v[piper]'")
        self._phonemiser = phonemiser or Espeak()
        self._loaded = {file.name: _Loaded(file) for file in voice_files(folder)}

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice, by name."""
        files = [loaded.file for loaded in self._loaded.values()]
        return [Voice(file.name, file.language, "A voice of Piper.") for file in files]

    @property
    def cues(self) -> LipCues:
        """Phonemes: the networks tell how long they make each sound."""
        return LipCues.PHONEMES

    def warm(self) -> None:
        """Load every voice now, and espeak-ng."""
        for loaded in self._loaded.values():
            assert loaded.network
            self._phonemiser.phonemes("a", loaded.file.espeak_voice)

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding one stretch a sentence; the same text sounds the same.

        Raises:
            InvalidInput: the text holds nothing to pronounce (TEXT_EMPTY).
            KeyError: no voice of that name.
        """
        loaded = self._loaded[voice]
        spoken = False
        for sentence in cut_sentences(collapsed(text), max_characters=_MAX_SENTENCE_CHARACTERS):
            words = self._words(sentence[:_MAX_SENTENCE_CHARACTERS], loaded)
            if any(is_sound(word.symbols) for word in words):
                yield _utterance(words, loaded)
                spoken = True
        if not spoken:
            message = "The text holds nothing that can be pronounced; write at least one word."
            raise InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")

    def _words(self, sentence: str, loaded: "_Loaded") -> list[SpokenWord]:
        if not is_speakable(sentence):
            return []
        written = sentence.split()
        groups = self._groups(sentence, loaded)
        counts = [int(is_speakable(word)) for word in written]
        if sum(counts) != len(groups):  # "27" is two words in English, one in German
            counts = [len(self._groups(w, loaded)) if is_speakable(w) else 0 for w in written]
        return _shared(written, counts, groups)

    def _groups(self, text: str, loaded: "_Loaded") -> list[str]:
        """Return what is spoken between spaces."""
        symbols = self._phonemiser.phonemes(text, loaded.file.espeak_voice)
        known = [symbol for symbol in symbols if loaded.network.known(symbol)]
        return ["".join(group) for space, group in groupby(known, " ".__eq__) if not space]


class _Loaded:
    """A voice whose network is loaded at its first use."""

    def __init__(self, file: VoiceFile) -> None:
        self.file = file

    @cached_property
    def network(self) -> PiperNetwork:
        return PiperNetwork(self.file)


def _shared(
    written: Sequence[str], counts: Sequence[int], groups: Sequence[str]
) -> list[SpokenWord]:
    """Share out what is spoken between spaces among the words, to each in proportion its count."""
    owners = [index for index, count in enumerate(counts) for _ in range(count)] or [0]
    spoken: list[list[str]] = [[] for _ in written]
    for position, group in enumerate(groups):
        spoken[owners[position * len(owners) // len(groups)]].append(group)
    return [
        SpokenWord(label, " ".join(symbols)) for label, symbols in zip(written, spoken, strict=True)
    ]


def _utterance(words: Sequence[SpokenWord], loaded: _Loaded) -> Utterance:
    sound = loaded.network.speak(list(" ".join(word.symbols for word in words)))
    pcm = resample(sound.pcm, loaded.file.sample_rate)
    timed = marks(words, sound.seconds, samples=len(pcm), lead_seconds=_LEAD_SECONDS)
    whole = Utterance(pcm, *timed)
    breath = trimmed(whole, before_samples=_BEFORE_SAMPLES, after_samples=_AFTER_SAMPLES)
    return replace(breath, pcm=faded(breath.pcm))
