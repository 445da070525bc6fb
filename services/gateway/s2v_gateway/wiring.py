"""Put a gateway together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import structlog

from s2v.api.gateway.v1 import (
    asset_service_pb2_grpc,
    generation_service_pb2_grpc,
    job_service_pb2_grpc,
    system_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from s2v.api.render.v1 import render_service_pb2
from s2v.core.stages import Stages
from s2v.media.probe import probe
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v_gateway.assets.library import Assets
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import Spool
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.accepting import Desk
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.database import create_tables, open_database
from s2v_gateway.records.jobs import Jobs
from s2v_gateway.servicers.assets import AssetServicer
from s2v_gateway.servicers.generation import GenerationServicer
from s2v_gateway.servicers.jobs import JobServicer
from s2v_gateway.servicers.system import SystemServicer
from s2v_gateway.servicers.voices import VoiceServicer
from s2v_gateway.settings import GatewaySettings

_PACKAGE = "s2v.api.gateway.v1"
_SERVICES = tuple(
    f"{_PACKAGE}.{name}Service" for name in ("Asset", "Generation", "Job", "System", "Voice")
)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is wired but not running yet."""

    server: Server
    studio: Studio
    assets: Assets
    store: FsspecStore
    database_url: str

    async def open(self) -> None:
        """Go on with the jobs that have not ended."""
        await self.studio.open(self.database_url)


def wire(
    settings: GatewaySettings,
    stages: Stages,
    catalogue: Catalogue,
    *,
    channels: Mapping[str, grpc.aio.Channel],
    list_workers: Callable[[], Awaitable[Sequence[render_service_pb2.Worker]]],
) -> Gateway:
    """Build a gateway over whoever does the work; tests give fakes."""
    limits = Limits(
        max_reference_seconds=settings.max_reference_seconds,
        max_upload_bytes=settings.max_upload_bytes,
        max_queued_jobs=settings.max_queued_jobs,
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database)
    create_tables(database)
    store = FsspecStore(settings.store_url)
    assets = Assets(
        database,
        store,
        staging=settings.data_dir / "uploads",
        probe=probe,
        max_upload_bytes=limits.max_upload_bytes,
    )
    jobs = Jobs(database, max_queued_jobs=limits.max_queued_jobs)
    feed = Feed()
    studio = Studio(
        jobs,
        assets,
        stages,
        feed=feed,
        spool=Spool(settings.data_dir / "media"),
        max_running_jobs=settings.max_running_jobs,
        parallel_takes=settings.parallel_takes,
        measuring=Measuring(jobs, stages) if settings.measure_films else None,
    )
    desk = Desk(catalogue, assets, jobs, studio, limits)
    server = Server(settings.listen, _SERVICES, reflection_enabled=settings.reflection)
    asset_service_pb2_grpc.add_AssetServiceServicer_to_server(AssetServicer(assets), server.grpc)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(
        JobServicer(desk, studio, jobs, feed), server.grpc
    )
    generation_service_pb2_grpc.add_GenerationServiceServicer_to_server(
        GenerationServicer(desk, studio, jobs, assets, feed=feed, limits=limits), server.grpc
    )
    system = SystemServicer(catalogue, jobs, limits, channels=channels, list_workers=list_workers)
    system_service_pb2_grpc.add_SystemServiceServicer_to_server(system, server.grpc)
    voice_service_pb2_grpc.add_VoiceServiceServicer_to_server(VoiceServicer(catalogue), server.grpc)
    return Gateway(
        server, studio, assets, store, database.url.render_as_string(hide_password=False)
    )


async def sweep(gateway: Gateway, *, older_than_seconds: float) -> None:
    """Drop expired uploads, and artifacts that are no asset and of no unfinished job."""
    uploads = await asyncio.to_thread(gateway.assets.sweep_uploads, datetime.now(UTC))
    keep = await gateway.studio.artifacts_in_use()
    keep |= await asyncio.to_thread(gateway.assets.digests)
    artifacts = await asyncio.to_thread(
        gateway.store.sweep, keep, older_than_seconds=older_than_seconds
    )
    if uploads or artifacts:
        _log.info("swept", uploads=uploads, artifacts=artifacts)
