"""Stages and checkpoints without services or a database, for tests of what stands on them."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from s2v.core.artifact import HLS, JPEG, MP4, WAV, Artifact
from s2v.core.captions import WEBVTT
from s2v.core.errors import S2VError
from s2v.core.finishing import SideFiles
from s2v.core.job import Clip, Film, LipSyncMeasurement, Order, Reel
from s2v.core.ports import ArtifactStore, Notice, Working
from s2v.core.script import LipCues, Mark, Segment, Speech
from s2v.core.sound import SoundMeasurement
from s2v.core.stages import (
    CutScript,
    FinishedReel,
    FinishedSegment,
    KeptSample,
    Media,
    MediaSink,
    Reels,
    Report,
    SegmentProgress,
    Standing,
)
from s2v.core.timebase import samples_per_frame
from s2v.core.voice import SampledVoice, SampleMeasures

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


FAKE_SAMPLE = SampleMeasures(
    sound=SoundMeasurement(
        duration_seconds=12.0,
        integrated_lufs=-20.0,
        true_peak_dbtp=-3.0,
        clipped_share=0.0,
        snr_db=60.0,
        speech_share=10 / 12,
    ),
    speech_dbfs=-20.0,
    near_peak_share=0.0,
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
        self.standings: dict[int, Standing] = {}
        self.rendered: dict[int, list[Reel]] = {}
        self.cancelled: list[str] = []
        self.measured: list[tuple[Film, Sequence[Speech]]] = []
        self.cues = LipCues.PHONEMES
        self._changed = asyncio.Condition()
        self._fail = {} if fail is None else fail
        self._hold = hold or {}

    async def enhance(self, order: Order, audio: Artifact, report: Report) -> Artifact:
        """Make up another sound."""
        await self._do("enhance")
        return self._make(f"enhanced {audio.sha256}", WAV)

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
        standing: Standing,
        reels: Reels | None,
        report: Report,
    ) -> Clip:
        """Render all frames at once; before that each frame but the last is a reel."""
        self.standings[index] = standing
        self.rendered[index] = [] if reels is None else list(reels.so_far)
        if reels:
            for frame in range(len(reels.so_far), speech.frames(order.spec.frame_rate) - 1):
                await reels.add(Reel(self._make(f"reel-{index}-{frame}", MP4), frame, 1))
        await self._do(f"render-{index}")
        self.rendered_from[index] = standing.first_frame
        self.states[index] = standing.state
        frames = speech.frames(order.spec.frame_rate)
        report(SegmentProgress(index, frames))
        left_behind = self._make(f"state-{index}", "application/octet-stream")
        return Clip(self._make(f"clip-{index}", MP4), frames, 64, 64, left_behind)

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment | FinishedReel]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Join whatever comes."""
        await self._do("compose")
        frames = 0
        async for segment in segments():
            if isinstance(segment, FinishedReel):
                await self._do(f"join-{segment.index}-{segment.reel.first_frame}")
                continue
            await self._do(f"join-{segment.index}")
            if media:
                await media(Media(segment.index, b"x"))
            frames += segment.clip.frames
        rate, finish = order.spec.frame_rate, order.spec.finish
        beside = SideFiles(
            self._make("thumbnail", JPEG) if finish.thumbnail_seconds is not None else None,
            self._make("sprites", JPEG) if finish.sprites else None,
            self._make("index", WEBVTT) if finish.sprites else None,
            self._make("playlist", HLS) if finish.hls else None,
            self._make("fragments", MP4) if finish.hls else None,
        )
        film = self._make("film", MP4)
        samples = frames * samples_per_frame(rate)
        return Film(film, frames, samples, 64, 64, rate, beside=beside)

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


class FakeVoiceStages:
    """Takes the bytes of a recording for its sample and speaks a frame a letter.

    Args:
        store: where the recordings are, and what it makes is put.

    Attributes:
        fail: raised instead of taking a sample.
        hold: taking a sample waits until it is set.
        taking: set when a sample is being taken.
        spoken: what was to be said, by which voice, like which sample.
    """

    def __init__(self, store: ArtifactStore | None = None) -> None:
        self.store = store
        self.fail: S2VError | None = None
        self.hold: asyncio.Event | None = None
        self.taking = asyncio.Event()
        self.spoken: list[tuple[str, str, SampledVoice | None]] = []

    async def take_sample(
        self, recording: Artifact, *, start_seconds: float, end_seconds: float
    ) -> KeptSample:
        """Find everything as it should be."""
        self.taking.set()
        if self.hold:
            await self.hold.wait()
        if self.fail:
            raise self.fail
        sample = self._put(f"sample of {recording.sha256} {start_seconds} {end_seconds}")
        return KeptSample(sample, FAKE_SAMPLE)

    async def speak_once(
        self, text: str, *, voice: str, sampled: SampledVoice | None
    ) -> AsyncGenerator[Working | Notice | Speech]:
        """Speak."""
        self.spoken.append((text, voice, sampled))
        yield Working()
        yield Speech(self._put(f"{voice} says {text}"), len(text) * samples_per_frame(25))

    def _put(self, text: str) -> Artifact:
        if self.store:
            self.store.put([text.encode()], WAV)
        return artifact_of(text, WAV)


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
