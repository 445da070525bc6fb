"""What the gateway needs of the other services."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from s2v.core.artifact import Artifact
from s2v.core.captions import Caption, SegmentCaptions
from s2v.core.job import Clip, Film, LipSyncMeasurement, Order, Reel, Stage
from s2v.core.ports import Notice, Working
from s2v.core.script import Segment, Speech
from s2v.core.voice import SampledVoice, SampleMeasures


class ServiceDied(Exception):
    """The process that worked on a stage has died of it, or of something else.

    Attributes:
        progress: how far the work had come, in whatever it counts: one that kills a service does so
            at the same point again. None where the service had nothing to do for it at that moment.
    """

    def __init__(self, service: str, progress: int | None = 0) -> None:
        super().__init__(service)
        self.progress = progress


@dataclass(frozen=True, slots=True)
class CutScript:
    """A script cut into segments; `decoded_audio` is what they count in for given sound.

    `film_audio` is the same sound in stereo for the film to carry, where it was given so. Of a
    script that is still being written it is one piece; `last` tells whether it is the last.
    """

    segments: tuple[Segment, ...]
    decoded_audio: Artifact | None = None
    last: bool = True
    film_audio: Artifact | None = None


@dataclass(frozen=True, slots=True)
class FinishedSegment:
    """A segment whose sound and picture are ready, and its captions, if any are wanted."""

    index: int
    clip: Clip
    speech: Speech
    captions: tuple[Caption, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedReel:
    """A reel of a segment whose picture is not ready yet; the rest is of the whole segment."""

    index: int
    reel: Reel
    speech: Speech
    captions: tuple[Caption, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a segment stands in its film.

    Attributes:
        first_frame: its first, counted from the start of the film.
        state: what the segment before left behind; of SEQUENTIAL engines only, as `following`.
        following: the sound after it, where it is known.
        ends_film: whether nothing follows for certain.
    """

    first_frame: int
    state: Artifact | None = None
    following: Artifact | None = None
    ends_film: bool = False


@dataclass(frozen=True, slots=True)
class ScriptCut:
    """The script is cut; of one that is still being written these are the segments so far."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class SegmentSpoken:
    """A segment is spoken."""

    segment: Segment
    speech: Speech


@dataclass(frozen=True, slots=True)
class SegmentRendered:
    """A segment is rendered."""

    index: int
    clip: Clip


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """Frames of a take that are rendered; falls back to 0 when the take is tried anew."""

    index: int
    frames_done: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A small JPEG of one frame, counted from the start of the film."""

    frame: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Media:
    """A piece of the film as fragmented MP4; `offset` in bytes from its start."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class AtWork:
    """A stage began (`working`) or ended one piece of its work."""

    stage: Stage
    working: bool


Happening = (
    ScriptCut
    | SegmentSpoken
    | SegmentCaptions
    | SegmentRendered
    | SegmentProgress
    | Preview
    | AtWork
    | Notice
)
Report = Callable[[Happening], None]
MediaSink = Callable[[Media], Awaitable[None]]


class Reels(Protocol):
    """The reels of one segment: those that there are, and where more go."""

    @property
    def so_far(self) -> Sequence[Reel]:
        """The reels that there are, in order from the segment's first frame."""

    async def add(self, reel: Reel) -> None:
        """Take the next one."""


@dataclass(frozen=True, slots=True)
class KeptSample:
    """The sample of a voice as it was taken out of a recording, and what would make it better."""

    sample: Artifact
    measures: SampleMeasures
    notices: tuple[Notice, ...] = ()


class VoiceStages(Protocol):
    """What voices need of the tts service; nothing here waits for a service that is away."""

    async def take_sample(
        self, recording: Artifact, *, start_seconds: float, end_seconds: float
    ) -> KeptSample:
        """Take the sample of a voice out of a part of a recording; an end of 0 is its end."""

    def speak_once(
        self, text: str, *, voice: str, sampled: SampledVoice | None
    ) -> AsyncGenerator[Working | Notice | Speech]:
        """Speak a text; the speech comes last, and something every few seconds before."""


class Stages(Protocol):
    """Speak, render, compose; measure what came of it.

    Each method does one piece of the work and tells `report` what happens meanwhile. It waits for a
    service that is away, raises S2VError when the work cannot be done, and stops the work when
    it is cancelled. The same arguments give the same result.
    """

    async def enhance(self, order: Order, audio: Artifact, report: Report) -> Artifact:
        """Better the order's given sound as its spec says."""

    async def cut(self, order: Order, report: Report) -> CutScript:
        """Cut the order's script, or the piece of it that the order has, into segments."""

    async def speak(
        self, order: Order, segment: Segment, decoded_audio: Artifact | None, report: Report
    ) -> Speech:
        """Make the speech of one segment."""

    async def render(
        self,
        order: Order,
        index: int,
        speech: Speech,
        *,
        standing: Standing,
        reels: Reels | None,
        report: Report,
    ) -> Clip:
        """Render one segment; the clip begins with its reels. Without `reels` none are made."""

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment | FinishedReel]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Join the segments; give `media`, if set, what there is to watch meanwhile.

        `segments` gives them in order as they finish, from the first one at each call, and before
        one that takes its time the reels that there are of it. The film
        carries `film_audio`, if set, in place of their sound.
        """

    async def measure(
        self, order: Order, film: Film, speeches: Sequence[Speech]
    ) -> LipSyncMeasurement:
        """Measure the lip sync of the film's start, as far as its first speeches reach."""
