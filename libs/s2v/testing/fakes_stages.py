"""Stages and checkpoints without services or a database, for tests of what stands on them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from s2v.core.artifact import MP4, WAV, Artifact
from s2v.core.errors import S2VError
from s2v.core.job import Clip, Film, LipSyncMeasurement, Order
from s2v.core.ports import ArtifactStore
from s2v.core.script import LipCues, Mark, Segment, Speech
from s2v.core.stages import (
    CutScript,
    FinishedSegment,
    Media,
    MediaSink,
    Report,
    SegmentProgress,
)
from s2v.core.timebase import samples_per_frame

T = TypeVar("T")


def artifact_of(text: str, media_type: str) -> Artifact:
    """Make up an artifact whose digest depends on a text."""
    data = text.encode()
    return Artifact(hashlib.sha256(data).hexdigest(), len(data), media_type)


FAKE_MEASUREMENT = LipSyncMeasurement(
    frames=100,
    face_share=1.0,
    opening_correlation=0.9,
    best_correlation=0.9,
    lag_milliseconds=0.0,
    closures=5,
    closure_recall=1.0,
    rounded_over_wide=0.8,
)


class FakeStages:
    """Speaks one word a segment, one frame a letter; remembers what it was asked to do.

    Args:
        fail: raised instead of doing the piece of work of that name, such as "render-2".
        hold: a piece of work of that name waits until its event is set.
        store: where what it makes is put; without one its artifacts are names alone.
    """

    def __init__(
        self,
        *,
        fail: dict[str, S2VError] | None = None,
        hold: dict[str, asyncio.Event] | None = None,
        store: ArtifactStore | None = None,
    ) -> None:
        self.store = store
        self.calls: list[str] = []
        self.orders: list[Order] = []
        self.rendered_from: dict[int, int] = {}
        self.states: dict[int, Artifact | None] = {}
        self.cancelled: list[str] = []
        self.measured: list[tuple[Film, Sequence[Speech]]] = []
        self.cues = LipCues.PHONEMES
        self._changed = asyncio.Condition()
        self._fail = fail or {}
        self._hold = hold or {}

    async def cut(self, order: Order, report: Report) -> CutScript:
        """Cut at blanks."""
        self.orders.append(order)
        await self._do("cut")
        words = (order.spec.text or order.spec.transcript or "sound").split()
        return CutScript(tuple(Segment(index, word) for index, word in enumerate(words)))

    async def speak(
        self, order: Order, segment: Segment, decoded_audio: Artifact | None, report: Report
    ) -> Speech:
        """Speak a frame a letter."""
        await self._do(f"speak-{segment.index}")
        samples = len(segment.text) * samples_per_frame(order.spec.frame_rate)
        return Speech(
            self._make(segment.text, WAV),
            samples,
            phonemes=(Mark("a", 0, samples),),
            cues=self.cues,
        )

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
        """Render all frames at once."""
        await self._do(f"render-{index}")
        self.rendered_from[index] = first_frame
        self.states[index] = state
        frames = speech.frames(order.spec.frame_rate)
        report(SegmentProgress(index, frames))
        left_behind = self._make(f"state-{index}", "application/octet-stream")
        return Clip(self._make(f"clip-{index}", MP4), frames, 64, 64, left_behind)

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment]],
        *,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Join whatever comes."""
        await self._do("compose")
        frames = 0
        async for segment in segments():
            await self._do(f"join-{segment.index}")
            if media:
                await media(Media(segment.index, b"x"))
            frames += segment.clip.frames
        rate = order.spec.frame_rate
        return Film(self._make("film", MP4), frames, frames * samples_per_frame(rate), 64, 64, rate)

    async def measure(
        self, order: Order, film: Film, speeches: Sequence[Speech]
    ) -> LipSyncMeasurement:
        """Find everything as it should be."""
        self.measured.append((film, speeches))
        await self._do("measure")
        return FAKE_MEASUREMENT

    async def called(self, name: str) -> None:
        """Wait until a piece of work of that name has begun."""
        async with self._changed:
            await self._changed.wait_for(lambda: name in self.calls)

    def _make(self, text: str, media_type: str) -> Artifact:
        if self.store:
            self.store.put([text.encode()], media_type)
        return artifact_of(text, media_type)

    async def _do(self, name: str) -> None:
        async with self._changed:
            self.calls.append(name)
            self._changed.notify_all()
        try:
            if name in self._hold:
                await self._hold[name].wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        if name in self._fail:
            raise self._fail[name]


class FakeCheckpoints:
    """Checkpoints in memory; `again()` gives what a process finds after a crash."""

    def __init__(self, kept: dict[str, object] | None = None) -> None:
        self.taken: list[str] = []
        self._kept: dict[str, object] = {} if kept is None else kept

    def take(self, name: str) -> "_FakeCheckpoint":
        """Take the next checkpoint."""
        self.taken.append(name)
        return _FakeCheckpoint(name, self._kept)

    def again(self) -> "FakeCheckpoints":
        """Return fresh checkpoints over the same kept outcomes."""
        return FakeCheckpoints(self._kept)


class _FakeCheckpoint:
    def __init__(self, name: str, kept: dict[str, object]) -> None:
        self._name = name
        self._kept = kept

    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        if self._name not in self._kept:
            self._kept[self._name] = await work()
        outcome = self._kept[self._name]
        if not isinstance(outcome, kind):
            raise TypeError(f"{self._name} kept {outcome!r}")
        return outcome
