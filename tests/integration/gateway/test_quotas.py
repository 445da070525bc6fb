"""Tenants have what they may have, and no more, however they ask for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway_world import Gate, Start, failure, generate_requests, png, rest, wav
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Exhausted, Reason, S2VError
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.access.quotas import Quotas
from s2v_gateway.records.database import close_database, open_database
from s2v_gateway.records.jobs import JobRecords
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.usage import Usage
from s2v_gateway.settings import Quota


def exceeded(error: S2VError) -> tuple[Reason, str]:
    assert isinstance(error, Exhausted)
    return error.reason, error.metadata["quota"]


async def test_a_tenant_has_so_many_jobs_at_once_and_others_have_theirs(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), access="closed", quota_jobs=2)
    ann, eve = server.acting("red/ann"), server.acting("blue/eve")
    picture = await ann.upload(png())
    first, _ = await ann.create("one", reference=picture), await ann.create(reference=picture)
    error = await failure(ann.create(reference=picture))
    assert exceeded(error) == (Reason.QUOTA_EXCEEDED, "jobs")
    assert error.retry_after_seconds
    streamed = ann.generation.Generate(iter(generate_requests(png("red"))))
    assert exceeded(await failure(rest(streamed))) == (Reason.QUOTA_EXCEEDED, "jobs")
    assert (await ann.create("one", reference=picture)).name == first.name
    await eve.create()
    await ann.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=first.name))
    await ann.finished(first.name)
    await ann.create(reference=picture)


async def test_many_at_the_same_moment_are_no_more(start: Start, database_url: str) -> None:
    hold = asyncio.Event()
    server = await start(
        FakeStages(hold={"render-0": hold}), quota_jobs=3, database_url=database_url
    )
    picture = await server.upload(png())
    made = await asyncio.gather(
        *(server.create(reference=picture) for _ in range(12)), return_exceptions=True
    )
    assert len([one for one in made if isinstance(one, job_pb2.Job)]) == 3


async def test_a_tenant_stores_so_much_uploads_on_their_way_included(start: Start) -> None:
    picture, sound = png(), wav()
    limit = 2 * len(picture) + 100
    server = await start(access="closed", tenant_quotas=f'{{"red": {{"stored_bytes": {limit}}}}}')
    ann, bob, eve = (server.acting(who) for who in ("red/ann", "red/bob", "blue/eve"))
    begin = asset_service_pb2.CreateUploadRequest(
        media_type="image/png", total_bytes=len(picture), request_id="one"
    )
    await ann.assets.CreateUpload(begin)
    await ann.assets.CreateUpload(begin)
    kept = await bob.upload(picture)
    error = await failure(bob.upload(png("red")))
    assert exceeded(error) == (Reason.QUOTA_EXCEEDED, "stored_bytes")
    assert error.retry_after_seconds is None
    streamed = bob.generation.Generate(iter(generate_requests(png("blue"))))
    assert exceeded(await failure(rest(streamed))) == (Reason.QUOTA_EXCEEDED, "stored_bytes")
    assert len(await _stored(bob.gateway.store._root)) == 1
    await eve.upload(sound, "audio/wav")
    await bob.assets.DeleteAsset(asset_service_pb2.DeleteAssetRequest(name=kept))
    await bob.upload(png("red"))


async def _stored(root: str) -> list[Path]:
    return await asyncio.to_thread(lambda: list(Path(root).glob("sha256/*/*")))


async def test_who_stores_all_that_they_may_begins_no_film(start: Start) -> None:
    server = await start(quota_stored_bytes=len(png()))
    picture = await server.upload(png())
    error = await failure(server.create(reference=picture))
    assert exceeded(error) == (Reason.QUOTA_EXCEEDED, "stored_bytes")


async def test_so_many_seconds_of_film_are_made_a_day(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, gate = asyncio.Event(), Gate()
    monkeypatch.setattr(JobRecords, "succeed", gate.around(JobRecords.succeed, before=True))
    server = await start(
        FakeStages(hold={"render-0": hold}), max_running_jobs=1, quota_film_seconds_per_day=0.01
    )
    picture = await server.upload(png())
    first, second = [await server.create(reference=picture) for _ in range(2)]
    hold.set()
    await gate.reached.wait()
    waits = server.gateway.studio.queue.waiting(second.name.removeprefix("jobs/"))
    gate.opened.set()
    assert waits is not None
    assert (await server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    waited = await server.finished(second.name)
    assert waited.state == job_pb2.JOB_STATE_FAILED
    assert "seconds of film" in waited.error.message
    await server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=first.name))
    error = await failure(server.create(reference=picture))
    assert exceeded(error) == (Reason.QUOTA_EXCEEDED, "film_seconds_per_day")
    assert error.retry_after_seconds is not None
    assert 0 < error.retry_after_seconds <= 24 * 3600


def test_a_new_day_begins_at_midnight(database_url: str) -> None:
    engine = open_database(database_url)
    migrate(engine)
    now = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
    usage = Usage(Quotas(Quota(film_seconds_per_day=10)), lambda: now)
    with engine.begin() as connection:
        usage.add_film_seconds(connection, "red", 4.0)
        usage.check_film_seconds(connection, "red")
        usage.add_film_seconds(connection, "red", 6.5)
        usage.check_film_seconds(connection, "blue")
        with pytest.raises(Exhausted) as caught:
            usage.check_film_seconds(connection, "red")
        assert caught.value.retry_after_seconds == 60.0
        now += timedelta(minutes=1)
        usage.check_film_seconds(connection, "red")
        now += timedelta(days=40)
        usage.add_film_seconds(connection, "blue", 1.0)
        rows = connection.execute(sa.text("SELECT tenant, film_seconds FROM daily_usage")).all()
    assert [tuple(row) for row in rows] == [("blue", 1.0)]
    close_database(engine)
