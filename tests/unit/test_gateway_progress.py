"""Progress never goes back and ends at one."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from s2v.core.artifact import WAV
from s2v.core.job import Clip, Progress, Stage
from s2v.core.ports import Notice
from s2v.core.script import LipCues, Segment, Speech
from s2v.core.stages import (
    AtWork,
    Happening,
    Preview,
    ScriptCut,
    SegmentProgress,
    SegmentRendered,
    SegmentSpoken,
)
from s2v.testing.fakes_stages import artifact_of
from s2v_gateway.film.progress import ProgressMeter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def speech(frames: int) -> Speech:
    return Speech(artifact_of("x", WAV), frames * 1920)


def clip(frames: int) -> Clip:
    return Clip(artifact_of("x", "video/mp4"), frames, 64, 64)


def meter_at(clock: Clock | None = None) -> ProgressMeter:
    return ProgressMeter(25, clock=clock or Clock())


def counted(meter: ProgressMeter, *happenings: Happening) -> Progress:
    for happening in happenings:
        meter.count(happening)
    return meter.progress


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=60))
def test_nothing_ever_decreases_whatever_the_takes_do(steps: list[tuple[int, int]]) -> None:
    meter = meter_at()
    told = [counted(meter, ScriptCut(tuple(Segment(i, "x" * 10) for i in range(4))))]
    for index, frames in steps:
        told.append(counted(meter, SegmentSpoken(Segment(index, "x" * 10), speech(100))))
        told.append(counted(meter, SegmentProgress(index, frames)))
    for before, after in pairwise(told):
        assert after.fraction >= before.fraction
        assert after.frames_done >= before.frames_done
        assert after.segments_spoken >= before.segments_spoken
    assert all(0 <= p.fraction <= 1 for p in told)


def test_a_finished_job_is_at_one() -> None:
    meter = meter_at()
    segment = Segment(0, "hello")
    told = counted(
        meter,
        ScriptCut((segment,)),
        SegmentSpoken(segment, speech(50)),
        SegmentRendered(0, clip(50)),
    )
    assert told.stage is Stage.COMPOSE
    finished = meter.finished()
    assert finished.fraction == 1.0
    assert finished.frames_done == finished.frames_total == 50


def test_the_worst_of_what_moves_the_lips_is_told() -> None:
    meter = meter_at()
    segments = tuple(Segment(i, "hello") for i in range(3))
    meter.count(ScriptCut(segments))
    assert meter.lip_cues is None
    ways = (LipCues.TRANSCRIPT, LipCues.SOUNDS, LipCues.WORDS)
    told = []
    for segment, way in zip(segments, ways, strict=True):
        meter.count(SegmentSpoken(segment, replace(speech(50), cues=way)))
        told.append(meter.lip_cues)
    assert told == [LipCues.TRANSCRIPT, LipCues.SOUNDS, LipCues.SOUNDS]


def test_the_rest_of_the_film_is_estimated_from_the_text_that_is_spoken() -> None:
    cut = ScriptCut((Segment(0, "x" * 10), Segment(1, "x" * 30)))
    told = counted(meter_at(), cut, SegmentSpoken(Segment(0, "x" * 10), speech(100)))
    assert told.frames_total == 400


def test_speed_and_time_left_are_measured() -> None:
    clock = Clock()
    meter = meter_at(clock)
    segment = Segment(0, "hello")
    counted(
        meter,
        ScriptCut((segment,)),
        SegmentSpoken(segment, speech(100)),
        SegmentProgress(0, 10),
    )
    clock.now = 2.0
    told = counted(meter, SegmentProgress(0, 50))
    assert told.frames_per_second == 20.0
    assert told.remaining_seconds == 2.5


def test_overlapping_work_of_one_stage_counts_once() -> None:
    clock = Clock()
    meter = meter_at(clock)
    meter.count(AtWork(Stage.RENDER, working=True))
    clock.now = 1.0
    meter.count(AtWork(Stage.RENDER, working=True))
    clock.now = 3.0
    meter.count(AtWork(Stage.RENDER, working=False))
    clock.now = 4.0
    meter.count(AtWork(Stage.RENDER, working=False))
    clock.now = 9.0
    assert meter.stage_seconds[Stage.RENDER] == 4.0


def test_a_job_that_was_interrupted_goes_on_from_where_it_was() -> None:
    before = Progress(fraction=0.5, segments_spoken=2, frames_done=100, frames_total=184)
    meter = ProgressMeter(25, before=before, stage_seconds={Stage.RENDER: 7.0}, clock=Clock())
    told = counted(meter, ScriptCut((Segment(0, "x"), Segment(1, "x"))))
    assert told.fraction == 0.5
    assert told.frames_done == 100
    assert meter.stage_seconds[Stage.RENDER] == 7.0


def test_a_script_that_grows_has_more_segments_and_goes_not_back() -> None:
    meter = meter_at()
    segments = tuple(Segment(i, "x" * 10) for i in range(3))
    before = counted(
        meter,
        ScriptCut(segments[:1]),
        SegmentSpoken(segments[0], speech(100)),
        SegmentRendered(0, clip(100)),
    )
    after = counted(meter, ScriptCut(segments))
    assert (before.segments_total, after.segments_total) == (1, 3)
    assert (before.frames_total, after.frames_total) == (100, 300)
    assert after.fraction == before.fraction
    assert after.stage is Stage.RENDER
    assert (after.segments_spoken, after.segments_rendered) == (1, 1)


def test_what_is_no_progress_changes_nothing() -> None:
    meter = meter_at()
    before = counted(meter, ScriptCut((Segment(0, "x"),)))
    assert counted(meter, Preview(0, b"jpeg"), Notice("SERVICE_AWAY", "gone")) is before


def test_speeches_come_in_the_order_of_the_film() -> None:
    meter = meter_at()
    segments = tuple(Segment(i, "x") for i in range(3))
    for index in (2, 0, 1):
        meter.count(SegmentSpoken(segments[index], speech(10 + index)))
    assert meter.speeches == [speech(10), speech(11), speech(12)]
