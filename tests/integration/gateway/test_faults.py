"""Whatever breaks under a job, the job goes on or ends, and an operator hears of it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway_world import Gate, Running, Start, gateways, png, rows
from s2v.api.gateway.v1 import job_pb2, job_service_pb2, system_service_pb2
from s2v.core.errors import Exhausted, Reason
from s2v.core.script import LipCues
from s2v.rpc.errors import from_status
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.assets.library import Library
from s2v_gateway.jobs import durable, reporting
from s2v_gateway.jobs.durable import DurableJobs
from s2v_gateway.jobs.reporting import Reporter
from s2v_gateway.records import database
from s2v_gateway.records.jobs import JobRecords

SUCCEEDED, FAILED = job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED
FAULT = "a fault of the server; its log has the details"


async def alarms(server: Running) -> list[str]:
    """What an operator is told, without the times."""
    status = await server.system.GetSystemStatus(system_service_pb2.GetSystemStatusRequest())
    return [alarm.partition(" ")[2] for alarm in status.alarms]


async def until_told(server: Running, what: str) -> None:
    while what not in await alarms(server):  # noqa: ASYNC110 (it is in another thread)
        await asyncio.sleep(0.02)


def state_of(server: Running, name: str) -> str:
    """Read from the table: a job whose row is broken cannot be asked for."""
    query = sa.text("SELECT state FROM jobs WHERE job_id = :job_id")
    with server.gateway.database.connect() as connection:
        row = connection.execute(query, {"job_id": name.removeprefix("jobs/")})
        return str(row.scalar_one())


async def until_state(server: Running, name: str, state: str) -> None:
    while state_of(server, name) != state:  # noqa: ASYNC110 (it is in another thread)
        await asyncio.sleep(0.02)


def change(server: Running, statement: str) -> None:
    with server.gateway.database.begin() as connection:
        connection.execute(sa.text(statement))


async def at_work(server: Running, held: str) -> str:
    job = await server.create()
    await server.stages.called(held)
    return str(job.name)


def go_on(server: Running) -> None:
    for event in server.stages._hold.values():
        event.set()


def broken(*_: object, **__: object) -> None:
    raise KeyError("something that nobody thought of")


async def test_a_job_whose_row_cannot_be_read_ends_when_the_gateway_is_back(
    tmp_path: Path,
) -> None:
    async with gateways(tmp_path) as start:
        server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
        name = await at_work(server, "render-0")
    with sqlite3.connect(tmp_path / "gateway" / "gateway.db") as rows:
        rows.execute("UPDATE jobs SET \"order\" = '{'")
    rows.close()
    async with gateways(tmp_path) as start:
        server = await start()
        job_id = name.removeprefix("jobs/")
        await until_state(server, name, "FAILED")
        assert f"job {job_id}: its work could not be ended" in await alarms(server)
        assert (await server.finished((await server.create()).name)).state == SUCCEEDED


async def test_a_fault_while_a_job_ends_ends_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(Library, "result_row", broken)
    job = await server.finished((await server.create()).name)
    assert (job.state, job.error.message) == (FAILED, FAULT)
    assert await alarms(server) == [f"job {job.name.removeprefix('jobs/')} crashed"]


async def test_a_fault_after_the_end_of_a_job_leaves_it_as_it_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(JobRecords, "release", broken)
    job = await server.finished((await server.create()).name)
    await until_told(server, f"job {job.name.removeprefix('jobs/')}: its work could not be ended")
    assert job.state == SUCCEEDED
    assert state_of(server, job.name) == "SUCCEEDED"


async def test_an_end_that_cannot_be_written_down_is_written_when_it_can(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(JobRecords, "succeed", broken)
    monkeypatch.setattr(JobRecords, "fail", broken)
    job = await server.create()
    unwritten = f"job {job.name.removeprefix('jobs/')}: its end cannot be written down"
    await until_told(server, unwritten)
    await server.gateway.studio.look()
    await server.gateway.studio.look()
    assert state_of(server, job.name) == "RUNNING"
    monkeypatch.undo()
    held = ("job_artifacts", "job_id", job.name.removeprefix("jobs/"))
    assert rows(server, *held) > 0
    await server.gateway.studio.look()
    ended = await server.finished(job.name)
    assert (ended.state, ended.error.message) == (FAILED, FAULT)
    assert rows(server, *held) == 0


async def test_a_column_that_is_gone_ends_the_job_and_is_told(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    name = await at_work(server, "render-0")
    change(server, "ALTER TABLE jobs RENAME COLUMN film TO reel")
    go_on(server)
    await until_state(server, name, "FAILED")
    assert "the gateway's database: SQLITE_ERROR" in await alarms(server)
    change(server, "ALTER TABLE jobs RENAME COLUMN reel TO film")
    assert (await server.finished(name)).error.message == FAULT


@pytest.mark.parametrize(
    ("is_postgres", "code"), [(False, "SQLITE_ERROR"), (True, "42P01")], ids=["sqlite", "postgres"]
)
async def test_a_table_of_checkpoints_that_is_gone_ends_the_job(
    start: Start, request: pytest.FixtureRequest, *, is_postgres: bool, code: str
) -> None:
    settings = {"database_url": request.getfixturevalue("postgres_url")} if is_postgres else {}
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}), **settings)
    name = await at_work(server, "render-0")
    schema = "dbos." if is_postgres else ""
    change(server, f"ALTER TABLE {schema}operation_outputs RENAME TO lost")
    go_on(server)
    assert (await server.finished(name)).error.message == FAULT
    told = await alarms(server)
    assert f"job {name.removeprefix('jobs/')} crashed" in told
    assert f"the gateway's database: {code}" in told


async def test_a_database_that_is_locked_for_long_is_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    monkeypatch.setattr(durable, "_BUSY_SECONDS", 0.05)
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    name = await at_work(server, "render-0")
    other = sqlite3.connect(tmp_path / "gateway" / "gateway.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    go_on(server)
    await until_told(server, "the gateway's database: SQLITE_BUSY")
    other.execute("ROLLBACK")
    other.close()
    assert (await server.finished(name)).state == SUCCEEDED


async def test_connections_that_are_all_taken_are_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(server.gateway.database.pool, "_timeout", 0.05)
    succeed, gate = JobRecords.succeed, Gate()
    tries: list[object] = []

    def tried(*args: object, **kwargs: object) -> bool:
        tries.append(args)
        return succeed(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(JobRecords, "succeed", gate.around(tried, before=True))
    job = await server.create()
    await gate.reached.wait()
    taken = []
    with contextlib.suppress(sa.exc.TimeoutError):
        while True:
            taken.append(server.gateway.database.connect())
    gate.opened.set()
    while len(tries) < 2:  # noqa: ASYNC110 (it is in another thread)
        await asyncio.sleep(0.02)
    for connection in taken:
        connection.close()
    assert (await server.finished(job.name)).state == SUCCEEDED


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let SQLite refuse whatever is written, as it does when its disk is full."""

    def refuse(_: object, statement: str, *__: object) -> None:
        if not statement.startswith(("SELECT", "BEGIN", "PRAGMA")):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    sa.event.listen(sa.Engine, "do_execute", refuse)
    yield
    sa.event.remove(sa.Engine, "do_execute", refuse)


async def test_a_job_whose_disk_is_full_when_it_starts_waits_and_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    reference = await server.upload(png())
    gate = Gate()
    monkeypatch.setattr(JobRecords, "accept", gate.around(JobRecords.accept, before=False))
    creating = asyncio.create_task(server.create(reference=reference))
    await gate.reached.wait()
    with full_disk():
        gate.opened.set()
        await until_told(server, "the gateway's database: SQLITE_FULL")
    assert (await server.finished((await creating).name)).state == SUCCEEDED


@pytest.mark.parametrize("step", [(JobRecords, "succeed", True), (FsspecStore, "confirm", False)])
async def test_a_job_whose_disk_is_full_later_waits_and_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch, step: tuple[type, str, bool]
) -> None:
    kind, method, before = step
    server = await start()
    reference = await server.upload(png())
    gate = Gate()
    monkeypatch.setattr(kind, method, gate.around(getattr(kind, method), before=before))
    job = await server.create(reference=reference)
    await gate.reached.wait()
    with full_disk():
        gate.opened.set()
        await until_told(server, "the gateway's database: SQLITE_FULL")
    assert (await server.finished(job.name)).state == SUCCEEDED


async def test_a_job_is_told_when_there_is_no_room_for_what_it_makes(start: Start) -> None:
    full = Exhausted(Reason.STORAGE_FULL, "the artifact store is full; make room")
    server = await start(FakeStages(fail={"render-0": full}))
    job = await server.finished((await server.create()).name)
    assert from_status(job.error).reason is Reason.STORAGE_FULL


async def test_a_job_that_was_never_started_is_started_by_an_equal_call(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    reference = await server.upload(png())
    monkeypatch.setattr(DurableJobs, "start", broken)
    job = await server.create("mine", reference=reference)
    unstarted = f"job {job.name.removeprefix('jobs/')} could not be started"
    assert await alarms(server) == [unstarted]
    monkeypatch.undo()
    again = await server.create("mine", reference=reference)
    assert again.name == job.name
    assert (await server.finished(job.name)).state == SUCCEEDED
    assert server.stages.calls.count("cut") == 1


async def test_a_job_that_was_never_started_is_found(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(DurableJobs, "start", broken)
    job = await server.create()
    monkeypatch.undo()
    await server.gateway.studio.look()
    assert server.stages.calls == []
    await server.gateway.studio.look()
    assert (await server.finished(job.name)).state == SUCCEEDED


async def test_a_job_that_cannot_be_started_keeps_no_other_from_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    monkeypatch.setattr(DurableJobs, "start", broken)
    names = [(await server.create()).name for _ in range(4)]
    monkeypatch.undo()
    bring_on = DurableJobs.go_on

    async def first_fails(jobs: DurableJobs, job_id: str) -> None:
        if names[0].endswith(job_id):
            broken()
        await bring_on(jobs, job_id)

    monkeypatch.setattr(DurableJobs, "go_on", first_fails)
    await server.gateway.studio.look()
    await server.gateway.studio.look()
    for name in names[1:]:
        assert (await server.finished(name)).state == SUCCEEDED
    assert f"job {names[0].removeprefix('jobs/')} lies still" in await alarms(server)


async def test_a_job_at_work_is_not_started_again(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}), max_running_jobs=1)
    name = await at_work(server, "render-0")
    waiting = await server.create()
    for _ in range(3):
        await server.gateway.studio.look()
    go_on(server)
    for job in (name, waiting.name):
        assert (await server.finished(job)).state == SUCCEEDED
    assert server.stages.calls.count("cut") == 2
    assert await alarms(server) == []


async def test_progress_is_told_when_it_is_written_down(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start(FakeStages(hold={"render-2": asyncio.Event()}))
    gate = Gate()
    note = gate.around(JobRecords.note_progress, before=True)
    monkeypatch.setattr(JobRecords, "note_progress", note)
    job = await server.create()
    told: list[int] = []

    async def watch() -> None:
        request = job_service_pb2.WatchJobRequest(name=job.name)
        async for event in server.jobs.WatchJob(request):
            if event.HasField("progress"):
                told.append(event.progress.frames_done)

    watching = asyncio.create_task(watch())
    await gate.reached.wait()
    await server.stages.called("render-2")
    assert told == []
    gate.opened.set()
    go_on(server)
    await watching
    assert told == sorted(told)
    assert max(told) == 6


async def test_a_job_that_comes_no_further_writes_nothing_down(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, rounds, enough = list[str](), 0, asyncio.Event()
    note_cues, save = JobRecords.note_lip_cues, Reporter._save

    def noting(records: JobRecords, job_id: str, cues: LipCues) -> None:
        written.append(job_id)
        note_cues(records, job_id, cues)

    async def saving(reporter: Reporter) -> None:
        nonlocal rounds
        await save(reporter)
        if "render-0" in server.stages.calls:
            rounds += 1
        if rounds >= 20:
            enough.set()

    monkeypatch.setattr(reporting, "_SAVE_SECONDS", 0.01)
    monkeypatch.setattr(JobRecords, "note_lip_cues", noting)
    monkeypatch.setattr(Reporter, "_save", saving)
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    job = await server.create(text="a")
    await enough.wait()
    so_far = len(written)
    assert 1 <= so_far < 10
    go_on(server)
    assert (await server.finished(job.name)).state == SUCCEEDED
