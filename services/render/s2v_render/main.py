"""Start the render service: python -m s2v_render.main."""

import asyncio
import os
import signal

import structlog

from s2v.api.render.v1 import render_service_pb2_grpc
from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.store.artifacts import FsspecStore
from s2v_render.cluster import RayCluster
from s2v_render.engines import DEFAULT_ENGINE, REGISTRY
from s2v_render.pool import WorkerConfig, WorkerPool
from s2v_render.servicer import RenderServicer
from s2v_render.settings import RenderSettings

_log = structlog.get_logger()


async def serve(settings: RenderSettings) -> None:
    """Wire everything together and serve until a signal comes or Ray is gone."""
    workers, threads = settings.worker_count, settings.threads_per_worker
    config = WorkerConfig(
        REGISTRY, store_url=settings.store_url, threads=threads, log_level=settings.log_level
    )
    cluster = RayCluster(workers * threads)
    # Ray starts its processes by fork, and a fork beside gRPC's threads hangs now and then. So Ray
    # comes first, and the port opens some seconds later.
    await cluster.start()
    server = Server(
        settings.listen,
        ["s2v.api.render.v1.RenderService"],
        reflection_enabled=settings.reflection,
    )
    pool = WorkerPool(
        cluster,
        config,
        workers=workers,
        max_waiting=settings.waiting_room,
        when_gone=_leave,
    )
    servicer = RenderServicer(pool, FsspecStore(settings.store_url), default_engine=DEFAULT_ENGINE)
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(servicer, server.grpc)

    async def close() -> None:
        if not cluster.is_lost:
            await pool.stop()
        await cluster.stop()

    await server.run(warm=pool.start, close=close, grace_seconds=settings.shutdown_grace_seconds)
    if cluster.is_lost:
        # Ray's own farewell at the exit would wait for what is gone.
        os._exit(1)


def _leave() -> None:
    """Drain and exit: a supervisor starts service and Ray anew, sooner and surer than we could."""
    _log.error("Ray has stopped; leaving")
    signal.raise_signal(signal.SIGTERM)


def main() -> None:
    """Run the render service."""
    settings = read_settings(RenderSettings)
    configure_logs("render", settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
