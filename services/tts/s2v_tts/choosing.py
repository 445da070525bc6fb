"""Choose among the backends of one service by the name of a voice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from s2v.core.errors import InvalidInput
from s2v.core.ports import Backend, Utterance, Voice, near
from s2v.core.pronouncing import Pronounces, Pronunciations
from s2v.core.script import LipCues
from s2v_tts.cloning import clones
from s2v_tts.speaking import voice_unknown


@dataclass(frozen=True, slots=True)
class Backends:
    """The backends of a service by name, that of the default voice first.

    Voices of the first one keep their names; those of another one have its name in front:
    "fish.anna".
    """

    known: Mapping[str, Backend]

    @property
    def first(self) -> Backend:
        """The one of the default voice."""
        return next(iter(self.known.values()))

    @property
    def offers(self) -> Iterator[tuple[str, Voice]]:
        """Yield each backend's name with its voices, by the names that requests use."""
        for name, backend in self._named():
            for voice in backend.voices:
                yield name, voice

    def of(self, voice: str, *, group: str = "") -> Backend:
        """Return the backend that speaks with a voice, as it best serves a device group.

        Its voices have the names that requests use. An empty name is that of the default voice.

        Raises:
            InvalidInput: no such voice (VOICE_UNKNOWN).
        """
        for _, backend in self._named(group):
            if not voice or voice in {known.name for known in backend.voices}:
                return backend
        raise self._unknown(voice)

    def cloner(self, name: str, *, group: str = "") -> tuple[str, Backend]:
        """Return the backend of that name, else the first that clones, else the first one."""
        cloning = (known for known, backend in self.known.items() if clones(backend))
        chosen = name if name in self.known else next(cloning, next(iter(self.known)))
        return chosen, near(self.known[chosen], group)

    def warm(self) -> None:
        """Make each backend ready to speak."""
        for backend in self.known.values():
            warming: Any = backend
            warming.warm()

    def _named(self, group: str = "") -> Iterator[tuple[str, Backend]]:
        for name, backend in self.known.items():
            best = near(backend, group)
            yield name, best if backend is self.first else _Called(best, f"{name}.")

    def _unknown(self, name: str) -> InvalidInput:
        return voice_unknown(name, [voice.name for _, voice in self.offers])


@dataclass(frozen=True, slots=True)
class _Called:
    """A backend whose voices have something in front of their names."""

    backend: Backend
    prefix: str

    @property
    def voices(self) -> Sequence[Voice]:
        return [replace(voice, name=self.prefix + voice.name) for voice in self.backend.voices]

    @property
    def cues(self) -> LipCues:
        return self.backend.cues

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        return self.backend.speak(text, voice.removeprefix(self.prefix))

    def pronounce(
        self, text: str, voice: str, pronunciations: Pronunciations
    ) -> Iterator[Utterance]:
        """Speak with words as told; as usual where the backend cannot be told."""
        if not isinstance(self.backend, Pronounces):
            return self.speak(text, voice)
        return self.backend.pronounce(text, voice.removeprefix(self.prefix), pronunciations)
