"""Finishes over the gateway's public services: asked for, kept, refused, their files fetched."""

import pytest

from gateway_world import VOICES, Start, engines, failure, png
from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.core.finishing import Aspect, Corner
from s2v_gateway.film.offers import FinishOffer, VoiceCatalogue
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.remote.messages import compose_config


async def test_a_job_carries_its_finish_to_the_compositor(start: Start) -> None:
    server = await start()
    logo = await server.upload(png(), "image/png")
    finish = finish_pb2.Finish(
        sharpen=True,
        aspect=finish_pb2.ASPECT_TALL,
        watermark=finish_pb2.Watermark(image=logo),
        background=finish_pb2.Background(blur=True),
        bits_per_second=1_000_000,
    )
    job = await server.create(finish=finish)
    assert job.spec.finish.watermark.opacity == 0.7
    assert job.spec.finish.watermark.corner == finish_pb2.CORNER_BOTTOM_RIGHT
    await server.finished(job.name)
    (order,) = server.stages.orders
    assert order.spec.finish.aspect is Aspect.TALL
    assert order.spec.finish.watermark is not None
    assert order.spec.finish.watermark.corner is Corner.BOTTOM_RIGHT
    assert order.watermark in order.inputs
    config = compose_config(order, None, live=False)
    assert config.finish == job.spec.finish
    assert config.watermark_image.size_bytes == len(png())
    assert not config.HasField("background_image")


async def test_pictures_of_the_film_are_assets_of_the_job_and_go_with_it(start: Start) -> None:
    server = await start()
    finish = finish_pb2.Finish(thumbnail_seconds=0.0, sprites=True, hls=True)
    job = await server.create(finish=finish)
    film = (await server.finished(job.name)).film
    kinds = {
        film.thumbnail_asset: "image/jpeg",
        film.sprites_asset: "image/jpeg",
        film.sprites_index_asset: "text/vtt",
        film.playlist_asset: "application/vnd.apple.mpegurl",
        film.fragments_asset: "video/mp4",
    }
    for name, kind in kinds.items():
        request = asset_service_pb2.GetAssetRequest(name=name)
        asset = (await server.assets.GetAsset(request)).asset
        assert (asset.media_type, asset.job) == (kind, job.name)
    await server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job.name))
    for name in kinds:
        call = server.assets.GetAsset(asset_service_pb2.GetAssetRequest(name=name))
        assert (await failure(call)).reason is Reason.ASSET_NOT_FOUND


async def test_who_asks_for_nothing_gets_nothing(start: Start) -> None:
    server = await start()
    job = await server.create()
    film = (await server.finished(job.name)).film
    assert not job.spec.HasField("finish")
    assert (film.thumbnail_asset, film.sprites_asset, film.sprites_index_asset) == ("", "", "")


@pytest.mark.parametrize(
    ("finish", "reason", "field"),
    [
        (
            finish_pb2.Finish(watermark=finish_pb2.Watermark(image="assets/none")),
            Reason.ASSET_NOT_FOUND,
            "spec.finish.watermark.image",
        ),
        (
            finish_pb2.Finish(background=finish_pb2.Background(colour="sky")),
            Reason.FIELD_INVALID,
            "spec.finish.background.colour",
        ),
        (
            finish_pb2.Finish(watermark=finish_pb2.Watermark(text="ᚠᚢᚦ")),
            Reason.FIELD_INVALID,
            "spec.finish.watermark.text",
        ),
        (
            finish_pb2.Finish(width_pixels=63),
            Reason.SIZE_UNSUPPORTED,
            "spec.finish.width_pixels",
        ),
        (
            finish_pb2.Finish(restore_faces=True),
            Reason.FIELD_INVALID,
            "spec.finish.restore_faces",
        ),
        (finish_pb2.Finish(aspect=9), Reason.FIELD_INVALID, "spec.finish.aspect"),
    ],
)
async def test_what_cannot_be_is_refused_before_any_work(
    start: Start, finish: finish_pb2.Finish, reason: Reason, field: str
) -> None:
    server = await start()
    error = await failure(server.create(finish=finish))
    assert (error.reason, error.field) == (reason, field)
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert not listed.jobs


async def test_what_is_no_image_is_refused(start: Start) -> None:
    server = await start()
    job = await server.create(captions=job_pb2.Captions())
    text = (await server.finished(job.name)).film.webvtt_asset
    finish = finish_pb2.Finish(background=finish_pb2.Background(image=text))
    error = await failure(server.create(finish=finish))
    assert error.reason is Reason.MEDIA_TYPE_UNSUPPORTED
    assert error.field == "spec.finish.background.image"


async def test_faces_are_restored_where_the_compositor_can(start: Start) -> None:
    async def voices() -> VoiceCatalogue:
        return VOICES

    async def able() -> FinishOffer:
        return FinishOffer(restores_faces=True)

    server = await start(catalogue=Catalogue(engines, voices, able))
    job = await server.create(finish=finish_pb2.Finish(restore_faces=True))
    await server.finished(job.name)
    (order,) = server.stages.orders
    assert compose_config(order, None, live=False).finish.restore_faces
