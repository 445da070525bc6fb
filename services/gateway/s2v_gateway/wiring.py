"""Put a gateway together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import grpc
import sqlalchemy

from s2v.api.gateway.v1 import (
    asset_service_pb2_grpc,
    generation_service_pb2_grpc,
    job_pb2,
    job_service_pb2_grpc,
    system_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from s2v.api.render.v1 import render_service_pb2
from s2v.core.job import Job
from s2v.core.stages import Stages, VoiceStages
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.reading import Reader
from s2v.rpc.interceptor import Admit, Context
from s2v.rpc.server import Server
from s2v.rpc.trust import admit_by_token
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.setting_up import admission_of, quotas_of, server_of
from s2v_gateway.assets.checks import Checks
from s2v_gateway.assets.library import Keeping, Library
from s2v_gateway.assets.uploads import Uploads
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.events.stream import JobStream
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.durable import open_checkpoints
from s2v_gateway.jobs.expecting import Expecting
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.retention import Retention
from s2v_gateway.jobs.running import Studio
from s2v_gateway.jobs.scripts import OpenScripts
from s2v_gateway.jobs.surroundings import Surroundings
from s2v_gateway.orders.accepting import Accepting
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.database import close_database, open_database
from s2v_gateway.records.deletions import Deletions
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.jobs import JobRecords
from s2v_gateway.records.keys import KeyRecords
from s2v_gateway.records.leading import fence, new_name
from s2v_gateway.records.lock import DatabaseLock, lock_database
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.throughput import ThroughputRecords
from s2v_gateway.records.usage import Usage
from s2v_gateway.records.voices import VoiceRecords
from s2v_gateway.records.webhooks import WebhookRecords
from s2v_gateway.servicers.assets import AssetServicer
from s2v_gateway.servicers.generation import GenerationServicer
from s2v_gateway.servicers.jobs import JobServicer
from s2v_gateway.servicers.messages import job_to_proto
from s2v_gateway.servicers.system import SystemServicer
from s2v_gateway.servicers.voices import VoiceServicer
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.voices.library import Voices
from s2v_gateway.voices.previews import Previews
from s2v_gateway.webhooks.delivering import Webhooks

_PACKAGE = "s2v.api.gateway.v1"
SERVICES = tuple(
    f"{_PACKAGE}.{name}Service" for name in ("Asset", "Generation", "Job", "System", "Voice")
)
"""Full names of what a gateway serves."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is wired but not running yet; `peers` is there for those that follow it."""

    server: Server
    peers: Server | None
    studio: Studio
    retention: Retention
    store: FsspecStore
    database: sqlalchemy.Engine
    checkpoints: sqlalchemy.Engine
    lock: DatabaseLock
    audit: AuditLog
    max_threads: int
    webhooks: Webhooks | None

    async def open(self) -> None:
        """Go on with the jobs that have not ended."""
        await self.studio.open(self.checkpoints, max_threads=self.max_threads)
        if self.peers:
            await self.peers.start()
            await self.peers.serving()

    async def leave(self, grace_seconds: float) -> None:
        """Take nothing any more from those that follow."""
        if self.peers:
            await self.peers.stop(grace_seconds)

    def close(self) -> None:
        """Give the database back."""
        close_database(self.checkpoints)
        close_database(self.database)
        self.audit.close()
        self.lock.release()


def wire(
    settings: GatewaySettings,
    stages: Stages,
    catalogue: Catalogue,
    *,
    voice_stages: VoiceStages,
    channels: Mapping[str, grpc.aio.Channel],
    list_workers: Callable[[], Awaitable[Sequence[render_service_pb2.Worker]]],
    lock: DatabaseLock | None = None,
) -> Gateway:
    """Build a gateway over whoever does the work; tests give fakes.

    `lock` is that of the database, where this process has it already.

    Raises:
        DatabaseInUse: another gateway has the database.
        InvalidInput: FIELD_INVALID, a setting says what cannot be; `field` names it.
    """
    limits = Limits(
        max_reference_seconds=settings.max_reference_seconds,
        max_upload_bytes=settings.max_upload_bytes,
        max_queued_jobs=settings.max_queued_jobs,
        job_timeout_seconds=settings.job_timeout_seconds,
        webhooks=bool(settings.webhook_secret.get_secret_value()),
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    alarms = Alarms()
    name = lock.name if lock else new_name()
    database = open_database(settings.database, name=name, on_error=alarms.hear)
    lock = lock or lock_database(database)
    migrate(database)
    admission = admission_of(settings, KeyRecords(database))
    usage = Usage(quotas_of(settings))
    audit = AuditLog(
        settings.data_dir,
        max_bytes=settings.audit_bytes,
        max_files=settings.audit_files,
        complain=alarms.sound,
    )
    store = FsspecStore(settings.store_url)
    keeping = _keeping(settings)
    library = Library(database, store, keeping=keeping, usage=usage)
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
        usage=usage,
    )
    records = JobRecords(database, max_queued_jobs=limits.max_queued_jobs, usage=usage)
    lookup = JobLookup(database)
    webhook_records = WebhookRecords(database)
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
            expecting=Expecting(ThroughputRecords(database)),
            audit=audit,
            measuring=Measuring(stages) if settings.measure_films else None,
        ),
        max_running_jobs=settings.max_running_jobs,
        max_running_jobs_per_tenant=settings.max_running_jobs_per_tenant,
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
        audit=audit,
        live_media_seconds=settings.live_media_seconds,
    )
    voices = Voices(
        VoiceRecords(database, max_voices=settings.max_voices, usage=usage),
        catalogue,
        library,
        store,
        voice_stages,
        refuse=studio.refuse,
    )
    previews = Previews(voices, voice_stages, store, library, max_at_once=settings.max_previews)
    accepting = Accepting(
        catalogue,
        library,
        records,
        lookup,
        limits=limits,
        find_voice=voices.choose,
        start=studio.start,
        start_again=studio.start_again,
        audit=audit,
    )
    waiting = studio.queue.waiting
    stream = JobStream(lookup, feed, live_media, waiting=waiting)
    spell = partial(job_to_proto, keep=keeping.jobs, waiting=waiting)
    server = server_of(settings, SERVICES, admission)
    peers = _peers(settings, admission.admit)
    asset_servicer = AssetServicer(uploads, library, audit)
    job_servicer = JobServicer(
        accepting, studio, lookup, stream, webhook_records, spell=spell, audit=audit
    )
    generation_servicer = GenerationServicer(
        accepting, studio, scripts, uploads, stream=stream, limits=limits, spell=spell
    )
    system_servicer = SystemServicer(
        catalogue,
        lookup,
        limits,
        alarms,
        live_media_seconds=settings.live_media_seconds,
        channels=channels,
        list_workers=list_workers,
        folders=_folders(settings),
    )
    voice_servicer = VoiceServicer(voices, previews, audit)
    for one in (server, peers) if peers else (server,):
        asset_service_pb2_grpc.add_AssetServiceServicer_to_server(asset_servicer, one.grpc)
        job_service_pb2_grpc.add_JobServiceServicer_to_server(job_servicer, one.grpc)
        generation_service_pb2_grpc.add_GenerationServiceServicer_to_server(
            generation_servicer, one.grpc
        )
        system_service_pb2_grpc.add_SystemServiceServicer_to_server(system_servicer, one.grpc)
        voice_service_pb2_grpc.add_VoiceServiceServicer_to_server(voice_servicer, one.grpc)
    # A file that waits to be checked waits in a thread.
    threads = settings.max_threads + settings.max_checks + settings.max_waiting_checks
    checkpoints = open_checkpoints(settings.database, alarms, name=name)
    for engine in (database, checkpoints):
        fence(engine, name)
    lock.lead(peers.address if peers else "")
    webhooks = _webhooks(settings, webhook_records, spell) if limits.webhooks else None
    return Gateway(
        server,
        peers,
        studio,
        retention,
        store,
        database,
        checkpoints,
        lock,
        audit,
        threads,
        webhooks,
    )


def _peers(settings: GatewaySettings, admit: Admit) -> Server | None:
    """Return the server for the gateways that follow this one; None where none may."""
    if not settings.peer_listen:
        return None
    admit_peer = admit_by_token(settings.internal_token)

    async def admit_passed_on(context: Context, method: str) -> None:
        if admit_peer:
            await admit_peer(context, method)
        await admit(context, method)

    return Server(
        settings.peer_listen,
        SERVICES,
        reflection_enabled=False,
        admit=admit_passed_on,
        limits=settings.call_limits,
    )


def _webhooks(
    settings: GatewaySettings, records: WebhookRecords, spell: Callable[[Job], job_pb2.Job]
) -> Webhooks:
    return Webhooks(
        records,
        spell=spell,
        secret=settings.webhook_secret.get_secret_value(),
        private_addresses=settings.webhook_private_addresses,
    )


def _folders(settings: GatewaySettings) -> dict[str, Path]:
    """Return the folders of whose room the status tells."""
    protocol, colon, path = settings.store_url.rpartition("://")
    store = {"store": Path(path)} if not colon or protocol == "file" else {}
    return {"gateway": settings.data_dir, **store}


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
