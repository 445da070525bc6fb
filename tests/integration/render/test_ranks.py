"""A worker of two ranks, which begin, go on, end and die together; the engine is a fake."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from render_studio import FRAMES, LONG_FRAMES, Studio, begun, slowly, until
from s2v.api.render.v1 import render_service_pb2_grpc
from s2v.core.errors import Reason
from s2v.core.registry import Registry
from s2v.rpc.channel import connect
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_render import FakeScript
from s2v_render.servicer import RenderServicer
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.config import WorkerConfig
from s2v_render.workers.pool import WorkerPool

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTRY = Registry(
    {
        "fake": "s2v.testing.fakes_render:SharedFakeEngine",
        "unshared": "s2v.testing.fakes_render:FakeEngine",
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    ray_cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Studio]:
    store_url = str(tmp_path_factory.mktemp("store"))
    store = FsspecStore(store_url)
    config = WorkerConfig(
        REGISTRY, store_url=store_url, ranks=2, stall_seconds=5.0, pulse_seconds=0.2
    )
    pool = WorkerPool(ray_cluster, config, workers=1, max_waiting=1)
    server = Server("127.0.0.1:0", ["s2v.api.render.v1.RenderService"])
    servicer = RenderServicer(pool, store, default_engine="fake", withheld={})
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    await pool.start()
    async with connect(server.address) as channel:
        yield Studio(render_service_pb2_grpc.RenderServiceStub(channel), store)
    await server.stop(0)
    await pool.stop()


async def ranks(folder: Path) -> list[int]:
    """Wait until the take has begun on both ranks; return their process ids."""
    await begun(folder)
    return [int((folder / f"rank-{rank}").read_text()) for rank in range(2)]


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def until_gone(pid: int) -> None:
    async def gone() -> bool:
        return is_gone(pid)

    await until(gone)


async def test_both_ranks_make_every_take(studio: Studio, folder: Path) -> None:
    for _ in range(2):
        clip = await studio.clip(studio.request(FakeScript(str(folder))))
        assert studio.decoded(clip) == list(range(FRAMES))
    leader, follower = await ranks(folder)
    worker = await studio.until_idle()

    assert worker.pid == leader != follower
    assert (worker.device, worker.restarts) == ("2 x cpu", 0)


async def test_an_engine_that_is_not_shared_renders_on_the_first_rank(studio: Studio) -> None:
    clip = await studio.clip(studio.request(engine="unshared"))

    assert clip.frames == FRAMES


async def test_a_cancelled_take_is_left_by_both(studio: Studio, folder: Path) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    before = await ranks(folder)

    call.cancel()

    await studio.until_idle()
    assert (await studio.clip(studio.request(FakeScript(str(folder))))).frames == FRAMES
    assert await ranks(folder) == before


async def test_what_the_engine_refuses_is_told_and_the_ranks_go_on(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()

    refusal = await studio.refusal(studio.request(FakeScript(refuse=True)))

    assert refusal.reason is Reason.FACE_NOT_FOUND
    assert (await studio.clip(studio.request())).frames == FRAMES
    assert await studio.restarts() == restarts


@pytest.mark.parametrize("rank", [0, 1])
async def test_when_a_rank_is_killed_all_come_back_and_the_take_is_tried_again(
    studio: Studio, folder: Path, rank: int
) -> None:
    restarts = await studio.restarts()
    rendering = asyncio.create_task(
        studio.responses(studio.request(slowly(folder), frames=LONG_FRAMES))
    )
    before = await ranks(folder)

    os.kill(before[rank], signal.SIGKILL)
    (folder / "go").touch()
    responses = await rendering

    assert responses[-1].clip.frames == LONG_FRAMES
    assert await studio.restarts() == restarts + 1
    assert not set(await ranks(folder)) & set(before)
    for pid in before:
        await until_gone(pid)


async def test_a_rank_that_dies_idle_is_noticed_by_the_next_take(
    studio: Studio, folder: Path
) -> None:
    await studio.clip(studio.request(FakeScript(str(folder))))
    restarts = await studio.restarts()
    _, follower = await ranks(folder)
    os.kill(follower, signal.SIGKILL)

    assert (await studio.clip(studio.request())).frames == FRAMES
    assert await studio.restarts() == restarts + 1
