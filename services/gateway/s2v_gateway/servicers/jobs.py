"""JobService over accepting, the studio and the table of jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import structlog

from s2v.api.gateway.v1 import job_service_pb2, job_service_pb2_grpc
from s2v.core.captions import SegmentCaptions
from s2v.core.errors import Internal, InvalidInput, Reason, S2VError
from s2v.core.job import FilmStats, Job, JobState, Progress, Waiting
from s2v.core.ports import Notice
from s2v.core.stages import Media, Preview
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.errors import to_status
from s2v.rpc.interceptor import Context
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import caller
from s2v_gateway.events.stream import Ended, JobEvent, JobStream, Quiet, Wanted
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.accepting import Accepting
from s2v_gateway.records.job_lookup import JobLookup, is_number
from s2v_gateway.records.webhooks import WebhookDelivery, WebhookRecords, WebhookState
from s2v_gateway.servicers.messages import (
    JobSpeller,
    duration,
    media_to_proto,
    preview_to_proto,
    progress_to_proto,
    segment_captions_to_proto,
    spec_from_proto,
    state_from_proto,
    state_to_proto,
    stats_to_proto,
    timestamp,
    waiting_to_proto,
)
from s2v_gateway.servicers.paging import page_size

_WEBHOOK_STATE = "WEBHOOK_STATE_"
_MAX_BATCH_JOBS = 100

_log = structlog.get_logger()


class JobServicer(job_service_pb2_grpc.JobServiceServicer):
    """See job_service.proto."""

    def __init__(
        self,
        accepting: Accepting,
        studio: Studio,
        lookup: JobLookup,
        stream: JobStream,
        webhooks: WebhookRecords,
        *,
        spell: JobSpeller,
        audit: AuditLog,
    ) -> None:
        self._accepting = accepting
        self._studio = studio
        self._lookup = lookup
        self._stream = stream
        self._webhooks = webhooks
        self._spell = spell
        self._audit = audit

    async def CreateJob(
        self, request: job_service_pb2.CreateJobRequest, context: Context
    ) -> job_service_pb2.CreateJobResponse:
        job, _ = await self._accepting.accept(
            caller(),
            spec_from_proto(request.spec),
            request_id=request.request_id,
            with_media=request.with_media,
        )
        return job_service_pb2.CreateJobResponse(job=self._spell(job))

    async def GetJob(
        self, request: job_service_pb2.GetJobRequest, context: Context
    ) -> job_service_pb2.GetJobResponse:
        job = await asyncio.to_thread(self._lookup.get, caller(), request.name)
        return job_service_pb2.GetJobResponse(job=self._spell(job))

    async def ListJobs(
        self, request: job_service_pb2.ListJobsRequest, context: Context
    ) -> job_service_pb2.ListJobsResponse:
        jobs, next_page_token = await asyncio.to_thread(
            self._lookup.page,
            caller(),
            size=page_size(request.page_size),
            token=request.page_token,
            states=_states(request),
        )
        return job_service_pb2.ListJobsResponse(
            jobs=map(self._spell, jobs), next_page_token=next_page_token
        )

    async def WatchJob(
        self, request: job_service_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[job_service_pb2.WatchJobResponse]:
        wanted = Wanted(
            after=_sequence(request.resume_token),
            media_offset=request.media_offset if request.with_media else None,
            stats=request.with_stats,
        )
        async with aclosing(self._stream.watch(caller(), request.name, wanted)) as events:
            async for event in events:
                yield self._response(event)

    async def CancelJob(
        self, request: job_service_pb2.CancelJobRequest, context: Context
    ) -> job_service_pb2.CancelJobResponse:
        who = caller()
        await self._studio.cancel(await asyncio.to_thread(self._lookup.id_of, who, request.name))
        job = await asyncio.to_thread(self._lookup.get, who, request.name)
        return job_service_pb2.CancelJobResponse(job=self._spell(job))

    async def DeleteJob(
        self, request: job_service_pb2.DeleteJobRequest, context: Context
    ) -> job_service_pb2.DeleteJobResponse:
        who = caller()
        async with self._audit.entry(who, job=request.name):
            await self._studio.deleting.delete(who, request.name)
        return job_service_pb2.DeleteJobResponse()

    async def EstimateJob(
        self, request: job_service_pb2.EstimateJobRequest, context: Context
    ) -> job_service_pb2.EstimateJobResponse:
        who = caller()
        order = await self._accepting.order(who, spec_from_proto(request.spec))
        estimate, wait_seconds = self._studio.estimate(who, order)
        return job_service_pb2.EstimateJobResponse(
            film_duration=duration(estimate.film_seconds),
            work_duration=duration(estimate.work_seconds),
            wait_duration=duration(wait_seconds),
            measured_films=estimate.measured_films,
        )

    async def BatchCreateJobs(
        self, request: job_service_pb2.BatchCreateJobsRequest, context: Context
    ) -> job_service_pb2.BatchCreateJobsResponse:
        _check_batch(request)
        results = [await self._result(one, context) for one in request.requests]
        return job_service_pb2.BatchCreateJobsResponse(results=results)

    async def RetryJob(
        self, request: job_service_pb2.RetryJobRequest, context: Context
    ) -> job_service_pb2.RetryJobResponse:
        job = await self._accepting.retry(caller(), request.name, request_id=request.request_id)
        return job_service_pb2.RetryJobResponse(job=self._spell(job))

    async def _result(
        self, request: job_service_pb2.CreateJobRequest, context: Context
    ) -> job_service_pb2.BatchCreateJobsResult:
        """Do as CreateJob does, and tell what comes of it."""
        try:
            job = (await self.CreateJob(request, context)).job
        except S2VError as error:
            return job_service_pb2.BatchCreateJobsResult(error=to_status(error))
        except Exception as error:  # noqa: BLE001 - the others are accepted all the same
            _log.error("a job of a batch could not be accepted", exc_info=error)
            fault = Internal(Reason.INTERNAL, "a fault of the server; its log has the details")
            return job_service_pb2.BatchCreateJobsResult(error=to_status(fault))
        return job_service_pb2.BatchCreateJobsResult(job=job)

    async def ListWebhookDeliveries(
        self, request: job_service_pb2.ListWebhookDeliveriesRequest, context: Context
    ) -> job_service_pb2.ListWebhookDeliveriesResponse:
        deliveries, next_page_token = await asyncio.to_thread(
            self._webhooks.page,
            caller(),
            size=page_size(request.page_size),
            token=request.page_token,
            states=_webhook_states(request),
        )
        return job_service_pb2.ListWebhookDeliveriesResponse(
            webhook_deliveries=map(_delivery, deliveries), next_page_token=next_page_token
        )

    def _response(self, event: JobEvent) -> job_service_pb2.WatchJobResponse:
        """Spell an event as a message."""
        response = job_service_pb2.WatchJobResponse(
            resume_token=str(event.sequence) if event.sequence else "", time=timestamp(event.time)
        )
        match event.what:
            case Job() as job:
                response.snapshot.CopyFrom(self._spell(job))
            case JobState() as state:
                response.state = state_to_proto(state)
            case Progress() as progress:
                response.progress.CopyFrom(progress_to_proto(progress))
            case Notice() as notice:
                response.notice.CopyFrom(notice_to_proto(notice))
            case SegmentCaptions() as captions:
                response.captions.CopyFrom(segment_captions_to_proto(captions))
            case Waiting() as waiting:
                response.waiting.CopyFrom(waiting_to_proto(waiting))
            case Preview() as preview:
                response.preview.CopyFrom(preview_to_proto(preview))
            case Media() as media:
                response.media.CopyFrom(media_to_proto(media))
            case Quiet():
                response.keepalive.SetInParent()
            case Ended(job):
                response.finished.CopyFrom(self._spell(job))
            case FilmStats() as stats:
                response.stats.CopyFrom(stats_to_proto(stats))
        return response


def _sequence(resume_token: str) -> int:
    if resume_token and not is_number(resume_token):
        raise InvalidInput(
            Reason.RESUME_TOKEN_INVALID,
            f"resume_token {resume_token!r} is none of ours; leave it empty to start over",
            field="resume_token",
        )
    return int(resume_token or 0)


def _check_batch(request: job_service_pb2.BatchCreateJobsRequest) -> None:
    number = len(request.requests)
    if not 1 <= number <= _MAX_BATCH_JOBS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"there are {number} requests in it, 1 to {_MAX_BATCH_JOBS} are taken at once",
            field="requests",
        )


def _states(request: job_service_pb2.ListJobsRequest) -> list[JobState]:
    try:
        return [state_from_proto(value) for value in request.states]
    except ValueError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"states has an unknown value: {error}", field="states"
        ) from error


def _webhook_states(
    request: job_service_pb2.ListWebhookDeliveriesRequest,
) -> list[WebhookState]:
    name = job_service_pb2.WebhookState.Name
    try:
        return [WebhookState(name(one).removeprefix(_WEBHOOK_STATE)) for one in request.states]
    except ValueError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"states has an unknown value: {error}", field="states"
        ) from error


def _delivery(delivery: WebhookDelivery) -> job_service_pb2.WebhookDelivery:
    return job_service_pb2.WebhookDelivery(
        name=f"webhookDeliveries/{delivery.delivery_id}",
        job=f"jobs/{delivery.job_id}",
        url=delivery.url,
        state=f"{_WEBHOOK_STATE}{delivery.state.value}",
        attempts=delivery.attempts,
        last_error=delivery.last_error,
        next_attempt_time=timestamp(delivery.next_time) if delivery.next_time else None,
    )
