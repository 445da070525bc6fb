"""What is said, to be read: captions, and which of them a user asks for."""

from dataclasses import dataclass, replace

from s2v.core.artifact import Artifact

UNDETERMINED = "und"
"""The language tag of words whose language nobody told."""

SUBRIP = "application/x-subrip"
WEBVTT = "text/vtt"


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines that are shown together: half-open range of samples at 48 kHz from the film's start."""

    lines: tuple[str, ...]
    first_sample: int
    end_sample: int

    def moved(self, samples: int) -> "Caption":
        """Return the same caption so much later."""
        return replace(
            self, first_sample=self.first_sample + samples, end_sample=self.end_sample + samples
        )


@dataclass(frozen=True, slots=True)
class CaptionChoice:
    """Captions that are asked for: told while the film is made, and as files in the end.

    Attributes:
        track: whether the MP4 carries them, too, as a text track that players can show.
        burnt_in: whether they are drawn into the pictures.
        language: BCP 47 tag of what is said; empty takes the voice's.
    """

    track: bool = False
    burnt_in: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class CaptionFiles:
    """The captions of a film as files; both or none."""

    subrip: Artifact | None = None
    webvtt: Artifact | None = None


NO_FILES = CaptionFiles()


@dataclass(frozen=True, slots=True)
class SegmentCaptions:
    """The captions of one segment, known as soon as it is spoken; none where nothing is known."""

    caption_segment: int
    captions: tuple[Caption, ...]
