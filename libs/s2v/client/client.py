"""The blocking client."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from s2v.api.gateway.v1 import (
    asset_service_pb2,
    generation_service_pb2,
    job_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.api.gateway.v1.generation_service_pb2_grpc import GenerationServiceStub
from s2v.api.gateway.v1.job_service_pb2_grpc import JobServiceStub
from s2v.api.gateway.v1.system_service_pb2_grpc import SystemServiceStub
from s2v.api.gateway.v1.voice_service_pb2_grpc import VoiceServiceStub
from s2v.client import downloading, uploading, watching
from s2v.client.calling import Call, ResponseT, call_patiently, our_errors
from s2v.client.patience import Patience
from s2v.client.source import Source
from s2v.rpc.channel import connect_sync

_TIMEOUT_SECONDS = 60.0


class Client:
    """Talks to a gateway; use it as a context manager.

    Every method raises `s2v.core.errors.S2VError` with the reason, the field and the message that
    the gateway gave. Calls that are safe to repeat are repeated while the gateway is away.

    Args:
        address: `host:port` or `unix:/path`.
        patience_seconds: how long a gateway may be away before calls give up; 0 for not at all.
    """

    def __init__(self, address: str, *, patience_seconds: float = 60.0) -> None:
        self.address = address
        self._patience_seconds = patience_seconds
        self._channel = connect_sync(address)
        self._assets = AssetServiceStub(self._channel)
        self._generation = GenerationServiceStub(self._channel)
        self._jobs = JobServiceStub(self._channel)
        self._system = SystemServiceStub(self._channel)
        self._voices = VoiceServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls that are running end."""
        self._channel.close()

    def upload(self, data: Path | bytes) -> asset_service_pb2.Asset:
        """Make an asset of a file or of bytes; what the gateway has already is not sent again.

        Raises:
            OSError: the file cannot be read.
        """
        return uploading.upload(self._assets, Source(data), self._patience())

    def download(self, asset: str, path: Path) -> asset_service_pb2.Asset:
        """Write the asset of that name to a file, which is replaced only when all is well.

        Raises:
            Corrupt: DIGEST_MISMATCH, the bytes are not those of the asset.
            OSError: the file cannot be written.
        """
        return downloading.download(self._assets, asset, path, self._patience())

    def create_job(self, spec: job_pb2.JobSpec, *, request_id: str = "") -> job_pb2.Job:
        """Have a film made; the same request_id (default: a new one) never makes a second job."""
        request = job_service_pb2.CreateJobRequest(
            request_id=request_id or str(uuid.uuid4()), spec=spec
        )
        return self._call(lambda: self._jobs.CreateJob(request, timeout=_TIMEOUT_SECONDS)).job

    def job(self, name: str) -> job_pb2.Job:
        """Return the job of that name."""
        request = job_service_pb2.GetJobRequest(name=name)
        return self._call(lambda: self._jobs.GetJob(request, timeout=_TIMEOUT_SECONDS)).job

    def list_jobs(
        self, *, states: Sequence[job_pb2.JobState] = (), page_size: int = 50
    ) -> Iterator[job_pb2.Job]:
        """Yield every job, or those in the given states, the newest first."""
        request = job_service_pb2.ListJobsRequest(page_size=page_size, states=states)
        while True:
            page = self._call(lambda: self._jobs.ListJobs(request, timeout=_TIMEOUT_SECONDS))
            yield from page.jobs
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def watch(
        self, job: str, *, resume_token: str = ""
    ) -> Iterator[job_service_pb2.WatchJobResponse]:
        """Yield what happens to a job; the last message is `finished`, with its error if it failed.

        A gateway that goes away and comes back is rejoined where it left off; each time a
        `snapshot` comes first.
        """
        return watching.watch(self._jobs, job, self._patience(), resume_token=resume_token)

    def cancel(self, job: str) -> job_pb2.Job:
        """Ask for a job to stop; one that has ended stays as it is."""
        request = job_service_pb2.CancelJobRequest(name=job)
        return self._call(lambda: self._jobs.CancelJob(request, timeout=_TIMEOUT_SECONDS)).job

    def generate(
        self,
        config: generation_service_pb2.GenerateConfig,
        *,
        text: Iterable[str] = (),
        audio: Path | bytes | None = None,
        reference: Path | bytes | None = None,
    ) -> Iterator[generation_service_pb2.GenerateResponse]:
        """Make a film within one call and yield what comes back: progress, previews, media.

        `text` is what to say; beside `audio` it is the transcript, what is said there already.

        A call that breaks is not taken up again: the job was cancelled, unless the config has
        keep_running; then `watch` it by the name in `accepted`. Closing the iterator ends the call.
        """
        chunked_audio = Source(audio).chunks() if audio is not None else ()
        chunked_reference = Source(reference).chunks() if reference is not None else ()
        call = self._generation.Generate(
            _generate_requests(config, text, chunked_audio, chunked_reference)
        )
        try:
            with our_errors():
                yield from call
        finally:
            call.cancel()

    def voices(self) -> Sequence[voice_service_pb2.Voice]:
        """Return every voice, the default one first."""
        request = voice_service_pb2.ListVoicesRequest()
        return self._call(lambda: self._voices.ListVoices(request, timeout=_TIMEOUT_SECONDS)).voices

    def engines(self) -> Sequence[system_service_pb2.Engine]:
        """Return every engine, the default one first."""
        request = system_service_pb2.ListEnginesRequest()
        return self._call(
            lambda: self._system.ListEngines(request, timeout=_TIMEOUT_SECONDS)
        ).engines

    def server_info(
        self, *, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> system_service_pb2.GetServerInfoResponse:
        """Return the gateway's version and limits."""
        request = system_service_pb2.GetServerInfoRequest()
        return self._call(lambda: self._system.GetServerInfo(request, timeout=timeout_seconds))

    def system_status(self) -> system_service_pb2.GetSystemStatusResponse:
        """Return how every service and worker is."""
        request = system_service_pb2.GetSystemStatusRequest()
        return self._call(lambda: self._system.GetSystemStatus(request, timeout=_TIMEOUT_SECONDS))

    def _call(self, call: Call[ResponseT]) -> ResponseT:
        return call_patiently(call, self._patience())

    def _patience(self) -> Patience:
        return Patience(self._patience_seconds)


def _generate_requests(
    config: generation_service_pb2.GenerateConfig,
    text: Iterable[str],
    audio: Iterable[bytes],
    reference: Iterable[bytes],
) -> Iterator[generation_service_pb2.GenerateRequest]:
    request = generation_service_pb2.GenerateRequest
    yield request(config=config)
    yield from (request(reference_chunk=chunk) for chunk in reference)
    yield from (request(audio_chunk=chunk) for chunk in audio)
    yield from (request(text_chunk=piece) for piece in text)
