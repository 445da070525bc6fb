"""SystemService: what this server is and how it is."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import grpc
import structlog

from s2v.api.gateway.v1 import system_service_pb2, system_service_pb2_grpc
from s2v.api.render.v1 import render_service_pb2
from s2v.core.errors import S2VError
from s2v.core.job import JobState
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.interceptor import Context
from s2v.rpc.introducing import RELEASE, introduced
from s2v_gateway.access.callers import Role, caller, require
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.servicers.messages import ENGINES
from s2v_gateway.servicers.paging import page_of

_HEALTH_SECONDS = 2.0

_log = structlog.get_logger()


class SystemServicer(system_service_pb2_grpc.SystemServiceServicer):
    """See system_service.proto."""

    def __init__(
        self,
        catalogue: Catalogue,
        lookup: JobLookup,
        limits: Limits,
        alarms: Alarms,
        *,
        live_media_seconds: float,
        channels: Mapping[str, grpc.aio.Channel],
        list_workers: Callable[[], Awaitable[Sequence[render_service_pb2.Worker]]],
        folders: Mapping[str, Path],
    ) -> None:
        self._catalogue = catalogue
        self._lookup = lookup
        self._live_media_seconds = live_media_seconds
        self._limits = limits
        self._alarms = alarms
        self._channels = channels
        self._list_workers = list_workers
        self._folders = folders

    async def GetServerInfo(
        self, request: system_service_pb2.GetServerInfoRequest, context: Context
    ) -> system_service_pb2.GetServerInfoResponse:
        return system_service_pb2.GetServerInfoResponse(
            version=RELEASE,
            max_text_characters=self._limits.max_text_characters,
            max_transcript_characters=self._limits.max_transcript_characters,
            max_audio_seconds=self._limits.max_audio_seconds,
            max_upload_bytes=self._limits.max_upload_bytes,
            max_queued_jobs=self._limits.max_queued_jobs,
            max_reference_seconds=self._limits.max_reference_seconds,
            live_media_seconds=self._live_media_seconds,
            job_timeout_seconds=self._limits.job_timeout_seconds,
        )

    async def GetSystemStatus(
        self, request: system_service_pb2.GetSystemStatusRequest, context: Context
    ) -> system_service_pb2.GetSystemStatusResponse:
        require(caller(), Role.ADMIN)
        checks = [_status(name, channel) for name, channel in self._channels.items()]
        counts, storage, workers, services = await asyncio.gather(
            asyncio.to_thread(self._lookup.count),
            asyncio.to_thread(self._storage),
            self._workers(),
            asyncio.gather(*checks),
        )
        response = system_service_pb2.GetSystemStatusResponse(
            services=services,
            workers=workers,
            queued_jobs=counts.get(JobState.QUEUED, 0),
            running_jobs=counts.get(JobState.RUNNING, 0) + counts.get(JobState.CANCELLING, 0),
            alarms=self._alarms.told(),
            storage=storage,
        )
        response.server_time.GetCurrentTime()
        return response

    def _storage(self) -> list[system_service_pb2.StorageStatus]:
        return [_storage(name, folder) for name, folder in self._folders.items()]

    async def ListEngines(
        self, request: system_service_pb2.ListEnginesRequest, context: Context
    ) -> system_service_pb2.ListEnginesResponse:
        offers = await self._catalogue.engines()
        names = [offer.name for offer in offers]
        page, token = page_of(offers, names, size=request.page_size, token=request.page_token)
        return system_service_pb2.ListEnginesResponse(
            next_page_token=token,
            engines=[
                system_service_pb2.Engine(
                    name=f"{ENGINES}{engine.name}",
                    description=engine.description,
                    frame_rates=engine.frame_rates,
                    min_side_pixels=engine.min_side_pixels,
                    max_side_pixels=engine.max_side_pixels,
                    reference_media_types=engine.reference_media_types,
                    directed=engine.directed,
                    side_step_pixels=engine.side_step_pixels,
                    problem=engine.problem,
                    default_frame_rate=engine.default_frame_rate,
                    least_area_pixels=engine.least_area_pixels,
                    presets=[
                        system_service_pb2.Preset(name=p.name, description=p.description)
                        for p in engine.presets
                    ],
                )
                for engine in page
            ],
        )

    async def _workers(self) -> list[system_service_pb2.WorkerStatus]:
        try:
            workers = await self._list_workers()
        except S2VError:
            return []
        return [
            system_service_pb2.WorkerStatus(
                name=worker.name,
                state=render_service_pb2.WorkerState.Name(worker.state)
                .removeprefix("WORKER_STATE_")
                .lower(),
                device=worker.device,
                restarts=worker.restarts,
                problem=worker.problem,
            )
            for worker in workers
        ]


async def _status(name: str, channel: grpc.aio.Channel) -> system_service_pb2.ServiceStatus:
    try:
        told = await introduced(channel, timeout_seconds=_HEALTH_SECONDS)
    except grpc.RpcError as error:
        _log.info("service does not answer", callee=name, cause=from_rpc_error(error).message)
        return system_service_pb2.ServiceStatus(
            name=name, serving=False, message="it does not answer"
        )
    return system_service_pb2.ServiceStatus(
        name=name,
        serving=told.serving,
        message="" if told.serving else "it starts or shuts down",
        version=told.version,
        clock_ahead_seconds=told.clock_ahead_seconds,
    )


def _storage(name: str, folder: Path) -> system_service_pb2.StorageStatus:
    whole = folder.absolute()
    # It may be made with the first thing that is put into it.
    usage = shutil.disk_usage(next(path for path in (whole, *whole.parents) if path.exists()))
    return system_service_pb2.StorageStatus(
        name=name, free_bytes=usage.free, total_bytes=usage.total
    )
