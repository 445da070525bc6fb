"""Voices made of recordings: how good the sample is, who agreed, what a job takes along."""

from dataclasses import dataclass, field
from datetime import date

from s2v.core.artifact import Artifact
from s2v.core.lexicon import Lexicon
from s2v.core.sound import SoundMeasurement


@dataclass(frozen=True, slots=True)
class SampleMeasures:
    """How good a recording of a voice is.

    Attributes:
        sound: what is measured on any sound.
        speech_dbfs: level of the speech, RMS relative to full scale.
        near_peak_share: of the samples, that are as loud as the loudest, 0 to 1: where the
            recording was clipped it is high, also if it was made quieter since.
    """

    sound: SoundMeasurement
    speech_dbfs: float
    near_peak_share: float

    @property
    def speech_seconds(self) -> float:
        """How long somebody speaks."""
        return self.sound.duration_seconds * self.sound.speech_share

    @property
    def snr_db(self) -> float:
        """How much louder the speech is than what is heard between it; 0 where nobody speaks."""
        return self.sound.snr_db or 0.0


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to what, in the words of whoever is responsible, and on which day."""

    statement: str
    date: date


@dataclass(frozen=True, slots=True)
class SampledVoice:
    """What is needed to speak with a voice that was made of a recording.

    Attributes:
        voice_id: of this very voice; another one of the same name has another.
        sample: mono 16-bit WAV at 48 kHz.
        transcript: what is said in it; empty where that is not known.
        language: BCP 47, of what is said in it.
        lexicon: how words are said wherever this voice speaks.
        backend: that speaks with it; empty for the first one that can.
    """

    voice_id: str
    sample: Artifact
    transcript: str
    language: str
    lexicon: Lexicon = field(default_factory=dict)
    backend: str = ""
