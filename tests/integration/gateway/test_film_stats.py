"""What the gateway does with a finished film's measurement."""

import asyncio

import pytest

from gateway_world import Running, Start
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.core.artifact import MP4, WAV
from s2v.core.errors import Internal, InvalidInput, Reason, S2VError
from s2v.core.job import Film, FilmStats, JobSpec, Order, StatsState
from s2v.core.ports import Continuity
from s2v.core.script import LipCues, Mark, Speech
from s2v.core.timebase import SAMPLE_RATE
from s2v.testing.fakes_stages import (
    FAKE_MEASUREMENT,
    FakeCheckpoints,
    FakeStages,
    artifact_of,
)
from s2v_gateway.access.callers import LOCAL
from s2v_gateway.jobs.measuring import MEASURED_SECONDS, Measuring, measurable
from s2v_gateway.records.job_lookup import JobLookup

FILM = Film(artifact_of("film", MP4), 250, 480_000, 64, 64, 25)
ORDER = Order(
    "0" * 32,
    JobSpec(text="a", frame_rate=25),
    artifact_of("x", "image/jpeg"),
    None,
    Continuity.INDEPENDENT,
)


def speech(seconds: int, cues: LipCues = LipCues.PHONEMES, sound: str = "a") -> Speech:
    samples = seconds * SAMPLE_RATE
    phonemes = (Mark(sound, 0, samples),) if sound else ()
    return Speech(artifact_of("a", WAV), samples, phonemes=phonemes, cues=cues)


async def measured(stages: FakeStages, speeches: list[Speech]) -> FilmStats:
    checkpoint = FakeCheckpoints().take("measure")
    return await Measuring(stages).measure(ORDER, FILM, speeches, checkpoint)


async def test_a_film_is_measured_by_its_speeches() -> None:
    stages = FakeStages()
    stats = await measured(stages, [speech(5)])
    assert stats == FilmStats(FAKE_MEASUREMENT, StatsState.DONE)
    assert stages.measured == [(FILM, (speech(5),))]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidInput(Reason.FACE_NOT_FOUND, "no face in it"), "no face in it"),
        (Internal(Reason.INTERNAL, "secret"), "measuring failed; the server's log has the details"),
    ],
)
async def test_a_film_that_cannot_be_measured_tells_why(error: S2VError, told: str) -> None:
    stats = await measured(FakeStages(fail={"measure": error}), [speech(5)])
    assert stats == FilmStats(None, StatsState.NOT_MEASURED, told)


async def test_a_fault_of_the_meter_is_no_fault_of_the_job() -> None:
    class Broken(FakeStages):
        async def measure(self, *_: object) -> object:  # type: ignore[override]
            raise ZeroDivisionError

    stats = await measured(Broken(), [speech(5)])
    assert stats.state is StatsState.NOT_MEASURED
    assert "log has the details" in stats.reason


async def test_what_was_measured_is_not_measured_again_after_a_crash() -> None:
    stages, checkpoints = FakeStages(), FakeCheckpoints()
    for again in (checkpoints, checkpoints.again()):
        stats = await Measuring(stages).measure(ORDER, FILM, [speech(5)], again.take("measure"))
        assert stats.lip_sync == FAKE_MEASUREMENT
    assert stages.calls == ["measure"]


async def test_what_only_loudness_drove_is_not_measured() -> None:
    stages = FakeStages()
    stats = await measured(stages, [speech(5, LipCues.LOUDNESS)])
    assert stages.measured == []
    assert stats.state is StatsState.NOT_MEASURED
    assert "loudness" in stats.reason


def kept(server: Running, name: str) -> FilmStats | None:
    return JobLookup(server.gateway.database).get(LOCAL, name).stats


async def kept_soon(server: Running, name: str) -> FilmStats:
    while True:
        stats = await asyncio.to_thread(kept, server, name)
        if stats and stats.state is not StatsState.PENDING:
            return stats


async def test_a_job_has_succeeded_before_its_film_is_measured(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"measure": hold}))
    job = await server.create()
    await server.stages.called("measure")
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert kept(server, job.name) == FilmStats(state=StatsState.PENDING)
    hold.set()
    assert await kept_soon(server, job.name) == FilmStats(FAKE_MEASUREMENT, StatsState.DONE)


async def test_a_job_whose_film_cannot_be_measured_has_succeeded(start: Start) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face in it")
    server = await start(FakeStages(fail={"measure": error}))
    job = await server.create()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    stats = await kept_soon(server, job.name)
    assert stats == FilmStats(None, StatsState.NOT_MEASURED, "no face in it")


async def test_deleting_a_job_ends_the_measuring_of_its_film(start: Start) -> None:
    server = await start(FakeStages(hold={"measure": asyncio.Event()}))
    job = await server.create()
    await server.stages.called("measure")
    await server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job.name))
    assert server.stages.cancelled == ["measure"]


async def test_a_server_that_does_not_measure_says_so_at_once(start: Start) -> None:
    server = await start(measure_films=False)
    job = await server.create()
    await server.finished(job.name)
    stats = kept(server, job.name)
    assert stats is not None
    assert stats.state is StatsState.NOT_MEASURED
    assert "does not measure" in stats.reason
    assert "measure" not in server.stages.calls


def test_as_many_first_segments_are_measured_as_make_the_seconds() -> None:
    assert MEASURED_SECONDS == 20
    assert len(measurable([speech(12)] * 9)) == 2
    assert len(measurable([speech(10)] * 9)) == 2
    assert len(measurable([speech(90)] * 9)) == 1
    assert len(measurable([speech(3)] * 2)) == 2
    assert measurable([]) == ()


def test_segments_are_measured_up_to_the_first_of_unknown_sounds() -> None:
    known, unknown = speech(3, LipCues.TRANSCRIPT), speech(3, LipCues.LOUDNESS)
    silence = speech(3, LipCues.TRANSCRIPT, sound="")
    assert measurable([known, unknown, known]) == (known,)
    assert measurable([unknown, known]) == ()
    assert measurable([silence, known, silence]) == (silence, known, silence)
    assert measurable([silence]) == ()
