"""Jobs over the gateway's public services."""

import asyncio
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy

from gateway_world import Start, failure, generate_requests, png, rest
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2, system_service_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Job
from s2v.core.sampling import Sampling, Solver
from s2v.media.video import ClipEncoder
from s2v.rpc.convert import sampling_from_proto, sampling_to_proto
from s2v.rpc.errors import from_status
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.records.jobs import JobRecords


async def test_a_job_becomes_a_film(start: Start) -> None:
    server = await start()
    job = await server.create()
    assert job.spec.voice == "voices/heart"
    assert job.spec.language == "en-US"
    assert job.spec.preset == "standard"
    assert job.spec.frame_rate == 25
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert ended.film.frames == 6
    assert ended.progress.fraction == 1.0
    assert ended.film.asset.startswith("assets/")
    assert [t.stage for t in ended.stage_times] == [1, 2, 3]


async def test_what_a_directed_engine_is_told_lasts_and_reaches_the_stages(
    start: Start, tmp_path: Path
) -> None:
    server = await start()
    with ClipEncoder(tmp_path / "dance.mp4", width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((5, 64, 64, 3), np.uint8))
    pose = await server.upload((tmp_path / "dance.mp4").read_bytes())
    sampling = Sampling(steps=4, guidance=1.0, shift=3.0, solver=Solver.UNIPC)
    told = {"engine": "directed", "prompt": "a person", "negative_prompt": "blur", "pose": pose}

    job = await server.create(
        "once", sampling=sampling_to_proto(sampling), width_pixels=128, **told
    )
    await server.finished(job.name)

    kept = (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=job.name))).job.spec
    for spec in (job.spec, kept):
        assert (spec.prompt, spec.negative_prompt, spec.pose) == ("a person", "blur", pose)
        assert sampling_from_proto(spec.sampling) == sampling
    (order,) = server.stages.orders
    assert order.spec.sampling == sampling
    assert order.pose is not None
    assert order.pose.media_type == "video/mp4"


async def test_directions_for_an_engine_that_takes_none_are_refused(start: Start) -> None:
    server = await start()

    error = await failure(server.create(prompt="a person"))
    unknown = await failure(server.create(sampling={"solver": 9}))
    withheld = await failure(server.create(engine="large"))

    assert (error.reason, error.field) == (Reason.FIELD_INVALID, "spec.prompt")
    assert "engine portrait takes no prompt" in error.message
    assert (unknown.reason, unknown.field) == (Reason.FIELD_INVALID, "spec.sampling.solver")
    assert withheld.reason is Reason.ENGINE_UNKNOWN
    assert "engine large needs a setting" in withheld.message


async def test_the_stats_of_a_film_follow_its_job(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"measure": hold}), max_running_jobs=1)
    first = await server.create()
    ended = await server.finished(first.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert ended.stats.state == job_pb2.STATS_STATE_PENDING
    await server.stages.called("measure")
    # Measuring holds nobody's place.
    second = await server.finished((await server.create()).name)
    assert second.state == job_pb2.JOB_STATE_SUCCEEDED
    hold.set()
    watch = job_service_pb2.WatchJobRequest(name=first.name, with_stats=True)
    *_, finished, last = [event async for event in server.jobs.WatchJob(watch)]
    assert finished.WhichOneof("event") == "finished"
    assert last.stats.state == job_pb2.STATS_STATE_DONE
    job = (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=first.name))).job
    assert job.stats == last.stats
    assert job.stats.lip_sync.opening_correlation == pytest.approx(0.9)
    assert not job.stats.lip_sync.HasField("identity_distance")
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert listed.jobs[-1].stats == job.stats


async def test_measuring_can_be_turned_off(start: Start) -> None:
    server = await start(measure_films=False)
    ended = await server.finished((await server.create()).name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert ended.stats.state == job_pb2.STATS_STATE_NOT_MEASURED
    assert "measure" not in server.stages.calls


async def test_a_film_that_cannot_be_measured_is_a_film(start: Start) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    server = await start(FakeStages(fail={"measure": error}))
    ended = await server.finished((await server.create()).name)
    watch = job_service_pb2.WatchJobRequest(name=ended.name, with_stats=True)
    *_, last = [event async for event in server.jobs.WatchJob(watch)]
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert last.stats.state == job_pb2.STATS_STATE_NOT_MEASURED
    assert last.stats.reason == "no face"


async def test_everything_works_over_postgresql_too(start: Start, postgres_url: str) -> None:
    server = await start(database_url=postgres_url)
    job = await server.create("once")
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert (await server.create("once", reference=job.spec.reference)).name == job.name
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert [one.name for one in listed.jobs] == [job.name]


async def test_watching_begins_with_a_snapshot_and_ends_with_the_end(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    job = await server.create()
    await server.stages.called("render-1")
    call = server.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=job.name))
    events = [await call.read()]
    hold.set()
    events += await rest(call)
    assert events[0].WhichOneof("event") == "snapshot"
    assert events[-1].WhichOneof("event") == "finished"
    fractions = [e.progress.fraction for e in events if e.HasField("progress")]
    assert fractions == sorted(fractions)
    assert [e.state for e in events if e.WhichOneof("event") == "state"] == [1, 2, 4]


async def test_a_resume_token_leaves_out_what_was_seen(start: Start) -> None:
    server = await start()
    job = await server.create()
    everything = await server.watch(job.name)
    states = [e for e in everything if e.WhichOneof("event") == "state"]
    again = await server.watch(job.name, states[1].resume_token)
    assert [e.state for e in again if e.WhichOneof("event") == "state"] == [4]
    for token in ("99", "nonsense", "9" * 30, "٣"):
        error = await failure(server.watch(job.name, token))
        assert error.reason is Reason.RESUME_TOKEN_INVALID


async def test_repeating_a_request_id_gives_the_same_job(start: Start) -> None:
    server = await start()
    request_id = str(uuid.uuid4())
    reference = await server.upload(png())
    first = await server.create(request_id, reference=reference)
    again = await server.create(request_id, reference=reference)
    assert again.name == first.name
    error = await failure(server.create(request_id, reference=reference, text="something else"))
    assert error.reason is Reason.REQUEST_ID_REUSED
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert len(listed.jobs) == 1


async def test_calls_with_one_request_id_at_the_same_moment_make_one_job(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    jobs = await asyncio.gather(*(server.create("same", reference=reference) for _ in range(8)))
    assert len({job.name for job in jobs}) == 1


REFUSED_SPECS: list[tuple[dict[str, object], Reason, str]] = [
    ({"text": " \n "}, Reason.TEXT_EMPTY, "spec.script.text"),
    ({"text": "x" * 20_001}, Reason.TEXT_TOO_LONG, "spec.script.text"),
    ({"voice": "nobody"}, Reason.VOICE_UNKNOWN, "spec.voice"),
    ({"voice": "x" * 10_000}, Reason.VOICE_UNKNOWN, "spec.voice"),
    ({"request_id": "x" * 5_000}, Reason.FIELD_INVALID, "request_id"),
    ({"engine": "steam"}, Reason.ENGINE_UNKNOWN, "spec.engine"),
    ({"preset": "best"}, Reason.PRESET_UNKNOWN, "spec.preset"),
    ({"frame_rate": 24}, Reason.FRAME_RATE_UNSUPPORTED, "spec.frame_rate"),
    ({"frame_rate": -1}, Reason.FRAME_RATE_UNSUPPORTED, "spec.frame_rate"),
    ({"width_pixels": 101}, Reason.SIZE_UNSUPPORTED, "spec.width_pixels"),
    ({"height_pixels": 4000}, Reason.SIZE_UNSUPPORTED, "spec.height_pixels"),
    ({"reference": "assets/none"}, Reason.ASSET_NOT_FOUND, "spec.reference"),
    ({"display_name": "x" * 201}, Reason.FIELD_INVALID, "spec.display_name"),
]


async def test_a_spec_that_cannot_work_is_refused_and_leaves_no_job(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    for spec, reason, field_ in REFUSED_SPECS:
        error = await failure(server.create(**{"reference": reference, **spec}))
        assert (error.reason, error.field) == (reason, field_)
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert not listed.jobs


async def test_the_failure_of_a_job_is_told_in_the_job(start: Start) -> None:
    fault = InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")
    server = await start(FakeStages(fail={"render-0": fault}))
    job = await server.create()
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_FAILED
    error = from_status(ended.error)
    assert (error.reason, error.field) == (Reason.FACE_NOT_FOUND, "spec.reference")


async def test_cancelling_reaches_the_stage_and_is_told(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    job = await server.create(text="a")
    await server.stages.called("render-0")
    request = job_service_pb2.CancelJobRequest(name=job.name)
    await server.jobs.CancelJob(request)
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_CANCELLED
    assert from_status(ended.error).reason is Reason.JOB_CANCELLED
    assert "render-0" in server.stages.cancelled
    again = (await server.jobs.CancelJob(request)).job
    assert again.state == job_pb2.JOB_STATE_CANCELLED


async def test_a_job_that_waits_is_cancelled_at_once(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"cut": hold}), max_running_jobs=1)
    first = await server.create()
    await server.stages.called("cut")
    second = await server.create()
    job = (await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=second.name))).job
    assert job.state == job_pb2.JOB_STATE_CANCELLED
    hold.set()
    assert (await server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert server.stages.calls.count("cut") == 1


async def test_a_full_queue_says_when_to_try_again(start: Start) -> None:
    server = await start(FakeStages(hold={"cut": asyncio.Event()}), max_queued_jobs=1)
    await server.create()
    error = await failure(server.create())
    assert error.reason is Reason.QUEUE_FULL
    assert error.retry_after_seconds is not None


async def test_jobs_are_listed_in_pages_the_newest_first(start: Start) -> None:
    server = await start()
    made = [(await server.create()).name for _ in range(5)]
    for name in made:
        await server.finished(name)
    listed: list[str] = []
    token = ""
    while True:
        page = await server.jobs.ListJobs(
            job_service_pb2.ListJobsRequest(
                page_size=2, page_token=token, states=[job_pb2.JOB_STATE_SUCCEEDED]
            )
        )
        listed += [job.name for job in page.jobs]
        token = page.next_page_token
        if not token:
            break
    assert listed == made[::-1]
    none = job_service_pb2.ListJobsRequest(states=[job_pb2.JOB_STATE_FAILED])
    assert not (await server.jobs.ListJobs(none)).jobs
    for bad in (
        {"page_size": 201},
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "9" * 30},
        {"states": [99]},
    ):
        request = job_service_pb2.ListJobsRequest(**bad)  # type: ignore[arg-type]
        assert (await failure(server.jobs.ListJobs(request))).reason is Reason.FIELD_INVALID


async def test_a_job_that_cannot_be_read_does_not_hide_the_others(start: Start) -> None:
    server = await start()
    first, odd, last = [(await server.create()).name for _ in range(3)]
    for name in (first, odd, last):
        await server.finished(name)
    with server.gateway.database.begin() as connection:
        spoil = sqlalchemy.text(
            'UPDATE jobs SET "order" = \'{"schema_version": 999}\' WHERE job_id = :job_id'
        )
        connection.execute(spoil, {"job_id": odd.removeprefix("jobs/")})
    page = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert [job.name for job in page.jobs] == [last, first]


async def test_the_server_tells_its_limits_and_engines(start: Start) -> None:
    server = await start()
    info = await server.system.GetServerInfo(system_service_pb2.GetServerInfoRequest())
    assert info.max_text_characters == 20_000
    assert info.max_transcript_characters == 100_000
    assert info.max_reference_seconds == 600
    engines = await server.system.ListEngines(system_service_pb2.ListEnginesRequest())
    assert [p.name for p in engines.engines[0].presets] == ["standard", "draft"]
    assert [(e.directed, e.side_step_pixels) for e in engines.engines] == [(False, 2), (True, 64)]


async def test_a_gateway_that_goes_down_tells_its_watchers_and_leaves_the_job_alone(
    start: Start,
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    call = server.generation.Generate(iter(generate_requests(png(), text=("a",))))
    name = (await call.read()).accepted.name
    await server.stages.called("render-0")
    server.gateway.studio.close()
    error = await failure(rest(call))
    assert error.reason is Reason.SERVICE_UNAVAILABLE
    job = (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=name))).job
    assert job.state == job_pb2.JOB_STATE_RUNNING


async def test_sweeping_keeps_assets_and_what_unfinished_jobs_have_made(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    store = server.gateway.store
    in_use, orphan = (store.put([text], "audio/wav") for text in (b"a", b"orphan"))
    job = await server.create()  # FakeStages names the speech of "a" by the digest of b"a"
    await server.stages.called("render-1")
    await server.stages.called("render-0")  # its speech is recorded
    await server.gateway.retention.sweep(orphan_seconds=-1.0)
    assert store.stat(orphan.sha256) is None
    assert store.stat(in_use.sha256) is not None
    asset = asset_service_pb2.GetAssetRequest(name=job.spec.reference)
    reference = (await server.assets.GetAsset(asset)).asset
    assert store.stat(reference.sha256) is not None
    hold.set()
    await server.finished(job.name)
    while store.stat(in_use.sha256) is not None:  # dropped once the film is measured
        await asyncio.to_thread(store.stat, orphan.sha256)


async def test_a_client_that_vanishes_within_create_job_leaves_a_job_that_runs(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    entered, released = threading.Event(), threading.Event()
    accept = JobRecords.accept

    def slow_accept(*args: object, **kwargs: object) -> Job:
        job = accept(*args, **kwargs)  # type: ignore[arg-type]
        entered.set()
        released.wait()
        return job

    monkeypatch.setattr(JobRecords, "accept", slow_accept)
    reference = await server.upload(png())
    creating = asyncio.create_task(server.create("mine", reference=reference))
    await asyncio.to_thread(entered.wait)
    creating.cancel()
    released.set()
    monkeypatch.undo()
    job = await server.create("mine", reference=reference)
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_database_that_is_away_when_a_job_ends_does_not_lose_its_end(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    succeed = JobRecords.succeed
    calls: list[int] = []

    def first_fails(*args: object, **kwargs: object) -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise sqlalchemy.exc.OperationalError("COMMIT", {}, ConnectionError("restarted"))
        return succeed(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(JobRecords, "succeed", first_fails)
    job = await server.create()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert len(calls) == 2
