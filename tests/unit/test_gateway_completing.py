"""What an order is checked for before it is taken."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import STEPS, JobSpec, Order
from s2v.core.ports import Continuity, Sampling, Solver
from s2v_gateway.assets.library import Asset
from s2v_gateway.film.offers import EngineCatalogue, EngineOffer, PresetOffer, VoiceOffer
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.completing import complete
from s2v_gateway.orders.limits import Limits

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
    presets=(PresetOffer("standard", ""),),
)
POSE = replace(VIDEO, name="assets/pose", sha256="b" * 64)
DIRECTED = replace(ENGINE, directed=True)


async def order(
    reference: Asset,
    offer: EngineOffer = ENGINE,
    pose_asset: Asset | None = None,
    *,
    streamed: bool = False,
    **asked: Any,
) -> Order:
    async def engines() -> EngineCatalogue:
        return EngineCatalogue((offer,), {"large": "engine large needs a setting"})

    async def voices() -> list[VoiceOffer]:
        return [VoiceOffer("heart", "en-US", "")]

    return await complete(
        JobSpec(text="Hello.", reference=reference.name, **asked),
        job_id="jobs/1",
        catalogue=Catalogue(engines, voices),
        find_asset={asset.name: asset for asset in (reference, pose_asset or POSE)}.__getitem__,
        limits=Limits(),
        streamed=streamed,
    )


async def test_a_photo_or_a_video_may_be_the_reference() -> None:
    for asset in (PHOTO, VIDEO):
        assert (await order(asset)).reference == asset.artifact


async def test_a_new_order_follows_the_newest_steps_and_knows_how_its_text_came() -> None:
    whole, streamed = await order(PHOTO), await order(PHOTO, streamed=True)

    assert whole.steps == streamed.steps == STEPS
    assert (whole.streamed, streamed.streamed) == (False, True)
    assert whole.inputs == (PHOTO.artifact,)
    assert whole.spec.assets == {"spec.reference": PHOTO.name}


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


async def test_a_directed_engine_is_told_everything() -> None:
    sampling = Sampling(steps=4, guidance=1.0, shift=3.0, solver=Solver.EULER)
    told = {"prompt": "a person", "negative_prompt": "blur", "sampling": sampling}

    found = await order(PHOTO, DIRECTED, pose=POSE.name, **told)

    assert found.pose == POSE.artifact
    assert found.spec.pose == POSE.name
    assert (found.spec.prompt, found.spec.negative_prompt) == ("a person", "blur")
    assert found.spec.sampling == sampling


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "a person"),
        ("negative_prompt", "blur"),
        ("sampling", Sampling(steps=4)),
        ("pose", POSE.name),
    ],
)
async def test_an_engine_that_is_not_directed_takes_no_directions(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, **{field: value})
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == f"spec.{field}"
    assert "engine some" in caught.value.message


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("prompt", {"prompt": "x" * 4_001}),
        ("negative_prompt", {"negative_prompt": "x" * 4_001}),
        ("sampling.steps", {"sampling": Sampling(steps=-1)}),
        ("sampling.steps", {"sampling": Sampling(steps=1_001)}),
        ("sampling.guidance", {"sampling": Sampling(guidance=-0.5)}),
        ("sampling.guidance", {"sampling": Sampling(guidance=float("nan"))}),
        ("sampling.shift", {"sampling": Sampling(shift=0.0)}),
        ("sampling.shift", {"sampling": Sampling(shift=float("inf"))}),
    ],
)
async def test_directions_out_of_range_are_refused(field: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, DIRECTED, **asked)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == f"spec.{field}"


async def test_a_pose_must_be_a_video_that_is_not_too_long() -> None:
    for pose, reason in (
        (replace(POSE, media_type="image/png"), Reason.MEDIA_TYPE_UNSUPPORTED),
        (replace(POSE, duration_seconds=601.0), Reason.VIDEO_TOO_LONG),
    ):
        with pytest.raises(InvalidInput) as caught:
            await order(PHOTO, DIRECTED, pose_asset=pose, pose=pose.name)
        assert caught.value.reason is reason
        assert caught.value.field == "spec.pose"


async def test_a_size_comes_in_the_steps_of_the_engine() -> None:
    stepped = replace(ENGINE, side_step_pixels=64)

    assert (await order(PHOTO, stepped, width_pixels=832)).spec.width_pixels == 832
    with pytest.raises(InvalidInput, match="a multiple of 64") as caught:
        await order(PHOTO, stepped, height_pixels=482)
    assert caught.value.field == "spec.height_pixels"


async def test_an_engine_that_is_withheld_is_unknown_and_the_remedy_is_told() -> None:
    with pytest.raises(InvalidInput, match="engine large needs a setting") as caught:
        await order(PHOTO, engine="large")
    assert caught.value.reason is Reason.ENGINE_UNKNOWN
    with pytest.raises(InvalidInput, match=r"there are: some$"):
        await order(PHOTO, engine="none")


def test_an_order_written_before_there_were_directions_is_still_read() -> None:
    old = TypeAdapter(Order).validate_json(
        '{"job_id":"1","spec":{"text":"Hi.","reference":"assets/photo","engine":"some"},'
        f'"reference":{{"sha256":"{"a" * 64}","size_bytes":9,"media_type":"image/png"}},'
        '"audio":null,"continuity":"independent"}'
    )

    assert old.spec.sampling == Sampling()
    assert old.pose is None
