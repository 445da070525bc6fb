"""What a deleted voice takes with it: its sample, and the jobs that wait to speak with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa

from deletions import delete_asset, get
from gateway_world import Gate, Running, failure, png, rows
from s2v.api.gateway.v1 import job_pb2
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.errors import Reason
from s2v.rpc.errors import from_rpc_error, from_status
from s2v.testing.fakes_tts import FakeCloner
from s2v_gateway.access.callers import Caller
from s2v_gateway.jobs.running import Studio
from s2v_gateway.records.jobs import JobRecords
from s2v_gateway.records.voices import DeletedVoice, VoiceRecords
from s2v_tts.given import GivenSounds
from voice_world import CONSENT, VoiceWorld, recording, speaking


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[VoiceWorld]:
    """One job at a time, which holds still before its first segment is spoken."""
    hold = {"speak-0": asyncio.Event()}
    async with speaking(
        tmp_path, FakeCloner(), hold=hold, database_url=database_url, max_running_jobs=1
    ) as world:
        yield world
        hold["speak-0"].set()


async def drop(server: Running, name: str = "anna") -> None:
    await server.voices.DeleteVoice(pb.DeleteVoiceRequest(name=f"voices/{name}"))


def sample_of(world: VoiceWorld, name: str = "anna") -> str:
    query = sa.text("SELECT sha256 FROM voices WHERE name = :name")
    with world.server.gateway.database.connect() as connection:
        return str(connection.execute(query, {"name": name}).scalar_one())


async def test_a_job_that_speaks_goes_on_and_one_that_waits_fails(world: VoiceWorld) -> None:
    await world.create()
    sample = sample_of(world)
    runs = await world.server.create(voice="anna", text="a b")
    await world.stages.called("speak-0")
    waits = await world.server.create(voice="anna", text="c")
    other = await world.server.create(voice="alto", text="d")

    await drop(world.server)

    failed = await world.server.finished(waits.name)
    assert failed.state == job_pb2.JOB_STATE_FAILED
    error = from_status(failed.error)
    assert (error.reason, error.field) == (Reason.VOICE_UNKNOWN, "spec.voice")
    assert "deleted" in error.message
    assert sample in world.stored()
    assert rows(world.server, "voices", "name", "anna") == 0
    new = world.server.create(voice="anna")
    assert (await failure(new)).reason is Reason.VOICE_UNKNOWN

    world.stages._hold["speak-0"].set()
    for job in (runs, other):
        assert (await world.server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    [(heard, _)] = world.cloner.recordings
    assert heard.sha256 == sample
    await gone(world, sample)
    for job in (runs, waits):
        order = _order(world.server, job.name)
        assert sample not in order
        assert "My father" not in order


async def test_a_voice_of_the_same_name_is_another_one(world: VoiceWorld) -> None:
    await world.create()
    first = await world.server.create(voice="alto")
    await world.stages.called("speak-0")
    waits = await world.server.create(voice="anna")
    await drop(world.server)
    await world.create()
    failed = await world.server.finished(waits.name)
    assert from_status(failed.error).reason is Reason.VOICE_UNKNOWN
    world.stages._hold["speak-0"].set()
    assert (await world.server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_job_fails_whose_voice_goes_before_its_work_begins(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins, may_begin, work = asyncio.Event(), asyncio.Event(), Studio._accepted_work

    async def late(studio: Studio, job_id: str) -> None:
        begins.set()
        await may_begin.wait()
        await work(studio, job_id)

    await world.create()
    first = await world.server.create(voice="alto")
    await world.stages.called("speak-0")
    monkeypatch.setattr(Studio, "_accepted_work", late)
    waits = await world.server.create(voice="anna")
    await begins.wait()
    await drop(world.server)
    may_begin.set()
    failed = await world.server.finished(waits.name)
    assert from_status(failed.error).reason is Reason.VOICE_UNKNOWN
    world.stages._hold["speak-0"].set()
    assert (await world.server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_sample_goes_with_the_voice_and_stays_without_its_asset(world: VoiceWorld) -> None:
    asset = await world.server.upload(recording(), "audio/wav")
    await world.create(asset=asset)
    sample = sample_of(world)
    await delete_asset(world.server, asset)
    assert world.stored() == [sample]
    retention = world.server.gateway.retention
    await retention.sweep(orphan_seconds=0)
    assert world.stored() == [sample]
    await drop(world.server)
    assert world.stored() == []


async def test_equal_samples_are_one_until_the_last_voice_goes(world: VoiceWorld) -> None:
    await world.create("anna")
    await world.create("berta")
    other = world.server.acting("blue/bob")
    await world.create("anna", server=other)
    sample = sample_of(world, "berta")
    await drop(world.server, "anna")
    assert sample in world.stored()
    await drop(world.server, "berta")
    assert sample in world.stored()
    await drop(other, "anna")
    assert sample not in world.stored()


async def test_a_voice_that_goes_while_a_job_is_accepted_is_unknown(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.create()
    gate = Gate()
    monkeypatch.setattr(JobRecords, "accept", gate.around(JobRecords.accept, before=True))
    creating = asyncio.create_task(world.server.create(voice="anna"))
    await gate.reached.wait()
    await drop(world.server)
    gate.opened.set()
    error = await failure(creating)
    assert (error.reason, error.field) == (Reason.VOICE_UNKNOWN, "spec.voice")
    with world.server.gateway.database.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one() == 0


async def test_a_voice_that_goes_while_a_job_begins_is_unknown(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.create()
    sample = sample_of(world)
    gate = Gate()
    monkeypatch.setattr(JobRecords, "begin", gate.around(JobRecords.begin, before=True))
    job = await world.server.create(voice="anna")
    await gate.reached.wait()
    deleting = asyncio.create_task(drop(world.server))
    while rows(world.server, "voices", "name", "anna"):
        await asyncio.to_thread(lambda: None)
    gate.opened.set()
    await deleting
    failed = await world.server.finished(job.name)
    assert from_status(failed.error).reason is Reason.VOICE_UNKNOWN
    await gone(world, sample)


async def test_jobs_and_the_end_of_their_voice_meet_anyhow(
    tmp_path: Path, database_url: str
) -> None:
    async with speaking(
        tmp_path, FakeCloner(), database_url=database_url, max_running_jobs=3
    ) as world:
        reference = await world.server.upload(png(), "image/png")
        for _ in range(3):
            await world.create()
            sample = sample_of(world)
            creating = [
                asyncio.create_task(world.server.create(voice="anna", reference=reference))
                for _ in range(8)
            ]
            await asyncio.wait(creating, return_when=asyncio.FIRST_COMPLETED)
            await drop(world.server)
            outcomes = await asyncio.gather(*[_outcome(world, task) for task in creating])
            assert set(outcomes) <= {"SUCCEEDED", "VOICE_UNKNOWN"}
            await gone(world, sample)


async def test_a_job_fails_whose_voice_went_with_nobody_to_tell_it(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the gateway dies between the end of the voice and that of the job."""
    await world.create()
    sample = sample_of(world)
    await world.server.create(voice="alto")
    await world.stages.called("speak-0")
    gate = Gate()
    look = gate.around(JobRecords.look_for_voice, before=False)
    monkeypatch.setattr(JobRecords, "look_for_voice", look)
    waits = await world.server.create(voice="anna")
    await gate.reached.wait()
    gate.opened.set()
    records = VoiceRecords(world.server.gateway.database, max_voices=1)
    assert records.delete(Caller("red", "ann"), "anna") == DeletedVoice(
        sample, (waits.name.removeprefix("jobs/"),)
    )

    assert (await get(world.server, waits.name)).state == job_pb2.JOB_STATE_QUEUED
    world.stages._hold["speak-0"].set()
    failed = await world.server.finished(waits.name)
    assert from_status(failed.error).reason is Reason.VOICE_UNKNOWN
    await world.server.gateway.retention.sweep(orphan_seconds=0)
    assert sample not in world.stored()


async def test_bytes_that_go_in_the_moment_of_their_record_are_made_again(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.create("anna")
    gate = Gate()
    monkeypatch.setattr(VoiceRecords, "add", gate.around(VoiceRecords.add, before=True))
    creating = asyncio.create_task(world.create("berta"))
    await gate.reached.wait()
    sample = sample_of(world, "anna")
    await drop(world.server, "anna")
    assert sample not in world.stored()
    gate.opened.set()
    assert (await creating).name == "voices/berta"
    assert sample in world.stored()


async def test_a_caller_who_leaves_leaves_no_voice(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    monkeypatch.setattr(GivenSounds, "decoding", gate.around(GivenSounds.decoding, before=True))
    asset = await world.server.upload(recording(), "audio/wav")
    request = pb.CreateVoiceRequest(
        voice=pb.Voice(name="voices/anna", language="en", consent=CONSENT), asset=asset
    )
    call = world.server.voices.CreateVoice(request)
    await gate.reached.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gate.opened.set()
    await world.create("anna", asset=asset)
    assert rows(world.server, "voices", "name", "anna") == 1


async def gone(world: VoiceWorld, sample: str) -> None:
    """Wait until the bytes are gone that the last job held."""
    while sample in world.stored():
        await asyncio.to_thread(lambda: None)


def _order(server: Running, name: str) -> str:
    query = sa.text('SELECT "order" FROM jobs WHERE job_id = :job')
    with server.gateway.database.connect() as connection:
        order = connection.execute(query, {"job": name.removeprefix("jobs/")}).scalar_one()
    return str(order)


async def _outcome(world: VoiceWorld, creating: asyncio.Task[job_pb2.Job]) -> str:
    try:
        job = await creating
    except grpc.RpcError as error:
        return str(from_rpc_error(error).reason)
    ended = await world.server.finished(job.name)
    if ended.state == job_pb2.JOB_STATE_SUCCEEDED:
        return "SUCCEEDED"
    return str(from_status(ended.error).reason)
