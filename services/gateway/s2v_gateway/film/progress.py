"""How far a job is, made of what its stages tell; it never goes back."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from s2v.core.job import Progress, Stage
from s2v.core.script import LipCues, Segment, Speech
from s2v.core.stages import (
    AtWork,
    Happening,
    ScriptCut,
    SegmentProgress,
    SegmentRendered,
    SegmentSpoken,
)

# What each stage is worth of the whole: speaking is about fifty times real time, joining is a copy.
_SPEAK_SHARE, _RENDER_SHARE = 0.05, 0.92
_RATE_SECONDS = 10.0
_NOTHING = Progress()
_STAGES = list(Stage).index  # in their order
_QUALITY = list(LipCues).index  # best first


class ProgressMeter:
    """Counts segments and frames, and measures speed.

    Args:
        frame_rate: of the film.
        before: how far the job was when it was interrupted.
        stage_seconds: how long each stage had been at work by then.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        frame_rate: int,
        *,
        before: Progress = _NOTHING,
        stage_seconds: Mapping[Stage, float] = MappingProxyType({}),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._frame_rate = frame_rate
        self._clock = clock
        self._progress = before
        self._resumed_at = before.stage
        self._lip_cues: LipCues | None = None
        self._segments: tuple[Segment, ...] = ()
        self._spoken_frames: dict[int, int] = {}
        self._speeches: dict[int, Speech] = {}
        self._rendered_frames: dict[int, int] = {}
        self._finished: set[int] = set()
        self._seen: deque[tuple[float, int]] = deque()
        self._stopwatches = {s: _Stopwatch(stage_seconds.get(s, 0.0)) for s in Stage}

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        return self._progress

    @property
    def stage_seconds(self) -> dict[Stage, float]:
        """How long each stage was at work so far; overlapping work of one stage counts once."""
        now = self._clock()
        return {stage: watch.seconds(now) for stage, watch in self._stopwatches.items()}

    @property
    def lip_cues(self) -> LipCues | None:
        """What drives the mouth, the worst so far; None until the first segment is spoken."""
        return self._lip_cues

    @property
    def speeches(self) -> list[Speech]:
        """What was spoken so far, in order."""
        return [speech for _, speech in sorted(self._speeches.items())]

    def count(self, happening: Happening) -> None:
        """Take what happened into account; what is no progress changes nothing."""
        match happening:
            case ScriptCut(segments):
                self._segments = segments
            case SegmentSpoken(segment, speech):
                self._take_speech(segment, speech)
            case SegmentRendered(index, clip):
                self._rendered_frames[index] = clip.frames
                self._finished.add(index)
            case SegmentProgress(index, frames_done):
                known = self._rendered_frames.get(index, 0)
                self._rendered_frames[index] = max(known, frames_done)
            case AtWork(stage, working):
                self._stopwatches[stage].count(working, self._clock())
            case _:
                return
        self._progress = self._measured()

    def finished(self) -> Progress:
        """Return the progress of a job that is done."""
        return replace(self._progress, fraction=1.0, stage=Stage.COMPOSE, remaining_seconds=0.0)

    def _take_speech(self, segment: Segment, speech: Speech) -> None:
        self._lip_cues = max(self._lip_cues or speech.cues, speech.cues, key=_QUALITY)
        self._speeches[segment.index] = speech
        self._spoken_frames[segment.index] = speech.frames(self._frame_rate)

    def _measured(self) -> Progress:
        before = self._progress
        done = max(before.frames_done, sum(self._rendered_frames.values()))
        total = max(self._estimate_total_frames() or before.frames_total, done)
        rate = self._measure_rate(done)
        spoken = len(self._spoken_frames) / max(len(self._segments), 1)
        fraction = _SPEAK_SHARE * spoken + _RENDER_SHARE * done / max(total, 1)
        return replace(
            before,
            fraction=max(before.fraction, min(fraction, 1.0)),
            stage=max(self._resumed_at, self._furthest_stage(), key=_STAGES),
            segments_spoken=max(before.segments_spoken, len(self._spoken_frames)),
            segments_rendered=max(before.segments_rendered, len(self._finished)),
            segments_total=max(before.segments_total, len(self._segments)),
            frames_done=done,
            frames_total=total,
            frames_per_second=rate,
            remaining_seconds=(total - done) / rate if rate else 0.0,
        )

    def _estimate_total_frames(self) -> int:
        """Count the frames that are known and guess the rest by the length of the text."""
        known = sum(self._spoken_frames.values())
        weight = {s.index: _weight(s) for s in self._segments}
        spoken_weight = sum(weight.get(i, 0) for i in self._spoken_frames)
        if not spoken_weight:
            return 0
        return round(known * sum(weight.values()) / spoken_weight)

    def _measure_rate(self, done: int) -> float:
        """Return frames a second over the last seconds, so that a stall is forgotten soon."""
        now = self._clock()
        if done:
            self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _RATE_SECONDS:
            self._seen.popleft()
        if len(self._seen) < 2 or self._seen[0][0] == now:
            return 0.0
        since, before = self._seen[0]
        return (done - before) / (now - since)

    def _furthest_stage(self) -> Stage:
        if self._segments and len(self._finished) == len(self._segments):
            return Stage.COMPOSE
        rendering = self._rendered_frames or self._stopwatches[Stage.RENDER].running
        return Stage.RENDER if rendering else Stage.SPEAK


class _Stopwatch:
    """Adds up the time during which at least one piece of work was going on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pieces = 0
        self._since = 0.0

    @property
    def running(self) -> bool:
        return self._pieces > 0

    def count(self, working: bool, now: float) -> None:
        if working and not self._pieces:
            self._since = now
        self._pieces += 1 if working else -1
        if not working and not self._pieces:
            self._seconds += now - self._since

    def seconds(self, now: float) -> float:
        return self._seconds + (now - self._since if self._pieces else 0.0)


def _weight(segment: Segment) -> int:
    return len(segment.text) or segment.end_sample - segment.first_sample
