"""Two containers as a pool of workers behind the render service."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
import pytest_asyncio

from heygem_studio import PATIENT, PORTRAIT, QUICK, a_speech, shared
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.errors import Reason, S2VError
from s2v.core.registry import Registry
from s2v.core.script import Speech
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_to_proto, speech_to_proto
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_heygem import FakeContainer, container
from s2v_render.engines import REGISTRY
from s2v_render.engines.heygem.containers import HeygemSettings
from s2v_render.servicer import RenderServicer
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.config import Elsewhere, WorkerConfig
from s2v_render.workers.pool import WorkerPool

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDLE = render_service_pb2.WORKER_STATE_IDLE
BUSY = render_service_pb2.WORKER_STATE_BUSY
AWAY = render_service_pb2.WORKER_STATE_AWAY
FRAMES = 25
LIMITS = replace(QUICK, silent_seconds=PATIENT.silent_seconds)
NAMES = ("gpu0", "gpu1")


@dataclass
class Farm:
    """A render service over two containers."""

    stub: Any
    store: FsspecStore
    fakes: list[FakeContainer]

    def request(self, seconds: float = 1.0, group: str = "") -> render_service_pb2.RenderRequest:
        pcm = a_speech(seconds)
        audio = self.store.put([wav_bytes(pcm)], WAV)
        return render_service_pb2.RenderRequest(
            speech=speech_to_proto(Speech(audio, len(pcm))),
            reference=artifact_to_proto(self.store.put(PORTRAIT, "image/jpeg")),
            engine="heygem",
            frame_rate=25,
            width_pixels=96,
            height_pixels=120,
            device_group=group,
        )

    async def frames(self, request: render_service_pb2.RenderRequest) -> int:
        *_, last = [response async for response in self.stub.Render(request)]
        return int(last.clip.frames)

    async def refusal(self, request: render_service_pb2.RenderRequest) -> S2VError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.frames(request)
        return from_rpc_error(caught.value)

    async def workers(self) -> Sequence[render_service_pb2.Worker]:
        listed = await self.stub.ListWorkers(render_service_pb2.ListWorkersRequest())
        return list(listed.workers)

    async def engine(self) -> render_service_pb2.Engine:
        listed = await self.stub.ListEngines(render_service_pb2.ListEnginesRequest())
        [engine] = listed.engines
        return engine

    async def until(self, is_so: Callable[[Sequence[render_service_pb2.Worker]], bool]) -> None:
        while not is_so(await self.workers()):  # noqa: ASYNC110 (another process knows)
            await asyncio.sleep(0.02)

    async def until_states(self, *states: int) -> None:
        await self.until(lambda workers: tuple(worker.state for worker in workers) == states)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    ray_cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Farm]:
    folder = tmp_path_factory.mktemp("farm")
    store_url = str(folder / "store")
    stack = ExitStack()
    fakes = [stack.enter_context(container(folder / name)) for name in NAMES]
    here = WorkerConfig(Registry({}), store_url=store_url, stall_seconds=5.0, pulse_seconds=0.1)
    elsewhere = [
        replace(
            here,
            registry=REGISTRY.only(["heygem"]),
            engine_settings={"heygem": HeygemSettings(shared(fake, name), LIMITS)},
            elsewhere=Elsewhere(f"heygem {name}", name, failures=2, rest_seconds=0.5),
        )
        for name, fake in zip(NAMES, fakes, strict=True)
    ]
    pool = WorkerPool(ray_cluster, here, workers=0, elsewhere=elsewhere, max_waiting=2)
    server = Server("127.0.0.1:0", ["s2v.api.render.v1.RenderService"])
    store = FsspecStore(store_url)
    servicer = RenderServicer(pool, store, default_engine="heygem", withheld={})
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    await pool.start()
    async with connect(server.address) as channel:
        yield Farm(render_service_pb2_grpc.RenderServiceStub(channel), store, fakes)
    await server.stop(0)
    await pool.stop()
    stack.close()


@pytest_asyncio.fixture(loop_scope="module")
async def farm(running: Farm) -> AsyncIterator[Farm]:
    """The one that is running, with nothing to do; containers that were killed are started."""
    with ExitStack() as stack:
        for index, fake in enumerate(running.fakes):
            if not fake.runs:
                port = int(fake.url.rpartition(":")[2])
                running.fakes[index] = stack.enter_context(container(fake.folder, port=port))
            running.fakes[index].start_anew()
        await running.until_states(IDLE, IDLE)
        for fake in running.fakes:
            fake.start_anew()
        yield running


async def happened(fake: FakeContainer, what: str) -> None:
    await asyncio.to_thread(fake.wait_for, what)


async def test_each_container_has_a_worker_and_the_group_asked_for_renders(farm: Farm) -> None:
    engine = await farm.engine()
    workers = await farm.workers()

    assert [worker.device for worker in workers] == ["heygem gpu0", "heygem gpu1"]
    assert (engine.name, engine.problem, list(engine.device_groups)) == ("heygem", "", list(NAMES))
    assert await farm.frames(farm.request(group="gpu1")) == FRAMES
    assert [len(fake.submitted) for fake in farm.fakes] == [0, 1]


async def test_takes_run_side_by_side_and_the_third_waits(farm: Farm) -> None:
    for fake in farm.fakes:
        fake.behave("held")
    requests = [farm.request(seconds) for seconds in (1.0, 1.2, 1.4)]
    takes = [asyncio.create_task(farm.frames(request)) for request in requests]
    await asyncio.gather(*(happened(fake, "accepted") for fake in farm.fakes))
    listed = await farm.stub.ListWorkers(render_service_pb2.ListWorkersRequest())

    assert listed.waiting_takes == 1
    for fake in farm.fakes:
        fake.behave()
    assert await asyncio.gather(*takes) == [25, 30, 35]


async def test_a_take_whose_container_is_killed_goes_to_the_other_one(farm: Farm) -> None:
    dying, other = farm.fakes
    dying.behave("held")
    take = asyncio.create_task(farm.frames(farm.request(group="gpu0")))
    await happened(dying, "told that it runs")

    dying.kill()

    assert await take == FRAMES
    assert len(other.submitted) == 1
    await farm.until_states(AWAY, IDLE)
    away = (await farm.workers())[0]
    assert 'container "gpu0"' in away.problem
    assert (await farm.engine()).problem == ""
    assert await farm.frames(farm.request(group="gpu0")) == FRAMES


async def test_one_that_is_there_again_renders_again(farm: Farm) -> None:
    farm.fakes[0].kill()
    await farm.until_states(AWAY, IDLE)

    port = int(farm.fakes[0].url.rpartition(":")[2])
    with container(farm.fakes[0].folder, port=port) as back:
        await farm.until_states(IDLE, IDLE)
        assert await farm.frames(farm.request(group="gpu0")) == FRAMES
        assert len(back.submitted) == 1


async def test_when_all_are_away_takes_are_refused_and_the_engine_says_why(farm: Farm) -> None:
    farm.fakes[0].kill()
    await farm.until_states(AWAY, IDLE)
    farm.fakes[1].behave("held")
    takes = [asyncio.create_task(farm.refusal(farm.request(s))) for s in (1.0, 1.2)]
    await happened(farm.fakes[1], "told that it runs")

    farm.fakes[1].kill()

    errors = [*await asyncio.gather(*takes), await farm.refusal(farm.request())]
    assert {error.reason for error in errors} == {Reason.SERVICE_UNAVAILABLE}
    problem = (await farm.engine()).problem
    assert 'container "gpu0" is away' in problem
    assert 'container "gpu1"' in problem


async def test_what_one_fails_at_the_next_one_makes_and_it_rests(farm: Farm) -> None:
    bad, good = farm.fakes
    bad.behave("corrupt")

    for seconds in (1.0, 1.2):
        take = farm.frames(farm.request(seconds, "gpu0"))
        assert await take == round(25 * seconds)

    assert (len(bad.submitted), len(good.submitted)) == (2, 2)


async def test_a_busy_container_of_others_is_passed_over(farm: Farm) -> None:
    farm.fakes[0].behave("busy_for_ever")

    assert await farm.frames(farm.request(group="gpu0")) == FRAMES
    assert [fake.count("busy") for fake in farm.fakes] == [1, 0]


async def test_what_all_fail_at_fails_with_what_was_wrong(farm: Farm) -> None:
    for fake in farm.fakes:
        fake.behave("fails")

    error = await farm.refusal(farm.request())

    assert error.reason is Reason.RENDER_FAILED
    assert "no final result" in error.message
    assert sum(len(fake.submitted) for fake in farm.fakes) == 3


async def test_a_cancelled_take_keeps_its_worker_until_the_container_is_free(farm: Farm) -> None:
    fake = farm.fakes[0]
    fake.behave("held")
    call = farm.stub.Render(farm.request(group="gpu0"))
    reading = asyncio.create_task(call.read())
    await happened(fake, "told that it runs")
    before = await farm.workers()

    call.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    asked = fake.count("asked")
    while fake.count("asked") < asked + 3:  # noqa: ASYNC110 (another process counts)
        await asyncio.sleep(0.02)
    assert (await farm.workers())[0].state == BUSY
    assert await farm.frames(farm.request(1.2, group="gpu0")) == 30
    fake.go_on()
    await farm.until_states(IDLE, IDLE)
    assert [worker.pid for worker in await farm.workers()] == [worker.pid for worker in before]
    assert len(fake.submitted) == 1
    assert fake.files == []


async def test_a_worker_that_is_killed_goes_on_with_what_the_container_makes(farm: Farm) -> None:
    fake = farm.fakes[0]
    fake.behave("held")
    take = asyncio.create_task(farm.frames(farm.request(group="gpu0")))
    await happened(fake, "told that it runs")

    os.kill((await farm.workers())[0].pid, signal.SIGKILL)
    await farm.until(lambda workers: workers[0].restarts == 1 and workers[0].state == BUSY)
    fake.go_on()

    assert await take == FRAMES
    assert len(fake.submitted) == 1
    assert farm.fakes[1].submitted == []
