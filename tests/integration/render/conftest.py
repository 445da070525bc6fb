"""One service for all tests of a module; the engines are fakes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from render_studio import Studio
from s2v.api.render.v1 import render_service_pb2_grpc
from s2v.core.ports import Continuity
from s2v.core.registry import Registry
from s2v.rpc.channel import connect
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v_render.servicer import RenderServicer
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.config import WorkerConfig
from s2v_render.workers.pool import WorkerPool

REGISTRY = Registry(
    {
        "directed": "s2v.testing.fakes_render:DirectedFakeEngine",
        "fake": "s2v.testing.fakes_render:FakeEngine",
        "impatient": "s2v.testing.fakes_render:ImpatientFakeEngine",
        "sequential": "s2v.testing.fakes_render:FakeEngine",
    }
)
SETTINGS = {"sequential": Continuity.SEQUENTIAL}


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
