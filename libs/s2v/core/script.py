"""What is said: the script before it is cut, its segments, and the speech made of them."""

from dataclasses import dataclass
from enum import StrEnum

from s2v.core.artifact import Artifact
from s2v.core.timebase import frames_covering


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the script that is spoken and rendered as one unit.

    A segment of a text carries `text`; a segment of given sound carries the half-open range
    `first_sample`..`end_sample` (48 kHz) of the decoded sound, and as `text` what is said in it
    where that is known.
    """

    index: int
    text: str = ""
    first_sample: int = 0
    end_sample: int = 0


class LipCues(StrEnum):
    """What drives the mouth, best first."""

    PHONEMES = "phonemes"
    """The voice told when it makes each sound."""
    TRANSCRIPT = "transcript"
    """What is said was given and aligned with the sound."""
    WORDS = "words"
    """Words were recognised and aligned with the sound."""
    SOUNDS = "sounds"
    """Speech sounds were recognised without knowing the words."""
    LOUDNESS = "loudness"
    """Only the loudness of the sound was known; lips open and shut but do not form sounds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word or a phoneme (IPA) and when it sounds: half-open range of samples at 48 kHz."""

    label: str
    first_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class Speech:
    """The sound of one segment: a mono 16-bit 48 kHz WAV padded to whole frames, and its marks."""

    audio: Artifact
    samples: int
    words: tuple[Mark, ...] = ()
    phonemes: tuple[Mark, ...] = ()
    cues: LipCues = LipCues.LOUDNESS

    def frames(self, frame_rate: int) -> int:
        """Return how many frames the speech lasts."""
        return frames_covering(self.samples, frame_rate)
