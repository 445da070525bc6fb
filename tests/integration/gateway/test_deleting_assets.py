"""What an asset that is deleted takes with it, and what keeps it."""

import asyncio
import hashlib
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from deletions import delete, delete_asset, get, names, no_bytes_are_left
from gateway_world import (
    Start,
    failure,
    png,
    rows,
    wav,
)
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2
from s2v.core.errors import Reason
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.assets.library import Library
from s2v_gateway.records.jobs import JobRecords


@pytest.mark.parametrize("use", ["reference", "audio", "pose"])
async def test_an_asset_that_an_unfinished_job_needs_stays(
    start: Start, tmp_path: Path, use: str
) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    spec: dict[str, object] = {}
    if use == "reference":
        asset = await server.upload(png())
        spec = {"reference": asset}
    elif use == "audio":
        asset = await server.upload(wav(), "audio/wav")
        spec = {"script": job_pb2.Script(audio=asset)}
    else:
        with ClipEncoder(tmp_path / "pose.mp4", width=64, height=64, frame_rate=25) as clip:
            clip.write(np.zeros((5, 64, 64, 3), np.uint8))
        asset = await server.upload((tmp_path / "pose.mp4").read_bytes(), "video/mp4")
        spec = {"engine": "directed", "pose": asset}
    job = await server.create(**spec)
    error = await failure(delete_asset(server, asset))
    assert (error.reason, error.field) == (Reason.ASSET_IN_USE, "name")
    assert error.metadata["job"] == job.name
    hold.set()
    await server.finished(job.name)
    await delete_asset(server, asset)
    assert (await failure(delete_asset(server, asset))).reason is Reason.ASSET_NOT_FOUND
    assert (await get(server, job.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_text_that_names_an_asset_does_not_use_it(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    asset = await server.upload(png("red"))
    await server.create(text=f'"{asset}" {asset}', display_name=f'"{asset}"')
    await delete_asset(server, asset)


async def test_an_asset_that_goes_while_a_job_is_accepted_is_not_found(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    accept = JobRecords.accept
    asset = await server.upload(png())

    def late(records: JobRecords, caller: object, *args: object, **kwargs: object) -> object:
        library = server.gateway.studio._around.library
        Library.delete(library, caller, asset)  # type: ignore[arg-type]
        return accept(records, caller, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(JobRecords, "accept", late)
    error = await failure(server.create(reference=asset))
    assert (error.reason, error.field) == (Reason.ASSET_NOT_FOUND, "spec.reference")
    assert not await names(server)


async def test_the_uploads_of_an_asset_go_with_it(start: Start) -> None:
    server = await start()
    data = png()
    create = asset_service_pb2.CreateUploadRequest(
        request_id="once", media_type="image/png", total_bytes=len(data)
    )
    upload = (await server.assets.CreateUpload(create)).upload
    await server.assets.WriteUpload(
        iter([asset_service_pb2.WriteUploadRequest(name=upload.name, data=data)])
    )
    digest = hashlib.sha256(data).hexdigest()
    finish = asset_service_pb2.FinishUploadRequest(name=upload.name, sha256=digest)
    asset = (await server.assets.FinishUpload(finish)).asset
    await delete_asset(server, asset.name)
    error = await failure(server.assets.FinishUpload(finish))
    assert error.reason is Reason.UPLOAD_NOT_FOUND
    again = (await server.assets.CreateUpload(create)).upload
    assert again.name != upload.name
    assert again.committed_bytes == 0


async def test_a_film_can_go_without_its_job(start: Start) -> None:
    server = await start(measure_films=False)
    job = await server.finished((await server.create()).name)
    asset = job.film.asset
    got = (await server.assets.GetAsset(asset_service_pb2.GetAssetRequest(name=asset))).asset
    assert got.job == job.name
    while rows(server, "job_artifacts", "job_id", job.name.removeprefix("jobs/")):
        await asyncio.to_thread(lambda: None)
    await delete_asset(server, asset)
    no_bytes_are_left(server, "film")
    assert (await get(server, job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    await delete(server, job.name)


async def test_assets_are_paged_whatever_goes_in_between(start: Start) -> None:
    server = await start()
    made = {await server.upload(png(colour)) for colour in ("red", "green", "blue", "teal", "tan")}
    with server.gateway.database.begin() as connection:  # all in the same moment
        connection.execute(
            sa.text("UPDATE assets SET create_time = (SELECT min(create_time) FROM assets)")
        )
    seen: list[str] = []
    token = ""
    while True:
        request = asset_service_pb2.ListAssetsRequest(page_size=2, page_token=token)
        page = await server.assets.ListAssets(request)
        for asset in page.assets:
            await delete_asset(server, asset.name)
            seen.append(asset.name)
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(made)
    assert set(seen) == made
