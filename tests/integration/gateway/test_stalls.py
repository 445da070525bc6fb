"""A service that is at work and says nothing is asked again, a counted number of times."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import grpc
import pytest

from gateway_world import Start
from measured import stalls
from s2v.api.compositor.v1 import compositor_service_pb2_grpc
from s2v.api.gateway.v1 import job_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.core.errors import Reason
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_status
from s2v.rpc.interceptor import Context
from s2v.rpc.server import Server
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages

RETRIES = 2
SERVICES = {"speak": "tts", "render": "render", "compose": "compositor"}


class Hanging(
    compositor_service_pb2_grpc.CompositorServiceServicer,
    render_service_pb2_grpc.RenderServiceServicer,
    speech_service_pb2_grpc.SpeechServiceServicer,
):
    """Services that begin and go no further."""

    def __init__(self) -> None:
        self._under_way = 0
        self._changed = asyncio.Condition()

    async def left(self) -> None:
        """Wait until every call that came was given up by its caller."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._under_way == 0)

    async def Speak(self, _: Any, __: Context) -> AsyncIterator[Any]:
        """A voice that hangs."""
        async for response in self._hang():
            yield response

    async def Render(self, _: Any, __: Context) -> AsyncIterator[Any]:
        """An engine that renders some frames and hangs."""
        progress = render_service_pb2.RenderProgress(frames_done=1)
        yield render_service_pb2.RenderResponse(progress=progress)
        async for response in self._hang():
            yield response

    async def Compose(self, _: Any, __: Context) -> AsyncIterator[Any]:
        """A compositor that never answers."""
        async for response in self._hang():
            yield response

    async def _hang(self) -> AsyncIterator[Any]:
        self._under_way += 1
        try:
            await asyncio.Event().wait()
            yield None
        finally:
            self._under_way -= 1
            async with self._changed:
                self._changed.notify_all()


@pytest.fixture
def hanging() -> Hanging:
    return Hanging()


@pytest.fixture
async def hanging_address(hanging: Hanging) -> AsyncIterator[str]:
    services = Server("127.0.0.1:0", [])
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(hanging, services.grpc)
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(hanging, services.grpc)
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(hanging, services.grpc)
    await services.start()
    yield services.address
    await services.stop(0)


class OneAfar(FakeStages):
    """Stages of which one is in another process for the first job."""

    def __init__(self, stage: str, channel: grpc.aio.Channel) -> None:
        super().__init__()
        patience = Patience(600, stall_seconds=0.2, stall_retries=RETRIES)
        remote = RemoteStages(channel, channel, channel, patience=patience)
        afar, here = getattr(remote, stage), getattr(self, stage)
        setattr(self, stage, partial(self._chosen, afar, here))
        self._jobs: list[str] = []

    async def _chosen(
        self, afar: Callable[..., Any], here: Callable[..., Any], order: Any, *args: Any, **kw: Any
    ) -> Any:
        if order.job_id not in self._jobs:
            self._jobs.append(order.job_id)
        return await (afar if order.job_id == self._jobs[0] else here)(order, *args, **kw)


@pytest.mark.parametrize("stage", SERVICES)
async def test_a_stage_that_stands_still_fails_its_job_and_holds_up_no_other(
    start: Start, hanging: Hanging, hanging_address: str, stage: str
) -> None:
    stalls_before = stalls(SERVICES[stage])
    async with connect(hanging_address) as channel:
        server = await start(OneAfar(stage, channel), max_running_jobs=1)
        stuck, next_one = [await server.create(text="a") for _ in range(2)]
        job = await server.finished(stuck.name)
        assert job.state == job_pb2.JOB_STATE_FAILED
        assert from_status(job.error).reason is Reason.STAGE_STALLED
        assert (await server.finished(next_one.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert stalls(SERVICES[stage]) - stalls_before == RETRIES
    async with asyncio.timeout(60):
        await hanging.left()
