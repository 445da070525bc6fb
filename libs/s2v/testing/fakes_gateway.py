"""A gateway in memory behind a real gRPC server, whose calls can be made to break."""

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from google_crc32c import value as crc32c
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from grpc_status import rpc_status

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import (
    asset_service_pb2,
    asset_service_pb2_grpc,
    generation_service_pb2,
    generation_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    system_service_pb2,
    system_service_pb2_grpc,
    voice_service_pb2,
    voice_service_pb2_grpc,
)
from s2v.core.errors import Cancelled, NotFound, Reason, S2VError, Unavailable
from s2v.rpc.errors import to_status

FILM = b"a film" * 100_000
_CHUNK_BYTES = 256 * 1024
_ENDED = (job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED)

T = TypeVar("T")


class FakeGateway:
    """Takes uploads, "makes" FILM of every job, and tells of it.

    Attributes:
        address: where it listens; the same after a restart.
        calls: the name of every call that came in, in order.
        write_offsets: where each accepted chunk began.
        break_after: call name to the number of messages after which that call breaks, once.
        error: what every job fails with; None for success.
        endless: whether jobs go on until they are cancelled.
        read_offsets: where each ReadAsset began.
        on_watch: called when a job's progress has been sent.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.calls: list[str] = []
        self.write_offsets: list[int] = []
        self.read_offsets: list[int] = []
        self.break_after: dict[str, int] = {}
        self.error: S2VError | None = None
        self.endless = False
        self.on_watch: Callable[[], object] = lambda: None
        self.jobs: dict[str, job_pb2.Job] = {}
        self.assets: dict[str, asset_service_pb2.Asset] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, tuple[asset_service_pb2.Upload, bytearray]] = {}
        self.cancelled = threading.Event()
        self._ids = itertools.count(1)
        self._server: grpc.Server | None = None

    def start(self) -> None:
        """Begin to answer; what happened before a `stop` is remembered."""
        self._server = grpc.server(ThreadPoolExecutor(8))
        asset_service_pb2_grpc.add_AssetServiceServicer_to_server(_Assets(self), self._server)
        job_service_pb2_grpc.add_JobServiceServicer_to_server(_Jobs(self), self._server)
        system_service_pb2_grpc.add_SystemServiceServicer_to_server(_System(), self._server)
        voice_service_pb2_grpc.add_VoiceServiceServicer_to_server(_Voices(), self._server)
        generation_service_pb2_grpc.add_GenerationServiceServicer_to_server(
            _Generation(self), self._server
        )
        health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), self._server)
        self._server.add_insecure_port(self.address)
        self._server.start()

    def stop(self) -> None:
        """Break every call and answer no more."""
        self.cancelled.set()
        if self._server is not None:
            self._server.stop(None).wait()

    def add_asset(self, data: bytes, media_type: str) -> asset_service_pb2.Asset:
        """Keep bytes as an asset."""
        name = f"assets/{next(self._ids)}"
        self.blobs[name] = data
        self.assets[name] = asset_service_pb2.Asset(
            name=name,
            media_type=media_type,
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        return self.assets[name]

    def add_job(self, spec: job_pb2.JobSpec) -> job_pb2.Job:
        """Accept a job."""
        name = f"jobs/{next(self._ids)}"
        self.jobs[name] = job_pb2.Job(name=name, spec=spec, state=job_pb2.JOB_STATE_RUNNING)
        return self.jobs[name]

    def finish(self, job: job_pb2.Job) -> None:
        """End a job the way `error` and `cancelled` say."""
        error = Cancelled(Reason.JOB_CANCELLED, "it was cancelled") if self.endless else self.error
        if error is not None:
            cancelled = isinstance(error, Cancelled)
            job.state = job_pb2.JOB_STATE_CANCELLED if cancelled else job_pb2.JOB_STATE_FAILED
            job.error.CopyFrom(to_status(error))
            return
        asset = self.add_asset(FILM, "video/mp4")
        job.state = job_pb2.JOB_STATE_SUCCEEDED
        job.film.CopyFrom(
            job_pb2.Film(
                asset=asset.name,
                sha256=asset.sha256,
                size_bytes=asset.size_bytes,
                duration_seconds=4.0,
                frames=100,
                width_pixels=512,
                height_pixels=640,
                frame_rate=25,
            )
        )
        job.stage_times.add(stage=job_pb2.STAGE_SPEAK, seconds=1.25)
        job.stage_times.add(stage=job_pb2.STAGE_RENDER, seconds=8.5)

    def breaking(self, call: str, messages: Iterator[T]) -> Iterator[T]:
        """Pass a call's messages on until it is its turn to break."""
        limit = self.break_after.pop(call, None)
        for count, message in enumerate(messages):
            if count == limit:
                raise Unavailable(Reason.SERVICE_UNAVAILABLE, "the gateway is going down")
            yield message


class _Servicer:
    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway = gateway


class _Assets(_Servicer, asset_service_pb2_grpc.AssetServiceServicer):
    def CreateUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("CreateUpload")
        for asset in self.gateway.assets.values():
            if asset.sha256 == request.sha256:
                return asset_service_pb2.CreateUploadResponse(asset=asset)
        name = f"uploads/{request.request_id}"
        upload = asset_service_pb2.Upload(
            name=name, media_type=request.media_type, total_bytes=request.total_bytes
        )
        self.gateway.uploads[name] = (upload, bytearray())
        return asset_service_pb2.CreateUploadResponse(upload=upload)

    def WriteUpload(self, requests: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("WriteUpload")
        with _aborting(context):
            for request in self.gateway.breaking("WriteUpload", requests):
                upload, data = self.gateway.uploads[request.name]
                assert request.offset == len(data)
                assert request.crc32c == crc32c(request.data)
                self.gateway.write_offsets.append(request.offset)
                data += request.data
                upload.committed_bytes = len(data)
        return asset_service_pb2.WriteUploadResponse(upload=upload)

    def GetUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("GetUpload")
        upload, _ = self.gateway.uploads[request.name]
        return asset_service_pb2.GetUploadResponse(upload=upload)

    def FinishUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("FinishUpload")
        upload, data = self.gateway.uploads.pop(request.name)
        assert hashlib.sha256(data).hexdigest() == request.sha256
        asset = self.gateway.add_asset(bytes(data), upload.media_type)
        return asset_service_pb2.FinishUploadResponse(asset=asset)

    def GetAsset(self, request: Any, context: Any) -> Any:  # noqa: N802
        return asset_service_pb2.GetAssetResponse(asset=self.gateway.assets[request.name])

    def ReadAsset(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.read_offsets.append(request.offset)
        with _aborting(context):
            yield from self.gateway.breaking("ReadAsset", self._pieces(request))

    def _pieces(self, request: Any) -> Iterator[asset_service_pb2.ReadAssetResponse]:
        blob = self.gateway.blobs[request.name]
        for offset in range(request.offset, len(blob), _CHUNK_BYTES):
            data = blob[offset : offset + _CHUNK_BYTES]
            yield asset_service_pb2.ReadAssetResponse(offset=offset, data=data, crc32c=crc32c(data))


class _Jobs(_Servicer, job_service_pb2_grpc.JobServiceServicer):
    def CreateJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("CreateJob")
        return job_service_pb2.CreateJobResponse(job=self.gateway.add_job(request.spec))

    def GetJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _aborting(context):
            return job_service_pb2.GetJobResponse(job=self._job(request.name))

    def ListJobs(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("ListJobs")
        jobs = [
            job
            for job in reversed(self.gateway.jobs.values())
            if not request.states or job.state in request.states
        ]
        first = int(request.page_token or 0)
        end = first + request.page_size
        return job_service_pb2.ListJobsResponse(
            jobs=jobs[first:end], next_page_token=str(end) if end < len(jobs) else ""
        )

    def WatchJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append(f"WatchJob {request.resume_token}".strip())
        with _aborting(context):
            yield from self.gateway.breaking("WatchJob", self._events(request))

    def CancelJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("CancelJob")
        self.gateway.cancelled.set()
        with _aborting(context):
            return job_service_pb2.CancelJobResponse(job=self._job(request.name))

    def _events(self, request: Any) -> Iterator[job_service_pb2.WatchJobResponse]:
        job = self._job(request.name)
        seen = int(request.resume_token or 0)
        response = job_service_pb2.WatchJobResponse
        events = (
            response(snapshot=job),
            response(progress=_progress(25)),
            response(notice=media_pb2.Notice(code="N", message="By the way.")),
            response(progress=_progress(100)),
            response(finished=job),
        )
        for number, event in enumerate(events):
            event.resume_token = str(max(number, seen))
        yield events[0]
        yield from events[seen + 1 : -1]
        self.gateway.on_watch()
        if self.gateway.endless:
            self.gateway.cancelled.wait(60)
        if job.state not in _ENDED:
            self.gateway.finish(job)
        events[-1].finished.CopyFrom(job)
        yield events[-1]

    def _job(self, name: str) -> job_pb2.Job:
        if name not in self.gateway.jobs:
            raise NotFound(Reason.JOB_NOT_FOUND, f"there is no job {name}", field="name")
        return self.gateway.jobs[name]


class _Generation(_Servicer, generation_service_pb2_grpc.GenerationServiceServicer):
    def Generate(self, requests: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.extend(request.WhichOneof("input") for request in requests)
        job = self.gateway.add_job(job_pb2.JobSpec())
        response = generation_service_pb2.GenerateResponse
        with _aborting(context):
            messages = [response(accepted=job), response(progress=_progress(50))]
            yield from self.gateway.breaking("Generate", iter(messages))
            self.gateway.finish(job)
            yield response(finished=job)


class _System(system_service_pb2_grpc.SystemServiceServicer):
    def GetServerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return system_service_pb2.GetServerInfoResponse(version="0.0.0-fake")

    def GetSystemStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        service = system_service_pb2.ServiceStatus
        return system_service_pb2.GetSystemStatusResponse(
            services=[
                service(name="tts", serving=True),
                service(name="render", message="it does not answer"),
            ],
            workers=[system_service_pb2.WorkerStatus(name="worker-0", state="idle", device="cpu")],
            queued_jobs=2,
        )

    def ListEngines(self, request: Any, context: Any) -> Any:  # noqa: N802
        presets = [system_service_pb2.Preset(name="fast", description="Quick.")]
        engine = system_service_pb2.Engine(
            name="fake", description="Renders nothing.", frame_rates=[25], presets=presets
        )
        large = system_service_pb2.Engine(
            name="large",
            min_side_pixels=64,
            max_side_pixels=1920,
            directed=True,
            side_step_pixels=64,
        )
        return system_service_pb2.ListEnginesResponse(engines=[engine, large])


class _Voices(voice_service_pb2_grpc.VoiceServiceServicer):
    def ListVoices(self, request: Any, context: Any) -> Any:  # noqa: N802
        voice = voice_service_pb2.Voice(name="nobody", language="en-US", description="Silent.")
        return voice_service_pb2.ListVoicesResponse(voices=[voice])


@contextmanager
def _aborting(context: Any) -> Iterator[None]:
    try:
        yield
    except S2VError as error:
        context.abort_with_status(rpc_status.to_status(to_status(error)))


def _progress(frames: int) -> job_pb2.Progress:
    return job_pb2.Progress(
        fraction=frames / 100,
        stage=job_pb2.STAGE_RENDER,
        segments_total=1,
        frames_done=frames,
        frames_total=100,
        frames_per_second=12.5,
        remaining_seconds=(100 - frames) / 12.5,
    )
