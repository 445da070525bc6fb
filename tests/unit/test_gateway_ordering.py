"""What an order is checked for before it is taken."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import JobSpec, Order
from s2v.core.ports import Continuity
from s2v_gateway.assets import Asset
from s2v_gateway.catalogue import Catalogue, EngineOffer, Preset, VoiceOffer
from s2v_gateway.limits import Limits
from s2v_gateway.ordering import complete

PHOTO = Asset("assets/photo", "image/png", 9, "a" * 64, 512, 512, 0.0, datetime.now(UTC))
VIDEO = replace(PHOTO, name="assets/video", media_type="video/mp4", duration_seconds=600.0)
ENGINE = EngineOffer(
    name="some",
    description="",
    continuity=Continuity.INDEPENDENT,
    frame_rates=(25,),
    min_side_pixels=64,
    max_side_pixels=1920,
    reference_media_types=("image/png", "video/mp4"),
    presets=(Preset("standard", ""),),
)


async def order(reference: Asset, engine: EngineOffer = ENGINE) -> Order:
    async def engines() -> list[EngineOffer]:
        return [engine]

    async def voices() -> list[VoiceOffer]:
        return [VoiceOffer("heart", "en-US", "")]

    return await complete(
        JobSpec(text="Hello.", reference=reference.name),
        job_id="jobs/1",
        catalogue=Catalogue(engines, voices),
        find_asset=lambda name: reference,
        limits=Limits(),
    )


async def test_a_photo_or_a_video_may_be_the_reference() -> None:
    for asset in (PHOTO, VIDEO):
        assert (await order(asset)).reference == asset.artifact


async def test_a_video_over_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(replace(VIDEO, duration_seconds=601.0))
    assert caught.value.reason is Reason.VIDEO_TOO_LONG
    assert caught.value.field == "spec.reference"
    assert caught.value.metadata == {"limit_seconds": "600.0"}
    assert "601 s" in caught.value.message


async def test_a_video_is_refused_where_the_engine_takes_photos_only() -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(VIDEO, replace(ENGINE, reference_media_types=("image/png",)))
    assert caught.value.reason is Reason.MEDIA_TYPE_UNSUPPORTED
