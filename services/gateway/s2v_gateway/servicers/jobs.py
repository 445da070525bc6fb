"""JobService over accepting, the studio and the table of jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from s2v.api.gateway.v1 import job_service_pb2, job_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import FilmStats, Job, JobState, Progress
from s2v.core.ports import Notice
from s2v.core.stages import Media, Preview
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.interceptor import Context
from s2v_gateway.access.callers import caller
from s2v_gateway.events.stream import Ended, JobEvent, JobStream, Quiet, Wanted
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.accepting import Accepting
from s2v_gateway.records.job_lookup import JobLookup, is_number
from s2v_gateway.servicers.messages import (
    JobSpeller,
    media_to_proto,
    preview_to_proto,
    progress_to_proto,
    spec_from_proto,
    state_from_proto,
    state_to_proto,
    stats_to_proto,
    timestamp,
)
from s2v_gateway.servicers.paging import page_size


class JobServicer(job_service_pb2_grpc.JobServiceServicer):
    """See job_service.proto."""

    def __init__(
        self,
        accepting: Accepting,
        studio: Studio,
        lookup: JobLookup,
        stream: JobStream,
        *,
        spell: JobSpeller,
    ) -> None:
        self._accepting = accepting
        self._studio = studio
        self._lookup = lookup
        self._stream = stream
        self._spell = spell

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
        await self._studio.deleting.delete(caller(), request.name)
        return job_service_pb2.DeleteJobResponse()

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


def _states(request: job_service_pb2.ListJobsRequest) -> list[JobState]:
    try:
        return [state_from_proto(value) for value in request.states]
    except ValueError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"states has an unknown value: {error}", field="states"
        ) from error
