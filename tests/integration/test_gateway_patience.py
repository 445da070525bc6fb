"""How the gateway waits for a service that is away, and when it does not."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from measured import stalls
from s2v.api.common.v1 import clip_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.errors import Exhausted, Reason, S2VError, Unavailable
from s2v.core.job import Clip, JobSpec, Order
from s2v.core.ports import Continuity, Notice
from s2v.core.script import Speech
from s2v.core.stages import Happening, Standing
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_to_proto
from s2v.rpc.interceptor import Context
from s2v.rpc.server import Server
from s2v.testing.fakes_stages import artifact_of
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages


class Render(render_service_pb2_grpc.RenderServiceServicer):
    """Fails with one error after the other, then renders."""

    def __init__(self) -> None:
        self.errors: list[S2VError] = []
        self.calls = 0
        self.hangs: Callable[[], bool] = lambda: False
        self.pulses = 0
        self.at_work = asyncio.Event()

    async def Render(
        self, request: render_service_pb2.RenderRequest, context: Context
    ) -> AsyncIterator[render_service_pb2.RenderResponse]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        for _ in range(self.pulses):
            await asyncio.sleep(0.1)
            yield render_service_pb2.RenderResponse(progress=render_service_pb2.RenderProgress())
        self.at_work.set()
        if self.hangs():
            await asyncio.Event().wait()
        video = artifact_to_proto(artifact_of("clip", "video/mp4"))
        yield render_service_pb2.RenderResponse(clip=clip_pb2.Clip(video=video, frames=25))


@pytest.fixture
async def render() -> Render:
    return Render()


@pytest.fixture
async def address(render: Render) -> AsyncIterator[str]:
    server = Server("127.0.0.1:0", ["s2v.api.render.v1.RenderService"])
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(render, server.grpc)
    await server.start()
    yield server.address
    await server.stop(0)


async def rendered(
    address: str,
    happened: list[Happening],
    *,
    patience_seconds: float = 60,
    stall_seconds: float = 60,
) -> Clip:
    order = Order(
        "0" * 32,
        JobSpec(frame_rate=25),
        artifact_of("x", "image/jpeg"),
        None,
        Continuity.INDEPENDENT,
    )
    speech = Speech(artifact_of("speech", "audio/wav"), 48_000)
    async with connect(address) as channel:
        patience = Patience(patience_seconds, stall_seconds, stall_retries=2)
        stages = RemoteStages(channel, channel, channel, patience=patience)
        return await stages.render(
            order, 0, speech, standing=Standing(0), reels=None, report=happened.append
        )


async def test_a_service_that_is_away_is_waited_for_and_the_user_is_told_once(
    address: str, render: Render
) -> None:
    render.errors = [Unavailable(Reason.SERVICE_UNAVAILABLE, "starting")] * 2
    happened: list[Happening] = []
    assert (await rendered(address, happened)).frames == 25
    assert [h.code for h in happened if isinstance(h, Notice)] == ["SERVICE_AWAY"]


async def test_busy_workers_are_waited_for_however_short_the_patience(
    address: str, render: Render
) -> None:
    render.errors = [Exhausted(Reason.WORKERS_BUSY, "busy", retry_after_seconds=1.0)] * 3
    assert (await rendered(address, [], patience_seconds=0)).frames == 25


@pytest.mark.parametrize(
    "error",
    [
        Unavailable(Reason.WORKER_LOST, "workers died under this take 3 times"),
        Exhausted(Reason.STORAGE_FULL, "the disk is full"),
    ],
)
async def test_what_will_not_get_better_is_not_tried_again(
    address: str, render: Render, error: S2VError
) -> None:
    render.errors = [error]
    with pytest.raises(type(error)):
        await rendered(address, [])
    assert render.calls == 1


async def test_a_service_that_is_told_to_stop_has_not_died_of_its_work(render: Render) -> None:
    render.hangs = lambda: True
    server = Server("127.0.0.1:0", ["s2v.api.render.v1.RenderService"])
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(render, server.grpc)
    await server.start()
    work = rendered(server.address, [], patience_seconds=0.1)
    rendering = asyncio.create_task(work)
    await render.at_work.wait()
    await server.stop(0)
    with pytest.raises(Unavailable):
        await rendering


async def test_patience_ends(address: str, render: Render) -> None:
    render.errors = [Unavailable(Reason.SERVICE_UNAVAILABLE, "gone")] * 10
    with pytest.raises(Unavailable):
        await rendered(address, [], patience_seconds=0.1)
    assert render.calls == 2


async def test_a_silent_call_is_cancelled_and_made_again(address: str, render: Render) -> None:
    happened: list[Happening] = []
    render.hangs = lambda: not happened
    assert (await rendered(address, happened, stall_seconds=2.0)).frames == 25
    assert [h.code for h in happened if isinstance(h, Notice)] == ["SERVICE_AWAY"]


@pytest.mark.parametrize("reason", [Reason.SPEECH_FAILED, Reason.RENDER_FAILED])
async def test_what_fails_again_and_again_fails_for_good(
    address: str, render: Render, reason: Reason
) -> None:
    render.errors = [Unavailable(reason, "it answered with something else")] * 10
    with pytest.raises(Unavailable) as caught:
        await rendered(address, [])
    assert caught.value.reason is reason
    assert render.calls == 3


async def test_a_call_that_stalls_again_and_again_fails_for_good(
    address: str, render: Render
) -> None:
    render.hangs = lambda: True
    stalls_before = stalls("render")
    with pytest.raises(Unavailable, match="render service gave no sign of life") as caught:
        await rendered(address, [], stall_seconds=0.2)
    assert caught.value.reason is Reason.STAGE_STALLED
    assert stalls("render") - stalls_before == 2


async def test_a_call_that_gives_signs_of_life_may_take_any_time(
    address: str, render: Render
) -> None:
    render.pulses = 25
    assert (await rendered(address, [], stall_seconds=2.0)).frames == 25
    assert render.calls == 1
