import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import pytest_asyncio

from s2v.api.common.v1 import media_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import WAV, Artifact
from s2v.core.errors import Exhausted, InvalidInput, NotFound, Reason, S2VError, Unavailable
from s2v.core.ports import Continuity, Sampling, Solver
from s2v.core.registry import Registry
from s2v.core.script import LipSync, Mark, Speech
from s2v.media.pcm import wav_bytes
from s2v.media.video import decode_frames
from s2v.rpc.channel import connect
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    sampling_to_proto,
    speech_to_proto,
)
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_render import FakeScript, fake_reference, frame_of
from s2v_render.servicer import RenderServicer
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.pool import MAX_TAKES, WorkerPool
from s2v_render.workers.seat import WorkerConfig

FRAMES = 60
LONG_FRAMES = 2_000
FRAME_SAMPLES = 1920
REGISTRY = Registry(
    {
        "directed": "s2v.testing.fakes_render:DirectedFakeEngine",
        "fake": "s2v.testing.fakes_render:FakeEngine",
        "impatient": "s2v.testing.fakes_render:ImpatientFakeEngine",
        "sequential": "s2v.testing.fakes_render:FakeEngine",
    }
)
SETTINGS = {"sequential": Continuity.SEQUENTIAL}
IDLE = render_service_pb2.WORKER_STATE_IDLE
BUSY = render_service_pb2.WORKER_STATE_BUSY


@dataclass
class Studio:
    """A render service with one worker and room for one more take, and its client."""

    stub: Any
    store: FsspecStore

    def request(
        self, script: FakeScript | None = None, *, frames: int = FRAMES, **changes: Any
    ) -> render_service_pb2.RenderRequest:
        pcm = np.zeros(frames * FRAME_SAMPLES, np.int16)
        audio = self.store.put([wav_bytes(pcm)], WAV)
        speech = Speech(audio, len(pcm), phonemes=(Mark("a", 0, 4800),), lip_sync=LipSync.PHONEMES)
        reference = self.store.put([fake_reference(script=script)], "image/png")
        given: dict[str, Any] = {
            "speech": speech_to_proto(speech),
            "reference": artifact_to_proto(reference),
            "frame_rate": 25,
        }
        return render_service_pb2.RenderRequest(**(given | changes))

    async def responses(
        self, request: render_service_pb2.RenderRequest
    ) -> list[render_service_pb2.RenderResponse]:
        return [response async for response in self.stub.Render(request)]

    async def clip(self, request: render_service_pb2.RenderRequest) -> render_service_pb2.Clip:
        responses = await self.responses(request)
        assert [response.HasField("clip") for response in responses].index(True) == (
            len(responses) - 1
        )
        return responses[-1].clip

    async def refusal(self, request: render_service_pb2.RenderRequest) -> S2VError:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await self.responses(request)
        return from_rpc_error(error.value)

    async def workers(self) -> Any:
        return await self.stub.ListWorkers(render_service_pb2.ListWorkersRequest())

    async def until_idle(self) -> Any:
        async def idle() -> bool:
            return bool((await self.workers()).workers[0].state == IDLE)

        await until(idle)
        return (await self.workers()).workers[0]

    async def restarts(self) -> int:
        return int((await self.until_idle()).restarts)

    async def until_waiting(self, takes: int) -> None:
        async def waiting() -> bool:
            return bool((await self.workers()).waiting_takes == takes)

        await until(waiting)

    def decoded(self, clip: render_service_pb2.Clip) -> list[int]:
        with self.store.local(artifact_from_proto(clip.video, field="video")) as path:
            return [frame_of(picture) for picture in decode_frames(path)]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    ray_cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Studio]:
    store_url = str(tmp_path_factory.mktemp("store"))
    store = FsspecStore(store_url)
    config = WorkerConfig(
        REGISTRY,
        store_url=store_url,
        engine_settings=SETTINGS,
        stall_seconds=2.0,
        pulse_seconds=0.2,
    )
    pool = WorkerPool(ray_cluster, config, workers=1, max_waiting=1)
    server = Server("127.0.0.1:0", ["s2v.api.render.v1.RenderService"])
    servicer = RenderServicer(
        pool, store, default_engine="fake", withheld={"large": "engine large needs a setting"}
    )
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    await pool.start()
    async with connect(server.address) as channel:
        yield Studio(render_service_pb2_grpc.RenderServiceStub(channel), store)
    await server.stop(0)
    await pool.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def studio(running: Studio) -> Studio:
    """The one that is running, with nothing to do."""
    await running.until_idle()
    return running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the fake engine leaves files for the test and looks for `go`."""
    path = tmp_path / "fake"
    path.mkdir()
    return path


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    while not await happened():  # noqa: ASYNC110 (it happens in another process)
        await asyncio.sleep(0.02)


async def begun(folder: Path) -> int:
    """Wait until the fake has rendered its first batch; return its process id."""

    async def there() -> bool:
        return (folder / "begun").exists()

    await until(there)
    return int((folder / "begun").read_text())


def slowly(folder: Path) -> FakeScript:
    """Take a tenth of a second for each batch until the test says go."""
    return FakeScript(str(folder), seconds_per_batch=0.1)


async def test_a_clip_comes_last_with_every_frame_and_can_be_decoded(studio: Studio) -> None:
    clip = await studio.clip(studio.request(first_frame=3, seed=1))

    assert (clip.frames, clip.width_pixels, clip.height_pixels, clip.takes) == (FRAMES, 64, 64, 1)
    assert studio.decoded(clip) == [(frame + 4) % 64 for frame in range(FRAMES)]


async def test_progress_is_monotone_and_previews_and_notices_come_along(studio: Studio) -> None:
    responses = await studio.responses(studio.request(first_frame=100))
    done = [r.progress.frames_done for r in responses if r.HasField("progress")]

    assert done == sorted(set(done))
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


async def test_workers_are_listed(studio: Studio, folder: Path) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    await begun(folder)
    (worker,) = (await studio.workers()).workers

    assert (worker.name, worker.state, worker.device) == ("worker-0", BUSY, "cpu")
    assert worker.pid == await begun(folder)
    call.cancel()
    assert (await studio.until_idle()).pid == worker.pid


async def test_cancelling_closes_the_engine_and_frees_the_worker_that_lives_on(
    studio: Studio, folder: Path
) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    pid = await begun(folder)

    call.cancel()

    async with asyncio.timeout(2):
        worker = await studio.until_idle()
    assert (folder / "closed").exists()
    assert worker.pid == pid
    assert (await studio.clip(studio.request())).frames == FRAMES


async def test_an_engine_that_does_not_stop_is_stopped_with_its_worker(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    call = studio.stub.Render(studio.request(stuck))
    await call.read()
    pid = await begun(folder)

    call.cancel()

    assert (await studio.until_idle()).pid != pid
    assert await studio.restarts() == restarts + 1
    assert (await studio.clip(studio.request())).takes == 1


async def test_a_take_whose_worker_is_killed_is_tried_again(studio: Studio, folder: Path) -> None:
    restarts = await studio.restarts()
    rendering = asyncio.create_task(
        studio.responses(studio.request(slowly(folder), frames=LONG_FRAMES))
    )
    await begun(folder)

    os.kill(await begun(folder), signal.SIGKILL)
    (folder / "go").touch()
    responses = await rendering

    clip = responses[-1].clip
    assert (clip.takes, clip.frames) == (2, LONG_FRAMES)
    assert studio.decoded(clip)[:70] == [frame % 64 for frame in range(70)]
    assert [r.notice.code for r in responses if r.HasField("notice")] == [
        media_pb2.NOTICE_CODE_RANDOM_WEIGHTS
    ]
    assert await studio.restarts() == restarts + 1


async def test_a_take_whose_worker_stands_still_is_tried_again(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    rendering = asyncio.create_task(
        studio.responses(studio.request(slowly(folder), frames=LONG_FRAMES))
    )
    frozen = await begun(folder)

    os.kill(frozen, signal.SIGSTOP)
    (folder / "go").touch()
    responses = await rendering

    assert (responses[-1].clip.takes, responses[-1].clip.frames) == (2, LONG_FRAMES)
    worker = await studio.until_idle()
    assert (worker.restarts, worker.pid != frozen) == (restarts + 1, True)


async def test_a_worker_that_stands_still_after_its_take_was_cancelled_is_replaced(
    studio: Studio, folder: Path
) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    frozen = await begun(folder)
    os.kill(frozen, signal.SIGSTOP)

    call.cancel()

    assert (await studio.until_idle()).pid != frozen
    assert (await studio.clip(studio.request())).takes == 1


async def test_an_engine_that_yields_nothing_for_its_patience_loses_its_worker(
    studio: Studio, folder: Path
) -> None:
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    rendering = asyncio.create_task(studio.responses(studio.request(stuck, engine="impatient")))
    await begun(folder)
    (folder / "begun").unlink()
    await begun(folder)
    (folder / "go").touch()

    responses = await rendering

    assert responses[-1].clip.takes > 1


async def test_a_take_that_waits_or_works_gives_signs_of_life(studio: Studio, folder: Path) -> None:
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    working = studio.stub.Render(studio.request(stuck))
    await begun(folder)
    waiting = studio.stub.Render(studio.request())

    for call in (working, waiting):
        seen: list[int] = []
        while len(seen) < 6:
            response = await call.read()
            seen += [response.progress.frames_done] if response.HasField("progress") else []
        assert len(set(seen[-3:])) == 1
    (folder / "go").touch()
    working.cancel()
    waiting.cancel()


async def test_a_take_under_which_every_worker_dies_is_given_up(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    refusal = await studio.refusal(studio.request(FakeScript(str(folder), die=True)))

    assert isinstance(refusal, Unavailable)
    assert refusal.reason == Reason.WORKER_LOST
    assert refusal.retry_after_seconds
    assert await studio.restarts() == restarts + MAX_TAKES
    assert (await studio.clip(studio.request())).takes == 1


async def test_a_worker_that_dies_idle_is_noticed_by_the_next_take(studio: Studio) -> None:
    os.kill((await studio.until_idle()).pid, signal.SIGKILL)

    assert (await studio.clip(studio.request())).takes == 2


async def test_when_all_is_full_a_take_is_refused_and_told_when_to_come_back(
    studio: Studio, folder: Path
) -> None:
    long = studio.request(slowly(folder), frames=LONG_FRAMES)
    rendering = asyncio.create_task(studio.clip(long))
    await begun(folder)
    waiting = asyncio.create_task(studio.clip(studio.request()))
    await studio.until_waiting(1)

    refusal = await studio.refusal(studio.request())

    assert isinstance(refusal, Exhausted)
    assert refusal.reason == Reason.WORKERS_BUSY
    assert refusal.retry_after_seconds
    (folder / "go").touch()
    assert (await rendering).frames == LONG_FRAMES
    assert (await waiting).frames == FRAMES


async def test_a_take_that_stops_waiting_makes_room(studio: Studio, folder: Path) -> None:
    restarts = await studio.restarts()
    long = studio.request(slowly(folder), frames=LONG_FRAMES)
    rendering = asyncio.create_task(studio.clip(long))
    await begun(folder)
    impatient = studio.stub.Render(studio.request())
    await studio.until_waiting(1)

    impatient.cancel()

    await studio.until_waiting(0)
    (folder / "go").touch()
    assert (await rendering).frames == LONG_FRAMES
    assert await studio.restarts() == restarts


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
