"""The embedded backend: voices whose weights lie inside a package, with exact phoneme times."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Utterance, Voice
from s2v.core.pronouncing import Pronunciations
from s2v.core.script import LipCues
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v.text.segmentation import cut_sentences, is_speakable
from s2v_tts.backends.embedded.hibari import Hibari
from s2v_tts.backends.embedded.pico.speaker import installed_pico
from s2v_tts.backends.embedded.pronouncing import Telling
from s2v_tts.backends.embedded.reading import collapsed
from s2v_tts.backends.embedded.speaker import EmbeddedSpeaker, Spoken
from s2v_tts.edges import faded, trimmed

_MAX_SENTENCE_CHARACTERS = 400
"""As much is read at once; a sentence that goes on is cut, at a pause if it has one."""
_NOTHING_HEARD = Utterance(np.zeros(0, np.int16))
_BEFORE_SAMPLES = SAMPLE_RATE // 10
_AFTER_SAMPLES = SAMPLE_RATE // 4
"""Silence kept around a sentence: 0.35 s between two; the voices themselves leave up to 0.75 s."""


class EmbeddedBackend:
    """Speaks far faster than real time on one core, with nothing to download.

    American English always; British English, French, German, Italian and Spanish with the extra
    `languages`. What a voice cannot pronounce (other scripts) is left out, and told, where it is
    single words in a sentence; a sentence that is mostly made of it is refused, never skipped.
    Emoji and ornaments are silent.
    """

    def __init__(self) -> None:
        speakers: Sequence[EmbeddedSpeaker] = (Hibari(), *installed_pico())
        self._speakers = {v.name: speaker for speaker in speakers for v in speaker.voices}
        self._voices = {v.name: v for speaker in speakers for v in speaker.voices}

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice, the default one first."""
        return tuple(self._voices.values())

    @property
    def cues(self) -> LipCues:
        """Phonemes: every voice tells how long it makes each sound."""
        return LipCues.PHONEMES

    def warm(self) -> None:
        """Load the dictionaries and the weights now, not at the first sentence."""
        for speaker in dict.fromkeys(self._speakers.values()):
            speaker.warm()

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding one stretch a sentence; the same text sounds the same.

        Nothing is held between two stretches, and each takes well under a second. Ornaments of more
        than a sentence's length are read as if they ended there.

        Raises:
            InvalidInput: the text holds nothing to pronounce, or a sentence in a language that
                this voice cannot read (TEXT_EMPTY).
            KeyError: no voice of that name.
        """
        yield from self.pronounce(text, voice, {})

    def pronounce(
        self, text: str, voice: str, pronunciations: Pronunciations
    ) -> Iterator[Utterance]:
        """Speak a text as `speak` does, with words pronounced as told."""
        speaker = self._speakers[voice]
        if not is_speakable(text):
            raise _nothing_to_pronounce()
        telling = Telling(pronunciations)
        spoken = False
        for sentence in cut_sentences(collapsed(text), max_characters=_MAX_SENTENCE_CHARACTERS):
            steps = speaker.say(sentence[:_MAX_SENTENCE_CHARACTERS], voice, telling)
            said = yield from _told(steps)
            self._require_readable(said, voice)
            left_out = tuple(said.silent)
            heard = False
            for stretch in said.stretches:
                yield replace(_tidied(stretch), left_out=left_out)
                heard, left_out = True, ()
            if not heard:
                yield _NOTHING_HEARD
            spoken = spoken or heard
        if not spoken:
            raise _nothing_to_pronounce()

    def _require_readable(self, said: Spoken, voice: str) -> None:
        """Refuse a sentence most of whose letters would be left out."""
        if 2 * _letters(said.silent) <= _letters(said.words):
            return
        sample = " ".join(said.silent)[:40]
        message = (
            f'The voice "{voice}" ({self._voices[voice].language}) cannot pronounce "{sample}"; '
            "write it in Latin letters, or choose a voice of that language."
        )
        raise InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")


def _told(steps: Steps[Spoken]) -> Generator[Utterance, None, Spoken]:
    """Do the work, telling after each step that it goes on."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            said: Spoken = end.value
            return said
        yield _NOTHING_HEARD


def _tidied(utterance: Utterance) -> Utterance:
    breath = trimmed(utterance, before_samples=_BEFORE_SAMPLES, after_samples=_AFTER_SAMPLES)
    return replace(breath, pcm=faded(breath.pcm))


def _letters(words: Sequence[str]) -> int:
    return sum(character.isalnum() for word in words for character in word)


def _nothing_to_pronounce() -> InvalidInput:
    message = "The text holds nothing that can be pronounced; write at least one word."
    return InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")
