"""Everything ends: by age, by bytes, and not while somebody needs it."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from gateway_world import Running, Start, failure, gateways, generate_requests, png, rest, rows, wav
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_stages import FakeStages, artifact_of
from s2v_gateway.records.tables import assets, jobs

DAY = timedelta(days=1)


async def sweep(server: Running) -> None:
    await server.gateway.retention.sweep()


async def asset(server: Running, name: str) -> asset_service_pb2.Asset:
    request = asset_service_pb2.GetAssetRequest(name=name)
    return (await server.assets.GetAsset(request)).asset


async def assets_left(server: Running) -> set[str]:
    listed = await server.assets.ListAssets(asset_service_pb2.ListAssetsRequest())
    return {one.name for one in listed.assets}


async def jobs_left(server: Running) -> set[str]:
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    return {one.name for one in listed.jobs}


def age_asset(server: Running, name: str, age: timedelta) -> None:
    """Make it so long that an asset was made and last used."""
    then = datetime.now(UTC) - age
    change = assets.update().where(assets.c.id == name.removeprefix("assets/"))
    with server.gateway.database.begin() as connection:
        connection.execute(change.values(create_time=then, use_time=then))


def age_job(server: Running, name: str, age: timedelta) -> None:
    """Make it so long that a job began, and ended if it has."""
    then = datetime.now(UTC) - age
    job = jobs.c.job_id == name.removeprefix("jobs/")
    ended = sa.case((jobs.c.end_time.is_(None), None), else_=then)
    with server.gateway.database.begin() as connection:
        connection.execute(jobs.update().where(job).values(create_time=then, end_time=ended))
        film = assets.c.job_id == name.removeprefix("jobs/")
        connection.execute(assets.update().where(film).values(create_time=then, use_time=then))


async def film(server: Running, **spec: object) -> job_pb2.Job:
    """Make a film and let it be measured."""
    name = (await server.create(**spec)).name
    request = job_service_pb2.WatchJobRequest(name=name, with_stats=True)
    events = await rest(server.jobs.WatchJob(request))
    return events[-2].finished  # type: ignore[attr-defined]


async def test_old_jobs_go_with_their_films_and_others_stay(start: Start) -> None:
    server = await start(keep_jobs_days=10)
    old, young = await film(server), await film(server)
    failed = await server.create(text="x", display_name="waits")
    await server.finished(failed.name)
    age_job(server, old.name, 10 * DAY + timedelta(minutes=1))
    age_job(server, young.name, 10 * DAY - timedelta(minutes=1))
    await sweep(server)
    assert await jobs_left(server) == {young.name, failed.name}
    left = await assets_left(server)
    assert young.film.asset in left
    assert old.film.asset not in left
    assert old.spec.reference in left


async def test_jobs_of_every_end_go_when_they_are_old(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}), keep_jobs_days=1)
    cancelled = await server.create()
    running = await server.create()
    await server.stages.called("render-1")
    await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=cancelled.name))
    await server.finished(cancelled.name)
    for job in (cancelled, running):
        age_job(server, job.name, 100 * DAY)
    await sweep(server)
    assert await jobs_left(server) == {running.name}
    hold.set()
    assert (await server.finished(running.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_for_ever_is_for_ever(start: Start) -> None:
    server = await start(keep_jobs_days=0, keep_uploads_days=0)
    made = await film(server)
    uploaded = made.spec.reference
    age_job(server, made.name, 10_000 * DAY)
    age_asset(server, uploaded, 10_000 * DAY)
    await sweep(server)
    assert await jobs_left(server) == {made.name}
    assert await assets_left(server) == {uploaded, made.film.asset}
    assert not (await server.finished(made.name)).HasField("expire_time")
    for name in (uploaded, made.film.asset):
        assert not (await asset(server, name)).HasField("expire_time")


async def test_the_end_that_is_told_is_the_end(start: Start) -> None:
    server = await start(keep_jobs_days=2, keep_uploads_days=3)
    job = await film(server)
    told = job.expire_time.ToDatetime(UTC)
    assert told == job.end_time.ToDatetime(UTC) + 2 * DAY
    of_film = await asset(server, job.film.asset)
    assert of_film.expire_time == job.expire_time
    uploaded = await asset(server, await server.upload(png("red")))
    made = uploaded.create_time.ToDatetime(UTC)
    assert uploaded.expire_time.ToDatetime(UTC) == made + 3 * DAY
    for age, left in ((3 * DAY - timedelta(minutes=1), True), (3 * DAY, False)):
        age_asset(server, uploaded.name, age)
        await sweep(server)
        assert (uploaded.name in await assets_left(server)) is left


async def test_an_unfinished_job_tells_no_end(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}), keep_jobs_days=1)
    job = await server.create()
    await server.stages.called("render-0")
    got = await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=job.name))
    assert not got.job.HasField("expire_time")


async def test_a_job_puts_the_end_of_what_it_uses_off(start: Start) -> None:
    server = await start(keep_uploads_days=3)
    used, unused = [await server.upload(png(colour)) for colour in ("red", "blue")]
    sound = await server.upload(wav(), "audio/wav")
    for name in (used, unused, sound):
        age_asset(server, name, 2 * DAY)
    before, other = [(await asset(server, name)).expire_time for name in (used, unused)]
    await film(server, reference=used, script=job_pb2.Script(audio=sound))
    put_off = (await asset(server, used)).expire_time.ToDatetime(UTC)
    assert put_off >= before.ToDatetime(UTC) + 2 * DAY
    assert (await asset(server, unused)).expire_time == other


async def test_a_film_ends_with_its_job_however_it_is_used(start: Start, tmp_path: Path) -> None:
    server = await start(keep_jobs_days=3)
    first = await film(server)
    age_job(server, first.name, 2 * DAY)
    before = (await asset(server, first.film.asset)).expire_time
    again = await film(server, engine="directed", pose=first.film.asset)
    assert again.spec.pose == first.film.asset
    assert (await asset(server, first.film.asset)).expire_time == before


async def test_what_an_unfinished_job_needs_is_never_dropped(start: Start, tmp_path: Path) -> None:
    hold = asyncio.Event()
    server = await start(
        FakeStages(hold={"render-1": hold}),
        keep_uploads_days=1,
        keep_jobs_days=1,
        max_uploaded_bytes=1,
        max_film_bytes=1,
    )
    with ClipEncoder(tmp_path / "pose.mp4", width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((5, 64, 64, 3), np.uint8))
    sound = await server.upload(wav(), "audio/wav")
    pose = await server.upload((tmp_path / "pose.mp4").read_bytes(), "video/mp4")
    script = job_pb2.Script(audio=sound, transcript="a bb")
    job = await server.create(engine="directed", pose=pose, script=script)
    await server.stages.called("render-1")
    await server.stages.called("join-0")  # what the first segment left behind is recorded
    inputs = {job.spec.reference, sound, pose}
    digests = [(await asset(server, name)).sha256 for name in inputs]
    for name in inputs:
        age_asset(server, name, 9 * DAY)
    made = [artifact_of(text, "").sha256 for text in ("a", "clip-0", "state-0")]
    await server.gateway.retention.sweep(orphan_seconds=-1.0)
    assert await assets_left(server) == inputs
    assert all(server.gateway.store.stat(sha256) for sha256 in [*digests, *made])
    hold.set()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    await sweep(server)
    assert not await assets_left(server)


async def test_the_oldest_films_go_when_they_take_too_much_room(start: Start) -> None:
    server = await start(max_film_bytes=2 * len(b"film"))
    made = [await film(server) for _ in range(4)]
    for days, job in enumerate(reversed(made)):
        age_job(server, job.name, days * DAY)
    await sweep(server)
    assert await jobs_left(server) == {job.name for job in made[2:]}
    await sweep(server)
    assert await jobs_left(server) == {job.name for job in made[2:]}
    assert {job.spec.reference for job in made} <= await assets_left(server)


async def test_the_longest_unused_uploads_go_when_they_take_too_much_room(start: Start) -> None:
    pictures = [png(colour) for colour in ("red", "green", "blue", "teal")]
    sizes = list(map(len, pictures))
    server = await start(max_uploaded_bytes=sum(sizes[2:]))
    names = [await server.upload(picture) for picture in pictures]
    for days, name in enumerate(reversed(names)):
        age_asset(server, name, days * DAY)
    await sweep(server)
    assert await assets_left(server) == set(names[2:])
    for picture, left in zip(pictures, (False, False, True, True), strict=True):
        sha256 = hashlib.sha256(picture).hexdigest()
        assert (server.gateway.store.stat(sha256) is not None) is left


async def test_uploads_that_were_dropped_can_be_made_again(start: Start) -> None:
    server = await start(keep_uploads_days=1)
    name = await server.upload(png())
    age_asset(server, name, 2 * DAY)
    await sweep(server)
    create = asset_service_pb2.CreateUploadRequest(
        media_type="image/png", total_bytes=len(png()), sha256=hashlib.sha256(png()).hexdigest()
    )
    assert (await server.assets.CreateUpload(create)).WhichOneof("outcome") == "upload"
    error = await failure(server.create(reference=name))
    assert error.reason is Reason.ASSET_NOT_FOUND
    assert (await server.finished((await server.create()).name)).film.asset


@pytest.mark.parametrize(("age", "left"), [(timedelta(minutes=9), True), (DAY, False)])
async def test_live_media_stays_for_its_time_after_the_end(
    start: Start, tmp_path: Path, age: timedelta, left: bool
) -> None:
    server = await start(live_media_seconds=600)
    call = server.generation.Generate(iter(generate_requests(png())))
    name = (await rest(call))[-1].finished.name
    age_job(server, name, age)
    await sweep(server)
    assert bool(list((tmp_path / "gateway" / "media").iterdir())) is left


async def test_live_media_of_unfinished_jobs_stays_however_long_the_gateway_was_away(
    tmp_path: Path,
) -> None:
    async with gateways(tmp_path) as start:
        server = await start(FakeStages(hold={"join-1": asyncio.Event()}))
        request = generate_requests(png(), keep_running=True)
        call = server.generation.Generate(iter(request))
        name = (await call.read()).accepted.name
        while not (await call.read()).HasField("media"):
            pass
        server.gateway.studio.close()
    (media,) = (tmp_path / "gateway" / "media").iterdir()
    os.utime(media, (0, 0))
    async with gateways(tmp_path) as start:
        server = await start(
            FakeStages(hold={"compose": asyncio.Event()}), live_media_seconds=0, keep_jobs_days=1
        )
        age_job(server, name, 9 * DAY)
        await sweep(server)
        assert media.read_bytes() == b"x"


async def test_the_sweeper_asks_for_some_digests_at_a_time(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    retention = server.gateway.retention
    for number in range(1200):
        server.gateway.store.put([b"%d" % number], "text/plain")
    asked: list[int] = []
    needed = retention.library.needed

    def counted(digests: set[str]) -> set[str]:
        asked.append(len(digests))
        return needed(digests)

    monkeypatch.setattr(retention.library, "needed", counted)
    await retention.sweep(orphan_seconds=-1.0)
    assert sum(asked) == 1200
    assert max(asked) <= 500


async def test_a_deletion_that_failed_is_ended_by_the_sweeper(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    job = await film(server)
    durable = type(server.gateway.studio._opened)

    async def away(*_: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(durable, "forget", away)
    request = job_service_pb2.DeleteJobRequest(name=job.name)
    assert (await failure(server.jobs.DeleteJob(request))).reason is Reason.INTERNAL
    monkeypatch.undo()
    assert not await jobs_left(server)
    await sweep(server)
    while rows(server, "jobs", "job_id", job.name.removeprefix("jobs/")):
        await asyncio.to_thread(lambda: None)
    await server.finished((await server.create()).name)
