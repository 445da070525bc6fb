"""Callers see what is theirs, and cannot tell that anything else is there."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import partial

import google_crc32c
import pytest

from gateway_world import (
    Gate,
    Running,
    Start,
    failure,
    generate_requests,
    png,
    rest,
    wav,
)
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.assets.library import Library

ANN, BOB, EVE = "red/ann", "red/bob", "blue/eve"
NO_JOB = "jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"
NO_ASSET = "assets/01ARZ3NDEKTSV4RRFFQ69G5FAV"
NO_UPLOAD = "uploads/01ARZ3NDEKTSV4RRFFQ69G5FAV"
ULID = re.compile(r"[a-z]+/[0-9A-HJKMNP-TV-Z]{26}")

Call = Callable[[Running, str], object]


def _write(server: Running, name: str) -> object:
    message = asset_service_pb2.WriteUploadRequest(name=name, data=b"x")
    return server.assets.WriteUpload(iter([message]))


JOB_CALLS: dict[str, Call] = {
    "GetJob": lambda s, name: s.jobs.GetJob(job_service_pb2.GetJobRequest(name=name)),
    "WatchJob": lambda s, name: s.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name)).read(),
    "WatchJob with everything": lambda s, name: s.jobs.WatchJob(
        job_service_pb2.WatchJobRequest(
            name=name, resume_token="1", with_media=True, media_offset=9, with_stats=True
        )
    ).read(),
    "CancelJob": lambda s, name: s.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name)),
    "DeleteJob": lambda s, name: s.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name)),
}
ASSET_CALLS: dict[str, Call] = {
    "GetAsset": lambda s, name: s.assets.GetAsset(asset_service_pb2.GetAssetRequest(name=name)),
    "ReadAsset": lambda s, name: s.assets.ReadAsset(
        asset_service_pb2.ReadAssetRequest(name=name)
    ).read(),
    "ReadAsset from afar": lambda s, name: s.assets.ReadAsset(
        asset_service_pb2.ReadAssetRequest(name=name, offset=10**9)
    ).read(),
    "DeleteAsset": lambda s, name: s.assets.DeleteAsset(
        asset_service_pb2.DeleteAssetRequest(name=name)
    ),
    "reference": lambda s, name: s.create(reference=name),
    "audio": lambda s, name: s.create(script=job_pb2.Script(audio=name)),
    "pose": lambda s, name: s.create(engine="directed", pose=name),
}
UPLOAD_CALLS: dict[str, Call] = {
    "GetUpload": lambda s, name: s.assets.GetUpload(asset_service_pb2.GetUploadRequest(name=name)),
    "WriteUpload": _write,
    "FinishUpload": lambda s, name: s.assets.FinishUpload(
        asset_service_pb2.FinishUploadRequest(name=name, sha256="0" * 64)
    ),
}


async def _told(call: Call, server: Running, name: str) -> tuple[object, ...]:
    error = await failure(call(server, name))
    return (
        type(error),
        error.reason,
        error.field,
        error.message.replace(name, "NAME"),
        error.metadata,
        error.retry_after_seconds,
    )


async def _begin_upload(server: Running, **fields: object) -> asset_service_pb2.Upload:
    request = asset_service_pb2.CreateUploadRequest(
        **({"media_type": "image/png", "total_bytes": 9} | fields)  # type: ignore[arg-type]
    )
    return (await server.assets.CreateUpload(request)).upload


async def test_what_others_have_is_not_found_as_what_never_was(start: Start) -> None:
    server = await start(
        FakeStages(hold={"render-0": asyncio.Event()}), access="closed", max_queued_jobs=9
    )
    ann, eve = server.acting(ANN), server.acting(EVE)
    job = (await ann.create()).name
    asset = await ann.upload(png("red"))
    upload = (await _begin_upload(ann)).name
    cases = [(JOB_CALLS, job, NO_JOB), (ASSET_CALLS, asset, NO_ASSET)]
    for calls, hers, nobodys in [*cases, (UPLOAD_CALLS, upload, NO_UPLOAD)]:
        for title, call in calls.items():
            told = await _told(call, eve, hers)
            assert told == await _told(call, eve, nobodys), title
            assert str(told[1]).endswith("NOT_FOUND"), title
    # Nothing came of all that.
    assert (await ann.jobs.GetJob(job_service_pb2.GetJobRequest(name=job))).job.state in (
        job_pb2.JOB_STATE_QUEUED,
        job_pb2.JOB_STATE_RUNNING,
    )
    kept = asset_service_pb2.GetUploadRequest(name=upload)
    assert (await ann.assets.GetUpload(kept)).upload.committed_bytes == 0
    await ann.assets.GetAsset(asset_service_pb2.GetAssetRequest(name=asset))
    assert not (await eve.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs


async def test_a_film_is_its_jobs_owners(start: Start) -> None:
    server = await start(access="closed")
    ann, eve = server.acting(ANN), server.acting(EVE)
    film = (await ann.finished((await ann.create()).name)).film.asset
    assert await _told(ASSET_CALLS["ReadAsset"], eve, film) == await _told(
        ASSET_CALLS["ReadAsset"], eve, NO_ASSET
    )
    read = asset_service_pb2.ReadAssetRequest(name=film)
    pieces = [piece.data async for piece in server.acting(BOB).assets.ReadAsset(read)]
    assert b"".join(pieces) == b"film"


async def test_lists_show_what_is_the_callers(start: Start) -> None:
    server = await start(access="closed")
    for who in (ANN, EVE):
        caller = server.acting(who)
        for _ in range(3):
            await caller.finished((await caller.create()).name)
    listed = {}
    for who in (ANN, BOB, EVE):
        caller = server.acting(who)
        jobs = await caller.jobs.ListJobs(job_service_pb2.ListJobsRequest())
        assets = await caller.assets.ListAssets(asset_service_pb2.ListAssetsRequest())
        listed[who] = {job.name for job in jobs.jobs}, {asset.name for asset in assets.assets}
        assert [len(names) for names in listed[who]] == [3, 6]
    assert listed[ANN] == listed[BOB]
    assert listed[ANN][0].isdisjoint(listed[EVE][0])
    assert listed[ANN][1].isdisjoint(listed[EVE][1])


async def test_a_page_token_of_others_shows_nothing_of_theirs(start: Start) -> None:
    server = await start(access="closed")
    ann, eve = server.acting(ANN), server.acting(EVE)
    hers = await eve.upload(png())
    for _ in range(3):
        await ann.upload(png())
    first = await ann.assets.ListAssets(asset_service_pb2.ListAssetsRequest(page_size=1))
    page = await eve.assets.ListAssets(
        asset_service_pb2.ListAssetsRequest(page_token=first.next_page_token)
    )
    assert {asset.name for asset in page.assets} <= {hers}


async def test_request_ids_are_each_callers_own(start: Start) -> None:
    server = await start(access="closed")
    callers = [server.acting(who) for who in (ANN, BOB, EVE)]
    texts = ("a", "b", "c")
    jobs = [await c.create("same", text=text) for c, text in zip(callers, texts, strict=True)]
    assert len({job.name for job in jobs}) == 3
    uploads = [
        await _begin_upload(c, request_id="same", total_bytes=size)
        for c, size in zip(callers, (7, 8, 9), strict=True)
    ]
    assert len({upload.name for upload in uploads}) == 3
    again = await _begin_upload(callers[1], request_id="same", total_bytes=8)
    assert again.name == uploads[1].name
    films = [
        c.generation.Generate(iter(generate_requests(png(), request_id="call"))) for c in callers
    ]
    accepted = [(await film.read()).accepted.name for film in films]
    assert len(set(accepted)) == 3
    for film in films:
        await rest(film)


async def test_equal_request_ids_at_the_same_moment_do_not_collide(start: Start) -> None:
    server = await start(access="closed")
    callers = [server.acting(f"{tenant}/{subject}") for tenant in "ab" for subject in "cd"]
    references = {c.who: await c.upload(png()) for c in callers}
    making = [c.create("same", reference=references[c.who]) for c in callers for _ in range(3)]
    jobs = await asyncio.gather(*making)
    assert len({job.name for job in jobs}) == len(callers)


async def test_what_one_of_a_tenant_makes_all_of_it_have(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}), access="closed")
    ann, bob = server.acting(ANN), server.acting(BOB)
    reference = await ann.upload(png())
    job = await bob.create(reference=reference)
    await server.stages.called("render-0")
    error = await failure(_delete(bob, reference))
    assert (error.reason, error.metadata["job"]) == (Reason.ASSET_IN_USE, job.name)
    await ann.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=job.name))
    assert (await ann.finished(job.name)).state == job_pb2.JOB_STATE_CANCELLED
    upload = await _begin_upload(ann, total_bytes=len(png()))
    data = png()
    chunk = asset_service_pb2.WriteUploadRequest(
        name=upload.name, data=data, crc32c=google_crc32c.value(data)
    )
    await bob.assets.WriteUpload(iter([chunk]))
    finish = asset_service_pb2.FinishUploadRequest(
        name=upload.name, sha256=hashlib.sha256(data).hexdigest()
    )
    asset = (await bob.assets.FinishUpload(finish)).asset
    assert (await ann.assets.FinishUpload(finish)).asset == asset
    await ann.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job.name))


async def test_what_one_of_a_tenant_has_checked_all_of_it_wait_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start(access="closed")
    ann, bob, eve = server.acting(ANN), server.acting(BOB), server.acting(EVE)
    data = png()
    digest = hashlib.sha256(data).hexdigest()
    upload = await _begin_upload(ann, total_bytes=len(data), sha256=digest)
    chunk = asset_service_pb2.WriteUploadRequest(name=upload.name, data=data)
    await ann.assets.WriteUpload(iter([chunk]))
    gate = Gate()
    monkeypatch.setattr(Library, "add", gate.around(Library.add, before=True))
    finish = asset_service_pb2.FinishUploadRequest(name=upload.name)
    finishing = asyncio.ensure_future(ann.assets.FinishUpload(finish))
    await gate.reached.wait()
    asked = asset_service_pb2.GetUploadRequest(name=upload.name)
    seen = (await bob.assets.GetUpload(asked)).upload.state
    assert seen == asset_service_pb2.UPLOAD_STATE_CHECKING
    assert await _told(UPLOAD_CALLS["GetUpload"], eve, upload.name) == await _told(
        UPLOAD_CALLS["GetUpload"], eve, NO_UPLOAD
    )
    joining = asyncio.ensure_future(bob.assets.FinishUpload(finish))
    await bob.assets.GetUpload(asked)  # comes after it over the same connection
    gate.opened.set()
    assert (await joining).asset == (await finishing).asset


def _delete(server: Running, name: str) -> Awaitable[object]:
    request = asset_service_pb2.DeleteAssetRequest(name=name)
    return server.assets.DeleteAsset(request)  # type: ignore[no-any-return]


async def test_equal_bytes_are_stored_once_and_each_tenants_own(start: Start) -> None:
    server = await start(access="closed")
    ann, eve = server.acting(ANN), server.acting(EVE)
    store, data = server.gateway.store, png()
    sha256 = hashlib.sha256(data).hexdigest()
    declare = asset_service_pb2.CreateUploadRequest(
        media_type="image/png", total_bytes=len(data), sha256=sha256
    )
    hers = await ann.upload(data)
    assert (await eve.assets.CreateUpload(declare)).WhichOneof("outcome") == "upload"
    assert (await ann.assets.CreateUpload(declare)).asset.name == hers
    theirs = await eve.upload(data)
    assert theirs != hers
    assert (await eve.assets.CreateUpload(declare)).asset.name == theirs
    files = store.sweep(lambda digests: digests, older_than_seconds=-1)
    assert files == 0

    await _delete(ann, hers)

    assert (await ann.assets.CreateUpload(declare)).WhichOneof("outcome") == "upload"
    read = asset_service_pb2.ReadAssetRequest(name=theirs)
    assert b"".join([piece.data async for piece in eve.assets.ReadAsset(read)]) == data
    await _delete(eve, theirs)
    assert store.stat(sha256) is None


async def test_names_tell_nothing_of_what_they_name(start: Start) -> None:
    server = await start(access="closed")
    ann, eve = server.acting(ANN), server.acting(EVE)
    upload = await _begin_upload(ann)
    jobs = [await ann.create(), await eve.create()]
    films = [(await c.finished(j.name)).film.asset for c, j in zip((ann, eve), jobs, strict=True)]
    references = [job.spec.reference for job in jobs]
    names = [upload.name, *(job.name for job in jobs), *films, *references]
    assert all(map(ULID.fullmatch, names))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "name", ["", "x", "assets/", "assets/..", "jobs/x", "assets/%", "a" * 9999]
)
async def test_a_name_that_none_could_have_is_not_found(start: Start, name: str) -> None:
    server = await start(access="closed")
    eve = server.acting(EVE)
    reasons = {
        Reason.JOB_NOT_FOUND: JOB_CALLS["GetJob"],
        Reason.ASSET_NOT_FOUND: ASSET_CALLS["GetAsset"],
        Reason.UPLOAD_NOT_FOUND: UPLOAD_CALLS["GetUpload"],
    }
    for reason, call in reasons.items():
        assert (await failure(call(eve, name))).reason is reason


async def test_sound_of_others_cannot_be_spoken(start: Start) -> None:
    server = await start(access="closed")
    ann, eve = server.acting(ANN), server.acting(EVE)
    sound = await ann.upload(wav(), "audio/wav")
    create = partial(eve.create, script=job_pb2.Script(audio=sound))
    error = await failure(create())
    assert (error.reason, error.field) == (Reason.ASSET_NOT_FOUND, "spec.script.audio")
    await ann.finished((await ann.create(script=job_pb2.Script(audio=sound))).name)
