"""Speak with a voice that a recording gives, as with any other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from s2v.core.errors import NotReady, Reason
from s2v.core.ports import Backend, Cloner, Utterance, Voice, VoiceRecording
from s2v.core.script import LipCues


@dataclass(frozen=True, slots=True)
class ClonedVoice:
    """A `Backend` whose only voice is that of a recording."""

    cloner: Cloner
    cues: LipCues
    name: str
    recording: VoiceRecording

    @property
    def voices(self) -> Sequence[Voice]:
        """The one voice."""
        return (Voice(self.name, self.recording.language),)

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, whatever the voice is called."""
        return self.cloner.speak_like(text, self.recording)


def clones(backend: Backend) -> bool:
    """Tell whether a backend can sound like a recording."""
    return isinstance(backend, Cloner) and backend.clones


def cloned(
    backend: Backend, recording: VoiceRecording, *, voice: str, backend_name: str
) -> ClonedVoice:
    """Return a backend that speaks with the voice of a recording.

    Args:
        backend: that is to sound like it.
        recording: of somebody.
        voice: what errors and notices call the voice.
        backend_name: as `voice`.

    Raises:
        NotReady: the backend cannot (CLONING_UNSUPPORTED).
    """
    if not (isinstance(backend, Cloner) and backend.clones):
        raise NotReady(
            Reason.CLONING_UNSUPPORTED,
            f"the backend {backend_name} speaks with its own voices only and cannot sound like the "
            f'sample of "{voice}"; choose one of its voices, or start the tts service with a '
            "backend that clones",
            field="spec.voice",
        )
    return ClonedVoice(backend, backend.cues, voice, recording)
