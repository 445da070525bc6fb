"""JobService over the studio and the table of jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from s2v.api.gateway.v1 import job_service_pb2, job_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Job, JobState, Progress
from s2v.core.ports import Notice
from s2v.core.stages import Preview
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.interceptor import Context
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.stream import Ended, JobEvent, MediaGrew, Quiet, watch_job
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.accepting import Desk
from s2v_gateway.records.jobs import Jobs, is_number, job_id_of
from s2v_gateway.servicers.messages import (
    job_to_proto,
    preview_to_proto,
    progress_to_proto,
    spec_from_proto,
    state_from_proto,
    state_to_proto,
    timestamp,
)

_DEFAULT_PAGE, _LARGEST_PAGE = 50, 200


class JobServicer(job_service_pb2_grpc.JobServiceServicer):
    """See job_service.proto."""

    def __init__(self, desk: Desk, studio: Studio, jobs: Jobs, feed: Feed) -> None:
        self._desk = desk
        self._studio = studio
        self._jobs = jobs
        self._feed = feed

    async def CreateJob(
        self, request: job_service_pb2.CreateJobRequest, context: Context
    ) -> job_service_pb2.CreateJobResponse:
        job = await self._desk.order(
            spec_from_proto(request.spec), request_id=request.request_id, live=False
        )
        return job_service_pb2.CreateJobResponse(job=job_to_proto(job))

    async def GetJob(
        self, request: job_service_pb2.GetJobRequest, context: Context
    ) -> job_service_pb2.GetJobResponse:
        job = await asyncio.to_thread(self._jobs.get, job_id_of(request.name))
        return job_service_pb2.GetJobResponse(job=job_to_proto(job))

    async def ListJobs(
        self, request: job_service_pb2.ListJobsRequest, context: Context
    ) -> job_service_pb2.ListJobsResponse:
        jobs, next_page_token = await asyncio.to_thread(
            self._jobs.page,
            size=_page_size(request.page_size),
            token=request.page_token,
            states=_states(request),
        )
        return job_service_pb2.ListJobsResponse(
            jobs=map(job_to_proto, jobs), next_page_token=next_page_token
        )

    async def WatchJob(
        self, request: job_service_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[job_service_pb2.WatchJobResponse]:
        job_id = job_id_of(request.name)
        after = _sequence(request.resume_token)
        async with aclosing(watch_job(job_id, self._jobs, self._feed, after=after)) as events:
            async for event in events:
                if response := _response(event):
                    yield response
        await self._studio.forget_media(job_id)

    async def CancelJob(
        self, request: job_service_pb2.CancelJobRequest, context: Context
    ) -> job_service_pb2.CancelJobResponse:
        job = await self._studio.cancel(job_id_of(request.name))
        return job_service_pb2.CancelJobResponse(job=job_to_proto(job))


def _response(event: JobEvent) -> job_service_pb2.WatchJobResponse | None:
    """Spell an event as a message; None for what WatchJob does not tell."""
    response = job_service_pb2.WatchJobResponse(
        resume_token=str(event.sequence) if event.sequence else "", time=timestamp(event.time)
    )
    match event.what:
        case Job() as job:
            response.snapshot.CopyFrom(job_to_proto(job))
        case JobState() as state:
            response.state = state_to_proto(state)
        case Progress() as progress:
            response.progress.CopyFrom(progress_to_proto(progress))
        case Notice() as notice:
            response.notice.CopyFrom(notice_to_proto(notice))
        case Preview() as preview:
            response.preview.CopyFrom(preview_to_proto(preview))
        case Quiet():
            response.keepalive.SetInParent()
        case Ended(job):
            response.finished.CopyFrom(job_to_proto(job))
        case MediaGrew():
            return None
    return response


def _sequence(resume_token: str) -> int:
    if resume_token and not is_number(resume_token):
        raise InvalidInput(
            Reason.RESUME_TOKEN_INVALID,
            f"resume_token {resume_token!r} is none of ours; leave it empty to start over",
            field="resume_token",
        )
    return int(resume_token or 0)


def _page_size(asked: int) -> int:
    if not 0 <= asked <= _LARGEST_PAGE:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"page_size is {asked}; it must be 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}",
            field="page_size",
        )
    return asked or _DEFAULT_PAGE


def _states(request: job_service_pb2.ListJobsRequest) -> list[JobState]:
    try:
        return [state_from_proto(value) for value in request.states]
    except ValueError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"states has an unknown value: {error}", field="states"
        ) from error
