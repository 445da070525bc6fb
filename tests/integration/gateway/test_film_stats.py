"""What the gateway does with a finished film's measurement."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2v.core.artifact import MP4, WAV
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Film, JobSpec, Order
from s2v.core.ports import Continuity
from s2v.core.script import LipSync, Mark, Speech
from s2v.core.timebase import SAMPLE_RATE
from s2v.testing.fakes_stages import FAKE_MEASUREMENT, FakeStages, artifact_of
from s2v_gateway.jobs.measuring import MEASURED_SECONDS, Measuring, measurable
from s2v_gateway.records.database import create_tables, open_database
from s2v_gateway.records.jobs import Jobs

FILM = Film(artifact_of("film", MP4), 250, 480_000, 64, 64, 25)
ORDER = Order(
    "0" * 32,
    JobSpec(text="a", frame_rate=25),
    artifact_of("x", "image/jpeg"),
    None,
    Continuity.INDEPENDENT,
)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    create_tables(engine)
    jobs = Jobs(engine, max_queued_jobs=9)
    jobs.accept(ORDER, asked=ORDER.spec, request_id="", live=False)
    yield jobs
    engine.dispose()


def speech(seconds: int, lip_sync: LipSync = LipSync.PHONEMES, sound: str = "a") -> Speech:
    samples = seconds * SAMPLE_RATE
    phonemes = (Mark(sound, 0, samples),) if sound else ()
    return Speech(artifact_of("a", WAV), samples, phonemes=phonemes, lip_sync=lip_sync)


async def ended(measuring: Measuring) -> None:
    """Wait for everything that was begun."""
    await asyncio.gather(*measuring._pieces, return_exceptions=True)


async def test_what_was_measured_is_kept_with_the_job(jobs: Jobs) -> None:
    stages = FakeStages()
    measuring = Measuring(jobs, stages)
    measuring.begin(ORDER, FILM, [speech(5)])
    assert jobs.get(ORDER.job_id).stats is None
    await ended(measuring)
    stats = jobs.get(ORDER.job_id).stats
    assert stats is not None
    assert stats.lip_sync == FAKE_MEASUREMENT
    assert stages.measured == [(FILM, (speech(5),))]


async def test_a_film_that_cannot_be_measured_has_no_stats(jobs: Jobs) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    measuring = Measuring(jobs, FakeStages(fail={"measure": error}))
    measuring.begin(ORDER, FILM, [speech(5)])
    await ended(measuring)
    assert jobs.get(ORDER.job_id).stats is None


async def test_closing_ends_what_is_being_measured(jobs: Jobs) -> None:
    stages = FakeStages(hold={"measure": asyncio.Event()})
    measuring = Measuring(jobs, stages)
    measuring.begin(ORDER, FILM, [speech(5)])
    await stages.called("measure")
    measuring.close()
    await ended(measuring)
    assert stages.cancelled == ["measure"]


async def test_what_only_loudness_drove_is_not_measured(jobs: Jobs) -> None:
    stages = FakeStages()
    measuring = Measuring(jobs, stages)
    measuring.begin(ORDER, FILM, [speech(5, LipSync.LOUDNESS)])
    await ended(measuring)
    assert stages.measured == []


def test_as_many_first_segments_are_measured_as_make_the_seconds() -> None:
    assert MEASURED_SECONDS == 20
    assert len(measurable([speech(12)] * 9)) == 2
    assert len(measurable([speech(10)] * 9)) == 2
    assert len(measurable([speech(90)] * 9)) == 1
    assert len(measurable([speech(3)] * 2)) == 2
    assert measurable([]) == ()


def test_segments_are_measured_up_to_the_first_of_unknown_sounds() -> None:
    known, unknown = speech(3, LipSync.TRANSCRIPT), speech(3, LipSync.LOUDNESS)
    silence = speech(3, LipSync.TRANSCRIPT, sound="")
    assert measurable([known, unknown, known]) == (known,)
    assert measurable([unknown, known]) == ()
    assert measurable([silence, known, silence]) == (silence, known, silence)
    assert measurable([silence]) == ()
