"""Put a gateway together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import grpc
import sqlalchemy

from s2v.api.gateway.v1 import (
    asset_service_pb2_grpc,
    generation_service_pb2_grpc,
    job_service_pb2_grpc,
    system_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from s2v.api.render.v1 import render_service_pb2
from s2v.core.stages import Stages
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.reading import Reader
from s2v.rpc.interceptor import Admit
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.callers import admit_local
from s2v_gateway.assets.checks import Checks
from s2v_gateway.assets.library import Keeping, Library
from s2v_gateway.assets.uploads import Uploads
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.events.stream import JobStream
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.retention import Retention
from s2v_gateway.jobs.running import Studio, Surroundings
from s2v_gateway.jobs.scripts import OpenScripts
from s2v_gateway.orders.accepting import Accepting
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.database import open_database
from s2v_gateway.records.deletions import Deletions
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.jobs import JobRecords
from s2v_gateway.records.lock import DatabaseLock, lock_database
from s2v_gateway.records.migrating import migrate
from s2v_gateway.servicers.assets import AssetServicer
from s2v_gateway.servicers.generation import GenerationServicer
from s2v_gateway.servicers.jobs import JobServicer
from s2v_gateway.servicers.messages import job_to_proto
from s2v_gateway.servicers.system import SystemServicer
from s2v_gateway.servicers.voices import VoiceServicer
from s2v_gateway.settings import GatewaySettings

_PACKAGE = "s2v.api.gateway.v1"
_SERVICES = tuple(
    f"{_PACKAGE}.{name}Service" for name in ("Asset", "Generation", "Job", "System", "Voice")
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is wired but not running yet."""

    server: Server
    studio: Studio
    retention: Retention
    store: FsspecStore
    database: sqlalchemy.Engine
    lock: DatabaseLock
    max_threads: int

    async def open(self) -> None:
        """Go on with the jobs that have not ended."""
        url = self.database.url.render_as_string(hide_password=False)
        await self.studio.open(url, max_threads=self.max_threads)

    def close(self) -> None:
        """Give the database back."""
        self.database.dispose()
        self.lock.release()


def wire(
    settings: GatewaySettings,
    stages: Stages,
    catalogue: Catalogue,
    *,
    channels: Mapping[str, grpc.aio.Channel],
    list_workers: Callable[[], Awaitable[Sequence[render_service_pb2.Worker]]],
    admit: Admit = admit_local,
) -> Gateway:
    """Build a gateway over whoever does the work; tests give fakes.

    `admit` finds out who makes a call, or refuses it.

    Raises:
        DatabaseInUse: another gateway has the database.
    """
    limits = Limits(
        max_reference_seconds=settings.max_reference_seconds,
        max_upload_bytes=settings.max_upload_bytes,
        max_queued_jobs=settings.max_queued_jobs,
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    alarms = Alarms()
    database = open_database(settings.database, on_error=alarms.hear)
    lock = lock_database(database)
    migrate(database)
    store = FsspecStore(settings.store_url)
    keeping = _keeping(settings)
    library = Library(database, store, keeping=keeping)
    uploads = Uploads(
        database,
        store,
        library,
        folder=settings.data_dir / "uploads",
        probe=Checks(
            _reader(settings).probe,
            max_at_once=settings.max_checks,
            max_waiting=settings.max_waiting_checks,
        ),
        max_upload_bytes=limits.max_upload_bytes,
    )
    records = JobRecords(database, max_queued_jobs=limits.max_queued_jobs)
    lookup = JobLookup(database)
    deletions = Deletions(database, lambda: datetime.now(UTC))
    feed = Feed()
    live_media = LiveMedia(settings.data_dir / "media")
    scripts = OpenScripts(records)
    studio = Studio(
        Surroundings(
            records=records,
            deletions=deletions,
            library=library,
            store=store,
            stages=stages,
            feed=feed,
            live_media=live_media,
            scripts=scripts,
            alarms=alarms,
            measuring=Measuring(stages) if settings.measure_films else None,
        ),
        max_running_jobs=settings.max_running_jobs,
        parallel_takes=settings.parallel_takes,
    )
    retention = Retention(
        studio=studio,
        deletions=deletions,
        library=library,
        uploads=uploads,
        live_media=live_media,
        store=store,
        keeping=keeping,
        live_media_seconds=settings.live_media_seconds,
    )
    accepting = Accepting(catalogue, library, records, lookup, limits=limits, start=studio.start)
    stream = JobStream(lookup, feed, live_media)
    spell = partial(job_to_proto, keep=keeping.jobs)
    server = Server(
        settings.listen,
        _SERVICES,
        reflection_enabled=settings.reflection,
        admit=admit,
        limits=settings.call_limits,
    )
    asset_service_pb2_grpc.add_AssetServiceServicer_to_server(
        AssetServicer(uploads, library), server.grpc
    )
    job_service_pb2_grpc.add_JobServiceServicer_to_server(
        JobServicer(accepting, studio, lookup, stream, spell=spell), server.grpc
    )
    generation_service_pb2_grpc.add_GenerationServiceServicer_to_server(
        GenerationServicer(
            accepting, studio, scripts, uploads, stream=stream, limits=limits, spell=spell
        ),
        server.grpc,
    )
    system_service_pb2_grpc.add_SystemServiceServicer_to_server(
        SystemServicer(
            catalogue,
            lookup,
            limits,
            alarms,
            live_media_seconds=settings.live_media_seconds,
            channels=channels,
            list_workers=list_workers,
        ),
        server.grpc,
    )
    voice_service_pb2_grpc.add_VoiceServiceServicer_to_server(VoiceServicer(catalogue), server.grpc)
    # A file that waits to be checked waits in a thread.
    threads = settings.max_threads + settings.max_checks + settings.max_waiting_checks
    return Gateway(server, studio, retention, store, database, lock, threads)


def _reader(settings: GatewaySettings) -> Reader:
    looking = Allowance(
        memory_bytes=settings.check_memory_bytes,
        cpu_seconds=settings.check_seconds,
        seconds=2.0 * settings.check_seconds,
    )
    return Reader(looking=looking, limits=settings.file_limits)


def _keeping(settings: GatewaySettings) -> Keeping:
    def days(number: float) -> timedelta | None:
        return timedelta(days=number) if number else None

    return Keeping(
        uploads=days(settings.keep_uploads_days),
        jobs=days(settings.keep_jobs_days),
        max_upload_bytes=settings.max_uploaded_bytes,
        max_film_bytes=settings.max_film_bytes,
    )
