"""What is deleted is gone: for every caller, from every table, from every folder."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa

from deletions import (
    at_work,
    cancelled,
    delete,
    ended,
    get,
    gone,
    names,
    no_bytes_are_left,
    not_found,
    nothing_is_left,
)
from gateway_world import (
    Gate,
    Running,
    Start,
    failure,
    gateways,
    generate_requests,
    png,
    rest,
    rows,
)
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.testing.fakes_stages import FakeStages, artifact_of
from s2v_gateway.jobs import durable
from s2v_gateway.records.deletions import Deletions
from s2v_gateway.records.jobs import JobRecords


@pytest.mark.parametrize(
    "held", ["cut", "speak-0", "speak-1", "render-0", "render-1", "compose", "join-0", "join-1"]
)
async def test_a_job_that_runs_is_stopped_and_goes(start: Start, tmp_path: Path, held: str) -> None:
    server = await start(FakeStages(hold={held: asyncio.Event()}))
    name = await at_work(server)
    await delete(server, name)
    assert held in server.stages.cancelled
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_job_that_waits_goes_without_being_begun(start: Start, tmp_path: Path) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), max_running_jobs=1)
    first = await server.create()
    await server.stages.called("render-0")
    second = await server.create()
    await delete(server, second.name)
    await nothing_is_left(server, tmp_path, second.name)
    hold.set()
    assert (await server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert server.stages.calls.count("cut") == 1


async def test_a_job_that_is_being_cancelled_goes(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    name = await at_work(server)
    gate = Gate()
    monkeypatch.setattr(JobRecords, "fail", gate.around(JobRecords.fail, before=True))
    await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name))
    await gate.reached.wait()
    assert (await get(server, name)).state == job_pb2.JOB_STATE_CANCELLING
    deleting = asyncio.create_task(delete(server, name))
    while name in await names(server):
        pass
    gate.opened.set()
    await deleting
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_job_that_succeeded_goes_with_its_film(start: Start, tmp_path: Path) -> None:
    server = await start()
    call = server.generation.Generate(iter(generate_requests(png())))
    film = (await rest(call))[-1].finished
    await delete(server, film.name)
    await nothing_is_left(server, tmp_path, film.name)
    no_bytes_are_left(server)
    gone = asset_service_pb2.GetAssetRequest(name=film.film.asset)
    assert (await failure(server.assets.GetAsset(gone))).reason is Reason.ASSET_NOT_FOUND
    listed = await server.assets.ListAssets(asset_service_pb2.ListAssetsRequest())
    assert [asset.name for asset in listed.assets] == [film.spec.reference]


async def test_a_job_that_failed_goes(start: Start, tmp_path: Path) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    server = await start(FakeStages(fail={"render-1": error}))
    name = await ended(server)
    await delete(server, name)
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_job_goes_whose_work_ended_without_being_written_down(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_LOOKS_ALONE", 2)
    server = await start()
    name = await ended(server)
    while not await server.gateway.studio._opened.has_ended(name.removeprefix("jobs/")):
        pass
    unwritten = sa.text("UPDATE workflow_status SET status = 'PENDING' WHERE workflow_uuid = :job")
    with server.gateway.database.begin() as connection:
        connection.execute(unwritten, {"job": name.removeprefix("jobs/")})
    await delete(server, name)
    await nothing_is_left(server, tmp_path, name)


async def test_a_job_that_was_cancelled_goes(start: Start, tmp_path: Path) -> None:
    server = await start(FakeStages(hold={"render-1": asyncio.Event()}))
    name = await cancelled(server)
    await delete(server, name)
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_job_whose_film_is_being_measured_goes(start: Start, tmp_path: Path) -> None:
    server = await start(FakeStages(hold={"measure": asyncio.Event()}))
    name = await ended(server)
    await server.stages.called("measure")
    watch = job_service_pb2.WatchJobRequest(name=name, with_stats=True)
    watching = server.jobs.WatchJob(watch)
    while not (await watching.read()).HasField("finished"):
        pass
    await delete(server, name)
    assert "measure" in server.stages.cancelled
    assert await not_found(rest(watching))
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_watcher_hears_that_the_job_is_gone(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    calls = []
    generating = server.generation.Generate(iter(generate_requests(png(), keep_running=True)))
    name = (await generating.read()).accepted.name
    await server.stages.called("render-0")
    for fields in ({}, {"with_media": True}, {"with_stats": True}):
        calls.append(server.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name, **fields)))
        await calls[-1].read()
    await delete(server, name)
    for call in [generating, *calls]:
        assert await not_found(rest(call))


async def test_two_deletions_at_once_end_well_and_once(start: Start, tmp_path: Path) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    name = await at_work(server)
    outcomes = await asyncio.gather(
        *(delete(server, name) for _ in range(5)), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert all(isinstance(one, grpc.RpcError) for one in outcomes if one is not None)
    await nothing_is_left(server, tmp_path, name)


async def test_what_an_equal_job_has_too_stays(start: Start, tmp_path: Path) -> None:
    server = await start()
    reference = await server.upload(png())
    first, second = [await server.create(reference=reference) for _ in range(2)]
    films = [(await server.finished(job.name)).film for job in (first, second)]
    assert films[0].sha256 == films[1].sha256
    assert films[0].asset != films[1].asset
    await delete(server, first.name)
    read = asset_service_pb2.ReadAssetRequest(name=films[1].asset)
    assert b"".join([piece.data async for piece in server.assets.ReadAsset(read)]) == b"film"
    await delete(server, second.name)
    no_bytes_are_left(server)
    await server.assets.GetAsset(asset_service_pb2.GetAssetRequest(name=reference))


async def test_what_an_unfinished_job_has_made_stays_when_an_equal_one_goes(
    start: Start,
) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    first, second = [await server.create(text="a bb") for _ in range(2)]
    while min(map(server.stages.calls.count, ("render-1", "join-0"))) < 2:
        await asyncio.to_thread(lambda: None)
    await delete(server, first.name)
    store = server.gateway.store
    assert store.stat(artifact_of("a", "").sha256)
    assert store.stat(artifact_of("clip-0", "").sha256)
    hold.set()
    assert (await server.finished(second.name)).state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.parametrize("marked", [False, True])
async def test_a_client_that_vanishes_within_delete_job_leaves_nothing(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marked: bool
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    gate = Gate()
    name = await at_work(server)
    monkeypatch.setattr(Deletions, "mark", gate.around(Deletions.mark, before=not marked))
    call = server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name))
    await gate.reached.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # Whatever comes over the same connection comes after the cancellation.
    await server.upload(png())
    gate.opened.set()
    await gone(server, name)
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


@pytest.mark.parametrize("held", ["render-0", "measure"])
async def test_a_gateway_that_dies_within_delete_job_ends_it_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    async with gateways(tmp_path) as start:
        server = await start(FakeStages(hold={held: asyncio.Event()}))
        name = await at_work(server)
        caller_marks = Deletions.mark

        def dies(*args: object) -> str:
            caller_marks(*args)  # type: ignore[arg-type]
            raise OSError("the process died")

        monkeypatch.setattr(Deletions, "mark", dies)
        await failure(delete(server, name))
        monkeypatch.undo()
        assert await not_found(get(server, name))
    async with gateways(tmp_path) as start:
        server = await start()
        while rows(server, "jobs", "job_id", name.removeprefix("jobs/")):
            await asyncio.to_thread(lambda: None)
        await server.finished((await server.create()).name)
        await nothing_is_left(server, tmp_path, name)
        assert server.stages.orders[0].job_id != name.removeprefix("jobs/")


ACTS: dict[str, Callable[[Running, str], object]] = {
    "cancel": lambda s, name: s.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name)),
    "delete": lambda s, name: s.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name)),
    "finish": lambda s, name: _let_go(s),
}


async def _let_go(server: Running) -> None:
    for event in server.stages._hold.values():
        event.set()


@pytest.mark.parametrize("held", ["render-0", "join-1", "measure"])
@pytest.mark.parametrize("order", list(itertools.permutations(ACTS)))
@pytest.mark.parametrize("at_once", [False, True])
async def test_however_finish_cancel_and_delete_meet_nothing_is_left(
    start: Start, tmp_path: Path, held: str, order: tuple[str, ...], at_once: bool
) -> None:
    server = await start(FakeStages(hold={held: asyncio.Event()}))
    name = await at_work(server)
    acts = [ACTS[act] for act in order]
    if at_once:
        outcomes = await asyncio.gather(
            *(act(server, name) for act in acts), return_exceptions=True
        )
    else:
        outcomes = []
        for act in acts:
            try:
                outcomes.append(await act(server, name))
            except grpc.RpcError as error:
                outcomes.append(error)
    assert not isinstance(outcomes[order.index("delete")], Exception)
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


@pytest.mark.parametrize("before", [False, True])
async def test_a_film_is_not_readable_when_deleting_meets_the_jobs_last_write(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    server = await start()
    gate = Gate()
    monkeypatch.setattr(JobRecords, "succeed", gate.around(JobRecords.succeed, before=before))
    name = (await server.create(text="a bb")).name
    await gate.reached.wait()
    deleting = asyncio.create_task(delete(server, name))
    while name in await names(server):
        pass
    gate.opened.set()
    await deleting
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)
    listed = await server.assets.ListAssets(asset_service_pb2.ListAssetsRequest())
    assert not [asset for asset in listed.assets if asset.job]


async def test_what_is_recorded_in_the_moment_of_the_end_goes_too(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    gate = Gate()
    monkeypatch.setattr(JobRecords, "hold", gate.around(JobRecords.hold, before=True))
    name = (await server.create(text="a")).name
    await gate.reached.wait()
    deleting = asyncio.create_task(delete(server, name))
    while name in await names(server):
        pass
    while rows(server, "jobs", "state", "CANCELLING") + rows(server, "jobs", "state", "RUNNING"):
        if server.gateway.studio._running[name.removeprefix("jobs/")].task.cancelling():
            break
        await asyncio.to_thread(lambda: None)
    gate.opened.set()
    await deleting
    await nothing_is_left(server, tmp_path, name)
    no_bytes_are_left(server)


async def test_a_request_id_is_free_again_when_its_job_is_gone(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    first = await server.create("once", reference=reference)
    await delete(server, first.name)
    second = await server.create("once", reference=reference, text="something else")
    assert second.name != first.name
