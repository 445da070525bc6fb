"""The queue as callers know it: turns, positions, guesses, batches, retries, deadlines."""

import asyncio
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from gateway_world import Running, Start, failure, gateways, generate_requests, png, rows
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.core.errors import InvalidInput, PermissionDenied, Reason
from s2v.rpc.errors import from_status
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.jobs.durable import DurableJobs
from s2v_gateway.jobs.running import Studio

LOW, NORMAL, HIGH = (
    job_pb2.PRIORITY_LOW,
    job_pb2.PRIORITY_NORMAL,
    job_pb2.PRIORITY_HIGH,
)
SHORT = Duration(seconds=5)  # long enough to come to the render on a busy machine


async def get(server: Running, name: str) -> job_pb2.Job:
    return (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=name))).job


async def cancel(server: Running, name: str) -> job_pb2.Job:
    return (await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name))).job


def started(*jobs: job_pb2.Job) -> list[str]:
    """Return the names of jobs in the order in which they started."""
    return [job.name for job in sorted(jobs, key=lambda job: job.start_time.ToNanoseconds())]


async def test_jobs_start_by_priority_and_say_where_they_wait(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), max_running_jobs=1)
    reference = await server.upload(png())
    first = await server.create(reference=reference)
    await server.stages.called("render-0")
    low = await server.create(reference=reference, priority=LOW)
    assert (low.spec.priority, low.waiting.position) == (LOW, 1)
    assert low.waiting.estimated_start_time.ToNanoseconds() > low.create_time.ToNanoseconds()
    watching = server.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=low.name))
    assert (await watching.read()).snapshot.waiting.position == 1
    normal = await server.create(reference=reference)
    high = await server.create(reference=reference, priority=HIGH)
    assert (normal.spec.priority, high.spec.priority) == (NORMAL, HIGH)
    while (await watching.read()).waiting.position != 3:
        pass
    waits = [(await get(server, job.name)).waiting.position for job in (high, normal, low)]
    assert waits == [1, 2, 3]
    assert not (await get(server, first.name)).HasField("waiting")
    hold.set()
    ended = [await server.finished(job.name) for job in (low, normal, high)]
    assert started(*ended) == [high.name, normal.name, low.name]
    assert not any(job.HasField("waiting") for job in ended)


async def test_generate_says_where_its_job_waits(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), max_running_jobs=1)
    await server.create()
    await server.stages.called("render-0")
    call = server.generation.Generate(iter(generate_requests(png())))
    assert (await call.read()).accepted.waiting.position == 1
    while not (response := await call.read()).HasField("waiting"):
        pass
    assert response.waiting.position == 1
    hold.set()
    while not (response := await call.read()).HasField("finished"):
        pass
    assert response.finished.state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_tenant_has_its_share_of_places_and_no_more(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(
        FakeStages(hold={"render-0": hold}),
        access="closed",
        max_running_jobs=2,
        max_running_jobs_per_tenant=1,
    )
    red, blue = server.acting("red/ann"), server.acting("blue/bea")
    reds = [await red.create() for _ in range(2)]
    await server.stages.called("render-0")
    other = await blue.create()
    while (await get(blue, other.name)).state != job_pb2.JOB_STATE_RUNNING:
        pass
    assert (await get(red, reds[1].name)).waiting.position == 1
    hold.set()
    for job in reds:
        assert (await red.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_only_admins_have_others_wait_where_callers_are_told_apart(start: Start) -> None:
    server = await start(access="closed")
    error = await failure(server.acting("red/ann").create(priority=HIGH))
    assert isinstance(error, PermissionDenied)
    assert (error.reason, error.field) == (Reason.ROLE_MISSING, "spec.priority")
    unknown = await failure(server.acting("red/ann").create(priority=9))
    assert (unknown.reason, unknown.field) == (Reason.FIELD_INVALID, "spec.priority")


async def test_estimates_get_better_with_every_film_and_last(tmp_path: Path) -> None:
    async def estimate(server: Running) -> job_service_pb2.EstimateJobResponse:
        spec = job_pb2.JobSpec(
            script=job_pb2.Script(text="Fifteen letters"), reference=await server.upload(png())
        )
        return await server.jobs.EstimateJob(job_service_pb2.EstimateJobRequest(spec=spec))

    async with gateways(tmp_path) as start:
        server = await start()
        guess = await estimate(server)
        assert guess.film_duration.ToMilliseconds() == 1000
        assert (guess.work_duration.ToMilliseconds(), guess.measured_films) == (2000, 0)
        assert guess.wait_duration.ToMilliseconds() == 0
        await server.finished((await server.create(text="a")).name)
        while (await estimate(server)).measured_films == 0:
            pass
    async with gateways(tmp_path) as start:
        hold = asyncio.Event()
        server = await start(FakeStages(hold={"cut": hold}), max_running_jobs=1)
        await server.create()
        await server.stages.called("cut")
        guess = await estimate(server)
        assert guess.measured_films == 1
        assert guess.wait_duration.ToMilliseconds() > 0
        error = await failure(
            server.jobs.EstimateJob(job_service_pb2.EstimateJobRequest(spec=job_pb2.JobSpec()))
        )
        assert (error.reason, error.field) == (Reason.FIELD_INVALID, "spec.reference")


async def test_a_batch_is_accepted_as_far_as_it_can_be_and_once(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    good, bad, missing = (
        job_service_pb2.CreateJobRequest(
            request_id=request_id,
            spec=job_pb2.JobSpec(script=job_pb2.Script(text=text), reference=asset),
        )
        for request_id, text, asset in (
            ("1", "a", reference),
            ("2", "", reference),
            ("3", "a", "assets/0"),
        )
    )
    batch = job_service_pb2.BatchCreateJobsRequest(requests=[bad, good, missing, good])
    results = (await server.jobs.BatchCreateJobs(batch)).results
    errors = [from_status(results[index].error) for index in (0, 2)]
    assert [(error.reason, error.field) for error in errors] == [
        (Reason.TEXT_EMPTY, "spec.script.text"),
        (Reason.ASSET_NOT_FOUND, "spec.reference"),
    ]
    assert results[1].job.name == results[3].job.name
    again = (await server.jobs.BatchCreateJobs(batch)).results
    assert again[1].job.name == results[1].job.name
    assert (await server.finished(results[1].job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert len(listed.jobs) == 1


async def test_a_batch_of_nothing_or_of_too_much_is_refused(start: Start) -> None:
    server = await start()
    for number in (0, 101):
        requests = [job_service_pb2.CreateJobRequest()] * number
        batch = job_service_pb2.BatchCreateJobsRequest(requests=requests)
        error = await failure(server.jobs.BatchCreateJobs(batch))
        assert (error.reason, error.field) == (Reason.FIELD_INVALID, "requests")


async def test_what_was_cancelled_or_failed_is_made_again(start: Start) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    hold = asyncio.Event()
    server = await start(FakeStages(fail={"render-1": error}, hold={"cut": hold}))
    job = await server.create(text="a bb", frame_rate=30, display_name="greeting")
    await server.stages.called("cut")
    retry = job_service_pb2.RetryJobRequest(name=job.name, request_id="again")
    refused = await failure(server.jobs.RetryJob(retry))
    assert (refused.reason, refused.field) == (Reason.JOB_NOT_RETRIABLE, "name")
    hold.set()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_FAILED
    server.stages._fail.clear()
    second = (await server.jobs.RetryJob(retry)).job
    assert second.name != job.name
    assert (second.retry_of, second.spec) == (job.name, job.spec)
    assert (await server.jobs.RetryJob(retry)).job.name == second.name
    reused = await failure(server.create("again", text="a bb"))
    assert reused.reason is Reason.REQUEST_ID_REUSED
    assert (await server.finished(second.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    done = await failure(server.jobs.RetryJob(job_service_pb2.RetryJobRequest(name=second.name)))
    assert done.reason is Reason.JOB_NOT_RETRIABLE


async def test_a_job_that_takes_too_long_makes_room(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), max_running_jobs=1)
    slow = await server.create(timeout=SHORT)
    usual = await server.create()
    assert usual.spec.timeout == Duration(seconds=1800)
    ended = await server.finished(slow.name)
    error = from_status(ended.error)
    assert ended.state == job_pb2.JOB_STATE_FAILED
    assert error.reason is Reason.JOB_DEADLINE_EXCEEDED
    assert error.metadata == {"stage": "render", "timeout_seconds": "5"}
    assert "render-0" in server.stages.cancelled
    hold.set()
    assert (await server.finished(usual.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    endless = await server.create(timeout=Duration())
    assert endless.spec.timeout == Duration()
    negative = await failure(server.create(timeout=Duration(seconds=-1)))
    assert (negative.reason, negative.field) == (Reason.FIELD_INVALID, "spec.timeout")


async def test_after_a_restart_who_was_at_work_goes_on_and_the_others_wait_as_they_came(
    tmp_path: Path,
) -> None:
    async with gateways(tmp_path) as start:
        server = await start(FakeStages(hold={"cut": asyncio.Event()}), max_running_jobs=1)
        reference = await server.upload(png())
        first = await server.create(reference=reference, priority=LOW)
        await server.stages.called("cut")
        others = [await server.create(reference=reference) for _ in range(3)]
    async with gateways(tmp_path) as start:
        hold = asyncio.Event()
        server = await start(FakeStages(hold={"cut": hold}), max_running_jobs=1)
        await server.stages.called("cut")
        waits = [(await get(server, job.name)).waiting.position for job in others]
        assert waits == [1, 2, 3]
        assert (await get(server, first.name)).state == job_pb2.JOB_STATE_RUNNING
        assert (await cancel(server, others[0].name)).state == job_pb2.JOB_STATE_CANCELLED
        assert (await get(server, others[1].name)).waiting.position == 1
        hold.set()
        ended = [await server.finished(job.name) for job in (first, *others[1:])]
        assert started(*ended) == [job.name for job in ended]


@pytest.mark.parametrize("begins", ["later", "and ends first", "and looks last"])
async def test_a_job_whose_work_has_not_begun_is_cancelled_at_once(
    start: Start, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    """The work of `late` begins when it is cancelled already, or in the moment of its end."""
    hold, waits, may_begin = asyncio.Event(), asyncio.Event(), asyncio.Event()
    looks, ends_first, ended = (asyncio.Event() for _ in range(3))
    work, look, end = Studio._accepted_work, Studio._was_told_to_stop, Studio._end_cancelled
    server = await start(FakeStages(hold={"cut": hold}), max_running_jobs=1)
    reference = await server.upload(png())
    first = await server.create(reference=reference)
    await server.stages.called("cut")

    async def begin(studio: Studio, job_id: str) -> None:
        waits.set()
        await may_begin.wait()
        await work(studio, job_id)
        ended.set()

    async def told_to_stop(studio: Studio, job_id: str) -> bool:
        looks.set()
        if begins == "and looks last":
            await ends_first.wait()
        return await look(studio, job_id)

    async def end_cancelled(studio: Studio, job_id: str) -> None:
        if begins != "later" and not may_begin.is_set():
            may_begin.set()
            await (ended if begins == "and ends first" else looks).wait()
        await end(studio, job_id)
        ends_first.set()

    monkeypatch.setattr(Studio, "_accepted_work", begin)
    monkeypatch.setattr(Studio, "_was_told_to_stop", told_to_stop)
    monkeypatch.setattr(Studio, "_end_cancelled", end_cancelled)
    late = await server.create(reference=reference)
    await waits.wait()
    monkeypatch.setattr(Studio, "_accepted_work", work)
    last = await server.create(reference=reference)

    cancelled = await cancel(server, late.name)

    assert cancelled.state == job_pb2.JOB_STATE_CANCELLED
    assert from_status(cancelled.error).reason is Reason.JOB_CANCELLED
    assert (await get(server, last.name)).waiting.position == 1
    assert rows(server, "job_artifacts", "job_id", late.name.partition("/")[2]) == 0
    may_begin.set()
    await ended.wait()
    assert (await get(server, late.name)).state == job_pb2.JOB_STATE_CANCELLED
    hold.set()
    for job in (first, last):
        assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert server.stages.calls.count("cut") == 2


@pytest.mark.parametrize("last", ["_release", "_end_cancelled"])
async def test_who_cancels_a_job_that_was_never_started_and_goes_away_leaves_nothing_held(
    start: Start, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    server = await start()

    def broken(*_: object) -> None:
        raise KeyError("something that nobody thought of")

    monkeypatch.setattr(DurableJobs, "start", broken)
    job = await server.create()
    monkeypatch.undo()
    held = ("job_artifacts", "job_id", job.name.partition("/")[2])
    assert rows(server, *held) == 1
    step, went_that_far = getattr(Studio, last), asyncio.Event()

    async def and_no_further(studio: Studio, job_id: str) -> None:
        await step(studio, job_id)
        went_that_far.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Studio, last, and_no_further)
    call = asyncio.create_task(cancel(server, job.name))
    await went_that_far.wait()
    call.cancel()
    monkeypatch.undo()
    await server.gateway.studio.look()
    await server.gateway.studio.look()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_CANCELLED
    assert rows(server, *held) == 0
