"""What the gateway needs of the other services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from s2v.core.artifact import Artifact
from s2v.core.job import Clip, Film, LipSyncMeasurement, Order, Stage
from s2v.core.ports import Notice
from s2v.core.script import Segment, Speech


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

    Of a script that is still being written it is one piece; `last` tells whether it is the last.
    """

    segments: tuple[Segment, ...]
    decoded_audio: Artifact | None = None
    last: bool = True


@dataclass(frozen=True, slots=True)
class FinishedSegment:
    """A segment whose sound and picture are ready."""

    index: int
    clip: Clip
    speech: Speech


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
    ScriptCut | SegmentSpoken | SegmentRendered | SegmentProgress | Preview | AtWork | Notice
)
Report = Callable[[Happening], None]
MediaSink = Callable[[Media], Awaitable[None]]


class Stages(Protocol):
    """Speak, render, compose; measure what came of it.

    Each method does one piece of the work and tells `report` what happens meanwhile. It waits for a
    service that is away, raises S2VError when the work cannot be done, and stops the work when
    it is cancelled. The same arguments give the same result.
    """

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
        first_frame: int,
        state: Artifact | None,
        report: Report,
    ) -> Clip:
        """Render one segment; `first_frame` counts from the start of the film."""

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment]],
        *,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Join the segments; give `media`, if set, what there is to watch meanwhile.

        `segments` gives them in order as they finish, from the first one at each call.
        """

    async def measure(
        self, order: Order, film: Film, speeches: Sequence[Speech]
    ) -> LipSyncMeasurement:
        """Measure the lip sync of the film's start, as far as its first speeches reach."""
