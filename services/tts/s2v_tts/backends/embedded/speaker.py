"""What the embedded backend's voices have in common, whatever speaks them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from s2v.core.ports import Utterance, Voice
from s2v.core.steps import Steps
from s2v_tts.backends.embedded.pronouncing import Telling


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence as it is spoken.

    Attributes:
        words: as written, punctuation included, in order.
        silent: those that the voice cannot pronounce; punctuation is none.
        stretches: the sound, made when it is asked for, with marks of words and phonemes.
    """

    words: Sequence[str]
    silent: Sequence[str]
    stretches: Iterable[Utterance]


class EmbeddedSpeaker(Protocol):
    """Something that speaks, and the voices that it has; any number of threads may use it."""

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice, the best one first."""

    def warm(self) -> None:
        """Load what is needed now, not at the first sentence."""

    def say(self, sentence: str, voice: str, telling: Telling) -> Steps[Spoken]:
        """Speak a sentence of at most 400 characters, each step and stretch within a second.

        Words are pronounced as told by those that can; others say them as usual.
        """
