"""Follow a job to its end, whatever happens to the gateway in between."""

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING

from s2v.api.gateway.v1 import job_pb2
from s2v.api.gateway.v1 import job_service_pb2 as pb
from s2v.client.calling import Terms, our_errors
from s2v.client.live_media import ArrivingMedia
from s2v.core.errors import Corrupt, Reason, Unavailable
from s2v.rpc.patience import attempts, attempts_async, is_lost, renew

if TYPE_CHECKING:
    from s2v.api.gateway.v1.job_service_pb2_grpc import JobServiceAsyncStub, JobServiceStub


def watch(
    stub: "JobServiceStub", wanted: pb.WatchJobRequest, terms: Terms
) -> Generator[pb.WatchJobResponse]:
    """Yield what happens to a job until its end; a broken stream goes on after its last message.

    Each stream begins with a snapshot, so one comes again after a break. Media chunks are checked;
    one that arrived damaged is fetched again.

    Raises:
        Unavailable: the gateway stayed away for longer than patience lasts.
        S2VError: what WatchJob answered.
    """
    watching = _Watching(wanted)
    for attempt in attempts(terms.patience_seconds, _worth_watching_again):
        with attempt:
            call = stub.WatchJob(watching.request, metadata=terms.metadata)
            try:
                with our_errors():
                    for response in call:
                        if watching.take(response):
                            renew(attempt)
                        yield response
                        if watching.ended:
                            return
            finally:
                call.cancel()
            watching.check_end()


async def watch_async(
    stub: "JobServiceAsyncStub", wanted: pb.WatchJobRequest, terms: Terms
) -> AsyncGenerator[pb.WatchJobResponse]:
    """Yield what happens to a job, as `watch`."""
    watching = _Watching(wanted)
    async for attempt in attempts_async(terms.patience_seconds, _worth_watching_again):
        with attempt:
            call = stub.WatchJob(watching.request, metadata=terms.metadata)
            try:
                with our_errors():
                    async for response in call:
                        if watching.take(response):
                            renew(attempt)
                        yield response
                        if watching.ended:
                            return
            finally:
                call.cancel()
            watching.check_end()


class _Watching:
    """How far a job was seen, and where to go on."""

    def __init__(self, wanted: pb.WatchJobRequest) -> None:
        self._wanted = wanted
        self._media = ArrivingMedia(wanted.media_offset)
        self._sound = True
        self._finished = False
        self.ended = False

    @property
    def request(self) -> pb.WatchJobRequest:
        """What to ask for next."""
        request = pb.WatchJobRequest()
        request.CopyFrom(self._wanted)
        if request.with_media:
            request.media_offset = self._media.offset
        return request

    def take(self, response: pb.WatchJobResponse) -> bool:
        """Take note of a message; tell whether it is news, which begins patience anew.

        A snapshot is none: a gateway that gets no further than that is not back. Nor is anything
        after a damaged chunk of media until that has arrived.

        Raises:
            Corrupt: CHUNK_CORRUPT.
        """
        kind = response.WhichOneof("event")
        if kind == "media":
            self._sound = False
            self._media.take(response.media)
            self._sound = True
        self._wanted.resume_token = response.resume_token or self._wanted.resume_token
        if kind == "finished":
            self._finished = True
            succeeded = response.finished.state == job_pb2.JOB_STATE_SUCCEEDED
            self.ended = not (self._wanted.with_stats and succeeded)
        self.ended = self.ended or kind == "stats"
        return kind != "snapshot" and self._sound

    def check_end(self) -> None:
        """Make sure that the stream ended where it should.

        Raises:
            Unavailable: it broke off.
        """
        if not self._finished:
            raise Unavailable(
                Reason.SERVICE_UNAVAILABLE, f"the events of {self._wanted.name} broke off"
            )


def _worth_watching_again(error: BaseException) -> bool:
    return is_lost(error) or isinstance(error, Corrupt)
