"""Progress never goes back and ends at one."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from s2v.core.artifact import WAV
from s2v.core.job import Clip, Progress, Stage
from s2v.core.script import LipSync, Segment, Speech
from s2v.core.stages import AtWork, SegmentProgress
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


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=60))
def test_nothing_ever_decreases_whatever_the_takes_do(steps: list[tuple[int, int]]) -> None:
    told: list[Progress] = []
    meter = ProgressMeter(25, told.append, lambda _: None, clock=Clock())
    meter.cut(tuple(Segment(i, "x" * 10) for i in range(4)))
    for index, frames in steps:
        meter.spoken(Segment(index, "x" * 10), speech(100))
        meter.report(SegmentProgress(index, frames))
    for before, after in pairwise(told):
        assert after.fraction >= before.fraction
        assert after.frames_done >= before.frames_done
        assert after.segments_spoken >= before.segments_spoken
    assert all(0 <= p.fraction <= 1 for p in told)


def test_a_finished_job_is_at_one() -> None:
    told: list[Progress] = []
    meter = ProgressMeter(25, told.append, lambda _: None, clock=Clock())
    segment = Segment(0, "hello")
    meter.cut((segment,))
    meter.spoken(segment, speech(50))
    meter.rendered(0, clip(50))
    assert told[-1].stage is Stage.COMPOSE
    finished = meter.finished()
    assert finished.fraction == 1.0
    assert finished.frames_done == finished.frames_total == 50


def test_the_worst_of_what_moves_the_lips_is_told() -> None:
    meter = ProgressMeter(25, lambda _: None, lambda _: None, clock=Clock())
    segments = tuple(Segment(i, "hello") for i in range(3))
    meter.cut(segments)
    ways = (LipSync.TRANSCRIPT, LipSync.SOUNDS, LipSync.WORDS)
    told = []
    for segment, way in zip(segments, ways, strict=True):
        meter.spoken(segment, replace(speech(50), lip_sync=way))
        told.append(meter.lip_sync)
    assert told == [LipSync.TRANSCRIPT, LipSync.SOUNDS, LipSync.SOUNDS]


def test_the_rest_of_the_film_is_estimated_from_the_text_that_is_spoken() -> None:
    told: list[Progress] = []
    meter = ProgressMeter(25, told.append, lambda _: None, clock=Clock())
    meter.cut((Segment(0, "x" * 10), Segment(1, "x" * 30)))
    meter.spoken(Segment(0, "x" * 10), speech(100))
    assert told[-1].frames_total == 400


def test_speed_and_time_left_are_measured() -> None:
    told: list[Progress] = []
    clock = Clock()
    meter = ProgressMeter(25, told.append, lambda _: None, clock=clock)
    segment = Segment(0, "hello")
    meter.cut((segment,))
    meter.spoken(segment, speech(100))
    meter.report(SegmentProgress(0, 10))
    clock.now = 2.0
    meter.report(SegmentProgress(0, 50))
    assert told[-1].frames_per_second == 20.0
    assert told[-1].remaining_seconds == 2.5


def test_overlapping_work_of_one_stage_counts_once() -> None:
    clock = Clock()
    meter = ProgressMeter(25, lambda _: None, lambda _: None, clock=clock)
    meter.report(AtWork(Stage.RENDER, working=True))
    clock.now = 1.0
    meter.report(AtWork(Stage.RENDER, working=True))
    clock.now = 3.0
    meter.report(AtWork(Stage.RENDER, working=False))
    clock.now = 4.0
    meter.report(AtWork(Stage.RENDER, working=False))
    clock.now = 9.0
    assert meter.stage_seconds[Stage.RENDER] == 4.0


def test_a_job_that_was_interrupted_goes_on_from_where_it_was() -> None:
    told: list[Progress] = []
    before = Progress(fraction=0.5, segments_spoken=2, frames_done=100, frames_total=184)
    meter = ProgressMeter(25, told.append, lambda _: None, before=before, clock=Clock())
    meter.cut((Segment(0, "x"), Segment(1, "x")))
    assert told[-1].fraction == 0.5
    assert told[-1].frames_done == 100
