"""How words are pronounced where that does not follow from how they are written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from s2v.core.ports import Utterance

Pronunciations: TypeAlias = Mapping[str, Sequence[str]]
"""Phonemes (IPA) by the bare word in lower case, one entry for each time that it comes in a text;
empty where it is said as usual."""


@runtime_checkable
class Pronounces(Protocol):
    """A backend (`s2v.core.ports.Backend`) that can be told how to pronounce words.

    Others say them as usual.
    """

    def pronounce(
        self, text: str, voice: str, pronunciations: Pronunciations
    ) -> Iterator[Utterance]:
        """Speak a text with these words as told; otherwise as `Backend.speak`."""


def bare_word(word: str) -> str:
    """Return a word without what stands around it, in lower case, as pronunciations know it."""
    return "".join(c for c in word.casefold() if c.isalnum())
