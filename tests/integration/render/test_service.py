"""Render over gRPC: what comes back, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from render_studio import FRAMES, Studio
from s2v.api.common.v1 import media_pb2
from s2v.api.render.v1 import render_service_pb2
from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.core.sampling import Sampling, Solver
from s2v.rpc.convert import (
    artifact_to_proto,
    sampling_to_proto,
)
from s2v.testing.fakes_render import FakeScript

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_clip_comes_last_with_every_frame_and_can_be_decoded(studio: Studio) -> None:
    clip = await studio.clip(studio.request(first_frame=3, seed=1))

    assert (clip.frames, clip.width_pixels, clip.height_pixels) == (FRAMES, 64, 64)
    assert studio.decoded(clip) == [(frame + 4) % 64 for frame in range(FRAMES)]


async def test_progress_is_monotone_and_previews_and_notices_come_along(studio: Studio) -> None:
    responses = await studio.responses(studio.request(first_frame=100))
    done = [r.progress.frames_done for r in responses if r.HasField("progress")]

    assert done == sorted(done)  # some are told again where it was silent for long
    assert done[-1] == FRAMES
    assert [r.preview.frame for r in responses if r.HasField("preview")] == [100, 125, 150]
    assert [r.notice.code for r in responses if r.HasField("notice")] == [
        media_pb2.NOTICE_CODE_RANDOM_WEIGHTS
    ]


async def test_the_requested_size_wins(studio: Studio) -> None:
    clip = await studio.clip(studio.request(preset="draft", width_pixels=128))

    assert (clip.width_pixels, clip.height_pixels) == (128, 128)


async def test_engines_are_listed_with_their_presets_and_what_is_withheld(studio: Studio) -> None:
    listed = await studio.stub.ListEngines(render_service_pb2.ListEnginesRequest())

    engine, directed, _, sequential = listed.engines
    assert (engine.name, engine.continuity) == ("fake", 1)
    assert [preset.name for preset in engine.presets] == ["standard", "draft"]
    assert (engine.min_side_pixels, engine.max_side_pixels) == (32, 512)
    assert (engine.directed, engine.side_step_pixels) == (False, 2)
    assert (directed.name, directed.directed, directed.side_step_pixels) == ("directed", True, 32)
    assert [(engine.name, engine.remedy) for engine in listed.withheld] == [
        ("large", "engine large needs a setting")
    ]
    assert (sequential.name, sequential.continuity) == ("sequential", 2)


async def test_a_directed_engine_is_told_everything(studio: Studio) -> None:
    sampling = Sampling(steps=4, guidance=1.5, shift=3.0, solver=Solver.DPM)
    pose = studio.store.put([b"a dance"], "video/mp4")
    request = studio.request(
        engine="directed",
        preset="draft",
        prompt="a person",
        negative_prompt="blur",
        sampling=sampling_to_proto(sampling),
        pose=artifact_to_proto(pose),
        width_pixels=64,
    )

    responses = await studio.responses(request)

    directed = media_pb2.NOTICE_CODE_FACE_ENLARGED
    told = [r.notice.message for r in responses if r.notice.code == directed]
    assert told == [f"draft, 'a person', 'blur', {sampling}, 'a dance'"]
    assert next(r.progress.frames_done for r in responses if r.HasField("progress")) == 0
    assert responses[-1].clip.HasField("state")


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"engine": "magic"}, Reason.ENGINE_UNKNOWN, "spec.engine"),
        ({"preset": "ultra"}, Reason.PRESET_UNKNOWN, "spec.preset"),
        ({"frame_rate": 23}, Reason.FRAME_RATE_UNSUPPORTED, "spec.frame_rate"),
        ({"width_pixels": 101}, Reason.SIZE_UNSUPPORTED, "spec.width_pixels"),
        ({"height_pixels": 4000}, Reason.SIZE_UNSUPPORTED, "spec.height_pixels"),
        ({"engine": "directed", "width_pixels": 66}, Reason.SIZE_UNSUPPORTED, "spec.width_pixels"),
        ({"engine": "large"}, Reason.ENGINE_UNKNOWN, "spec.engine"),
        ({"prompt": "a person"}, Reason.FIELD_INVALID, "spec.prompt"),
        ({"negative_prompt": "blur"}, Reason.FIELD_INVALID, "spec.negative_prompt"),
        ({"sampling": {"shift": 0.0}}, Reason.FIELD_INVALID, "spec.sampling"),
        ({"sampling": {"solver": 9}}, Reason.FIELD_INVALID, "spec.sampling.solver"),
        (
            {"engine": "directed", "sampling": {"shift": 0.0}},
            Reason.FIELD_INVALID,
            "spec.sampling.shift",
        ),
        ({"pose": {"sha256": "0" * 64}}, Reason.FIELD_INVALID, "spec.pose"),
        ({"reference": None}, Reason.FIELD_INVALID, "reference"),
        ({"speech": None}, Reason.FIELD_INVALID, "speech.audio"),
        ({"first_frame": -1}, Reason.FIELD_INVALID, "first_frame"),
        (
            {"reference": {"sha256": "0" * 64, "media_type": "x" * 70_000}},
            Reason.FIELD_INVALID,
            "reference.media_type",
        ),
    ],
)
async def test_a_request_that_cannot_be_is_refused_and_names_the_field(
    studio: Studio, changes: dict[str, Any], reason: Reason, field: str
) -> None:
    refusal = await studio.refusal(studio.request(**changes))

    assert isinstance(refusal, InvalidInput)
    assert (refusal.reason, refusal.field) == (reason, field)


async def test_what_the_engine_refuses_arrives_as_it_was_raised(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    refusal = await studio.refusal(studio.request(FakeScript(refuse=True)))

    assert isinstance(refusal, InvalidInput)
    assert (refusal.reason, refusal.field) == (Reason.FACE_NOT_FOUND, "spec.reference")
    assert await studio.restarts() == restarts


async def test_a_portrait_that_is_no_image_is_refused(studio: Studio) -> None:
    broken = studio.store.put([b"not an image"], "image/png")
    refusal = await studio.refusal(studio.request(reference=artifact_to_proto(broken)))

    assert (refusal.reason, refusal.field) == (Reason.IMAGE_UNREADABLE, "spec.reference")


async def test_bytes_that_are_gone_are_not_found(studio: Studio) -> None:
    absent = artifact_to_proto(Artifact("0" * 64, 1, "image/png"))

    assert isinstance(await studio.refusal(studio.request(reference=absent)), NotFound)
