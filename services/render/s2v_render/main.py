"""Start the render service: python -m s2v_render.main."""

import asyncio
import os
import signal
from dataclasses import replace

import structlog

from s2v.api.render.v1 import render_service_pb2_grpc
from s2v.rpc.home import default_home
from s2v.rpc.logs import configure_logs
from s2v.rpc.metrics import collect
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.rpc.tracing import configure_tracing
from s2v.rpc.trust import admit_by_token
from s2v.store.artifacts import FsspecStore
from s2v_render.offering import Offer, Remotely, offered
from s2v_render.servicer import RenderServicer
from s2v_render.settings import RenderSettings
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.config import WorkerConfig
from s2v_render.workers.gpus import gpu_gauges
from s2v_render.workers.pool import WorkerPool
from s2v_render.workers.telling import WorkerGauges

_log = structlog.get_logger()


async def serve(settings: RenderSettings) -> None:
    """Wire everything together and serve until a signal comes or Ray is gone."""
    offer = offered(settings)
    cluster = RayCluster(settings.processors(len(offer.remotely)), settings.ray_dashboard)
    # Ray starts its processes by fork, and a fork beside gRPC's threads hangs now and then. So Ray
    # comes first, and the port opens some seconds later.
    await cluster.start()
    gpus = cluster.gpus if offer.uses_gpu else []
    # A worker of several ranks is on one machine.
    ranks = settings.ranks_per_worker(gpus) if offer.uses_gpu else 1
    workers = settings.worker_count(sum(count // ranks for count in gpus), ranks)
    server = Server(
        settings.listen,
        ["s2v.api.render.v1.RenderService"],
        reflection_enabled=settings.reflection,
        admit=admit_by_token(settings.internal_token),
        limits=settings.call_limits,
        log_level=settings.log_level,
        metrics_listen=settings.metrics_listen,
        introduces_itself=True,
    )
    config = _config(settings, offer, workers=workers, ranks=ranks, on_gpu=any(gpus))
    pool = WorkerPool(
        cluster,
        config,
        workers=workers,
        elsewhere=[_config_elsewhere(config, device) for device in offer.remotely],
        max_waiting=settings.waiting_room(workers),
        when_gone=_leave,
    )
    servicer = RenderServicer(
        pool,
        FsspecStore(settings.store_url),
        default_engine=settings.engine,
        withheld=offer.withheld,
    )
    render_service_pb2_grpc.add_RenderServiceServicer_to_server(servicer, server.grpc)

    collect(WorkerGauges(pool.status, lambda: pool.waiting))
    if any(gpus) and (gauges := gpu_gauges()):
        collect(gauges)

    async def close() -> None:
        if not cluster.is_lost:
            await pool.stop()
        await cluster.stop()

    await server.run(warm=pool.start, close=close, grace_seconds=settings.shutdown_grace_seconds)
    if cluster.is_lost:
        # Ray's own farewell at the exit would wait for what is gone.
        os._exit(1)


def _config(
    settings: RenderSettings, offer: Offer, *, workers: int, ranks: int, on_gpu: bool
) -> WorkerConfig:
    return WorkerConfig(
        offer.registry,
        store_url=settings.store_url,
        engine_settings=offer.settings,
        threads=settings.threads_per_process(workers * ranks),
        log_level=settings.log_level,
        ranks=ranks,
        gpus=1 if on_gpu else 0,
        stall_seconds=settings.stall_seconds,
        profiles=default_home() / "profiles" if settings.profile else None,
    )


def _config_elsewhere(config: WorkerConfig, device: Remotely) -> WorkerConfig:
    return replace(
        config,
        registry=device.registry,
        engine_settings={device.engine: device.settings},
        ranks=1,
        gpus=0,
        elsewhere=device.elsewhere,
    )


def _leave() -> None:
    """Drain and exit: a supervisor starts service and Ray anew, sooner and surer than we could."""
    _log.error("Ray has stopped; leaving")
    signal.raise_signal(signal.SIGTERM)


def main() -> None:
    """Run the render service."""
    # The workers inherit it. NumPy's threads wait actively and take the processors from those that
    # draw and encode.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    settings = read_settings(RenderSettings)
    configure_logs("render", settings.log_level)
    configure_tracing("render")
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
