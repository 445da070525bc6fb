"""The services of the gateway in memory."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import grpc
from google_crc32c import value as crc32c
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer

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
    voice_service_pb2_grpc,
)
from s2v.core.errors import Exhausted, NotFound, NotReady, OutOfRange, Reason
from s2v.rpc.errors import to_status
from s2v.testing.fakes_gateway_memory import GatewayMemory
from s2v.testing.fakes_gateway_serving import FakeServicer, aborting, page_of
from s2v.testing.fakes_gateway_voices import FakeVoices

_CHUNK_BYTES = 256 * 1024
_MEDIA_BYTES = 1000
_ENDED = (job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED)

T = TypeVar("T")


def add_servicers(gateway: GatewayMemory, server: grpc.Server) -> None:
    """Serve a gateway."""
    asset_service_pb2_grpc.add_AssetServiceServicer_to_server(_Assets(gateway), server)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(_Jobs(gateway), server)
    system_service_pb2_grpc.add_SystemServiceServicer_to_server(_System(gateway), server)
    voice_service_pb2_grpc.add_VoiceServiceServicer_to_server(FakeVoices(gateway), server)
    generation_service_pb2_grpc.add_GenerationServiceServicer_to_server(
        _Generation(gateway), server
    )
    health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), server)


class Recorder(grpc.ServerInterceptor):
    """Writes down what came with each call."""

    def __init__(self, gateway: GatewayMemory) -> None:
        self._gateway = gateway

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Note the token that a call shows."""
        metadata = dict(handler_call_details.invocation_metadata)
        self._gateway.tokens.append(metadata.get("authorization", ""))
        return continuation(handler_call_details)


class _Assets(FakeServicer, asset_service_pb2_grpc.AssetServiceServicer):
    def CreateUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer("CreateUpload", context, lambda: self._created(request))

    def WriteUpload(self, requests: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("WriteUpload")
        with aborting(context):
            for request in self.gateway.breaking("WriteUpload", requests):
                upload, data = self.gateway.uploads[request.name]
                assert request.offset == len(data)
                assert request.crc32c == crc32c(request.data)
                self.gateway.write_offsets.append(request.offset)
                data += request.data
                upload.committed_bytes = len(data)
        return asset_service_pb2.WriteUploadResponse(upload=upload)

    def GetUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        upload, _ = self.gateway.uploads[request.name]
        response = asset_service_pb2.GetUploadResponse(upload=upload)
        return self._answer("GetUpload", context, lambda: response)

    def FinishUpload(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer("FinishUpload", context, lambda: self._finished(request))

    def GetAsset(self, request: Any, context: Any) -> Any:  # noqa: N802
        with aborting(context):
            return asset_service_pb2.GetAssetResponse(asset=self._asset(request.name))

    def ListAssets(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("ListAssets")
        assets, token = page_of(list(reversed(self.gateway.assets.values())), request)
        return asset_service_pb2.ListAssetsResponse(assets=assets, next_page_token=token)

    def ReadAsset(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.read_offsets.append(request.offset)
        with aborting(context):
            yield from self.gateway.breaking("ReadAsset", self._pieces(request))

    def DeleteAsset(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer("DeleteAsset", context, lambda: self._deleted(request.name))

    def _created(self, request: Any) -> Any:
        for asset in self.gateway.assets.values():
            if asset.sha256 == request.sha256:
                return asset_service_pb2.CreateUploadResponse(asset=asset)
        name = f"uploads/{request.request_id}"
        if name not in self.gateway.uploads:
            upload = asset_service_pb2.Upload(
                name=name,
                media_type=request.media_type,
                total_bytes=request.total_bytes,
                state=asset_service_pb2.UPLOAD_STATE_OPEN,
            )
            self.gateway.uploads[name] = (upload, bytearray())
        return asset_service_pb2.CreateUploadResponse(upload=self.gateway.uploads[name][0])

    def _finished(self, request: Any) -> Any:
        upload, data = self.gateway.uploads[request.name]
        if self.gateway.forgets:
            self.gateway.forgets = False
            data.clear()
            upload.committed_bytes = 0
            raise NotReady(Reason.UPLOAD_INCOMPLETE, "0 bytes have arrived; send the rest")
        assert hashlib.sha256(data).hexdigest() == request.sha256
        if self.gateway.checking:
            self.gateway.checking -= 1
            upload.state = asset_service_pb2.UPLOAD_STATE_CHECKING
            return asset_service_pb2.FinishUploadResponse(upload=upload)
        for asset in self.gateway.assets.values():
            if asset.sha256 == request.sha256:
                return asset_service_pb2.FinishUploadResponse(asset=asset)
        asset = self.gateway.add_asset(bytes(data), upload.media_type)
        return asset_service_pb2.FinishUploadResponse(asset=asset)

    def _pieces(self, request: Any) -> Iterator[asset_service_pb2.ReadAssetResponse]:
        self._asset(request.name)
        blob = self.gateway.blobs[request.name]
        for offset in range(request.offset, len(blob), _CHUNK_BYTES):
            data = blob[offset : offset + _CHUNK_BYTES]
            yield asset_service_pb2.ReadAssetResponse(offset=offset, data=data, crc32c=crc32c(data))

    def _deleted(self, name: str) -> Any:
        self._asset(name)
        del self.gateway.assets[name], self.gateway.blobs[name]
        return asset_service_pb2.DeleteAssetResponse()

    def _asset(self, name: str) -> asset_service_pb2.Asset:
        if name not in self.gateway.assets:
            raise NotFound(Reason.ASSET_NOT_FOUND, f"there is no asset {name}", field="name")
        return self.gateway.assets[name]


class _Jobs(FakeServicer, job_service_pb2_grpc.JobServiceServicer):
    def CreateJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        def create() -> Any:
            job = self.gateway.add_job(
                request.spec, request_id=request.request_id, with_media=request.with_media
            )
            return job_service_pb2.CreateJobResponse(job=job)

        return self._answer("CreateJob", context, create)

    def GetJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        with aborting(context):
            return job_service_pb2.GetJobResponse(job=self._job(request.name))

    def ListJobs(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("ListJobs")
        jobs = [
            job
            for job in reversed(self.gateway.jobs.values())
            if not request.states or job.state in request.states
        ]
        page, token = page_of(jobs, request)
        return job_service_pb2.ListJobsResponse(jobs=page, next_page_token=token)

    def WatchJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append(f"WatchJob {request.resume_token}".strip())
        with aborting(context):
            yield from self.gateway.breaking("WatchJob", self._events(request))

    def CancelJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.gateway.calls.append("CancelJob")
        self.gateway.cancelled.set()
        with aborting(context):
            return job_service_pb2.CancelJobResponse(job=self._job(request.name))

    def DeleteJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        def delete() -> Any:
            del self.gateway.jobs[self._job(request.name).name]
            return job_service_pb2.DeleteJobResponse()

        return self._answer("DeleteJob", context, delete)

    def EstimateJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        response = job_service_pb2.EstimateJobResponse(measured_films=3)
        response.film_duration.FromSeconds(4)
        response.work_duration.FromSeconds(8)
        response.wait_duration.FromSeconds(90)
        return self._answer("EstimateJob", context, lambda: response)

    def BatchCreateJobs(self, request: Any, context: Any) -> Any:  # noqa: N802
        result = job_service_pb2.BatchCreateJobsResult

        def create() -> Any:
            results = []
            for one in request.requests:
                if self.gateway.error is not None and not one.spec.reference:
                    results.append(result(error=to_status(self.gateway.error)))
                    continue
                if self._is_full():
                    full = Exhausted(Reason.QUEUE_FULL, "the queue is full", retry_after_seconds=1)
                    results.append(result(error=to_status(full)))
                    continue
                job = self.gateway.add_job(
                    one.spec, request_id=one.request_id, with_media=one.with_media
                )
                results.append(result(job=job))
            return job_service_pb2.BatchCreateJobsResponse(results=results)

        return self._answer("BatchCreateJobs", context, create)

    def _is_full(self) -> bool:
        """Tell whether there are as many jobs as may be; 0 is any number."""
        working = [job for job in self.gateway.jobs.values() if job.state not in _ENDED]
        return 0 < self.gateway.queue_limit <= len(working)

    def RetryJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        def retry() -> Any:
            old = self._job(request.name)
            job = self.gateway.add_job(old.spec, request_id=request.request_id)
            job.retry_of = old.name
            return job_service_pb2.RetryJobResponse(job=job)

        return self._answer("RetryJob", context, retry)

    def ListWebhookDeliveries(self, request: Any, context: Any) -> Any:  # noqa: N802
        found, token = page_of(self.gateway.webhook_deliveries, request)
        return job_service_pb2.ListWebhookDeliveriesResponse(
            webhook_deliveries=found, next_page_token=token
        )

    def _events(self, request: Any) -> Iterator[job_service_pb2.WatchJobResponse]:
        job = self._job(request.name)
        seen = int(request.resume_token or 0)
        response = job_service_pb2.WatchJobResponse
        notice = media_pb2.Notice(code=media_pb2.NOTICE_CODE_SEVERAL_FACES, message="By the way.")
        early = (response(progress=_progress(25)), response(notice=notice))
        late = (response(progress=_progress(100)),)
        yield response(snapshot=job, resume_token=str(seen))
        for waiting in self.gateway.waiting:
            yield response(waiting=waiting)
        yield from _numbered(early, first=1, seen=seen)
        if request.with_media:
            token = str(max(seen, len(early)))
            for chunk in self._media(job, request.media_offset):
                yield response(media=chunk, resume_token=token)
        yield from _numbered(late, first=3, seen=seen)
        self.gateway.on_watch()
        if self.gateway.endless:
            self.gateway.cancelled.wait(60)
        if job.state not in _ENDED:
            self.gateway.finish(job)
        yield from _numbered((response(finished=job),), first=4, seen=seen)
        if request.with_stats and job.state == job_pb2.JOB_STATE_SUCCEEDED:
            yield from _numbered((response(stats=self.gateway.stats),), first=5, seen=seen)

    def _media(self, job: job_pb2.Job, offset: int) -> Iterator[media_pb2.MediaChunk]:
        self.gateway.media_offsets.append(offset)
        if not job.with_media:
            raise NotFound(Reason.MEDIA_NOT_FOUND, f"{job.name} has no live media")
        if offset > len(self.gateway.media):
            raise OutOfRange(Reason.OFFSET_OUT_OF_RANGE, "beyond the end", field="media_offset")
        return _media_chunks(self.gateway, offset)

    def _job(self, name: str) -> job_pb2.Job:
        if name not in self.gateway.jobs:
            raise NotFound(Reason.JOB_NOT_FOUND, f"there is no job {name}", field="name")
        return self.gateway.jobs[name]


class _Generation(FakeServicer, generation_service_pb2_grpc.GenerationServiceServicer):
    def Generate(self, requests: Any, context: Any) -> Any:  # noqa: N802
        with aborting(context):
            yield from self.gateway.breaking("Generate", self._events(requests))

    def _events(self, requests: Any) -> Iterator[generation_service_pb2.GenerateResponse]:
        """Accept at the first piece of text, as the gateway does at the first sentence."""
        response = generation_service_pb2.GenerateResponse
        job = job_pb2.Job()
        for request in requests:
            kind = request.WhichOneof("input")
            self.gateway.calls.append(kind)
            self.gateway.generated.append(request)
            if kind == "text_chunk" and not job.name:
                job = self.gateway.add_job(self.gateway.generated[0].config.spec)
                yield response(accepted=job)
        if not job.name:
            job = self.gateway.add_job(job_pb2.JobSpec())
            yield response(accepted=job)
        yield response(progress=_progress(50))
        for chunk in _media_chunks(self.gateway, 0):
            yield response(media=chunk)
        self.gateway.finish(job)
        yield response(finished=job)


class _System(FakeServicer, system_service_pb2_grpc.SystemServiceServicer):
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
            alarms=["2026-11-28T09:00:00Z the gateway's database: SQLITE_FULL"],
        )

    def ListEngines(self, request: Any, context: Any) -> Any:  # noqa: N802
        engines, token = page_of(self.gateway.engines, request)
        return system_service_pb2.ListEnginesResponse(engines=engines, next_page_token=token)


def _numbered(
    events: Sequence[job_service_pb2.WatchJobResponse], *, first: int, seen: int
) -> Iterator[job_service_pb2.WatchJobResponse]:
    for number, event in enumerate(events, first):
        event.resume_token = str(number)
        if number > seen:
            yield event


def _media_chunks(gateway: GatewayMemory, offset: int) -> Iterator[media_pb2.MediaChunk]:
    for start in range(offset, len(gateway.media), _MEDIA_BYTES):
        data = gateway.media[start : start + _MEDIA_BYTES]
        whole = not gateway.damaged_chunks
        gateway.damaged_chunks -= not whole
        yield media_pb2.MediaChunk(
            offset=start,
            data=data,
            media_type="" if start else 'video/mp4; codecs="avc1.64001f, mp4a.40.2"',
            crc32c=crc32c(data) if whole else 0,
        )


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
