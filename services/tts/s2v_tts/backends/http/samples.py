"""Where a voice's sample comes from."""

from dataclasses import dataclass

from s2v.core.errors import NotReady, Reason
from s2v_tts.backends.http.voices_file import HttpVoice


@dataclass(frozen=True, slots=True)
class VoiceSample:
    """A recording of a voice, as a file's bytes, and what is said in it; empty if not known."""

    audio: bytes
    transcript: str


def sample_of(voice: HttpVoice) -> VoiceSample:
    """Return the sample of a voice that has one.

    Raises:
        NotReady: it cannot be read (VOICE_UNUSABLE).
    """
    assert voice.sample
    try:
        return VoiceSample(voice.sample.read_bytes(), voice.transcript)
    except OSError as error:
        raise NotReady(
            Reason.VOICE_UNUSABLE,
            f'The sample of the voice "{voice.name}" cannot be read; put it back where the '
            "voices file says, or choose another voice.",
            field="spec.voice",
        ) from error
