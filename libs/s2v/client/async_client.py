"""The client for coroutines: the same methods as the blocking one, to be awaited."""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

import grpc

from s2v.api.gateway.v1 import (
    asset_service_pb2,
    generation_service_pb2,
    job_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
from s2v.client import downloading, generating, uploading, watching
from s2v.client.batching import Outcome, batches, outcomes, retrial
from s2v.client.calling import Terms, ask_async, bearer, remove_async
from s2v.client.generating import AnyText
from s2v.client.listing import LARGEST_PAGE, listed_async
from s2v.client.making import Making, OnProgress, SpecFields, creation
from s2v.client.securing import Tls
from s2v.client.source import Media
from s2v.client.stubs import AsyncStubs
from s2v.client.voicing import preview_async, reading, voice_creation, voice_update
from s2v.core.errors import S2VError
from s2v.rpc.channel import connect


class AsyncClient:
    """Talks to a gateway from coroutines; use it with `async with`.

    The methods are those of `s2v.client.Client` and do the same; the file system is used in other
    threads. An iterator that is left early is closed by `aclose`, or by `contextlib.aclosing`.

    Args:
        address: `host:port` or `unix:/path`. This machine is reached without a proxy.
        tls: whom to trust and what to show; None does not encrypt.
        api_key: of `s2v keys create`, or a token, to show to the gateway as `authorization: Bearer
            ...`; without `tls` it travels in the clear.
        timeout_seconds: how long a call that has one answer may take; then it is DeadlineExceeded.
        patience_seconds: how long a gateway may be away before calls give up; 0 for not at all.
        traceparent: a trace (W3C Trace Context) that jobs become part of; "" for that of the span
            in which a program that uses OpenTelemetry makes its calls, if it is in one.

    Raises:
        ValueError: the key has characters that no header can carry.
        OSError: a file of `tls` cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        tls: Tls | None = None,
        api_key: str | None = None,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 60.0,
        traceparent: str = "",
    ) -> None:
        self.address = address
        self._terms = Terms(patience_seconds, timeout_seconds, bearer(api_key), traceparent)
        self._credentials = tls.credentials() if tls else None
        self._channel: grpc.aio.Channel | None = None

    @cached_property
    def _stubs(self) -> AsyncStubs:
        # A channel belongs to the loop that runs when it is opened.
        self._channel = connect(self.address, self._credentials)
        return AsyncStubs(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls that are running are cancelled."""
        if self._channel is not None:
            await self._channel.close()

    async def make(
        self,
        *,
        reference: Media,
        output: Path | str,
        text: str = "",
        audio: Media | None = None,
        transcript: str = "",
        pose: Media | None = None,
        on_progress: OnProgress | None = None,
        **fields: Unpack[SpecFields],
    ) -> job_pb2.Job:
        """Make a film of files and write it to a file; see `Client.make`.

        The job is cancelled when this coroutine is.
        """
        making = Making(
            text=text,
            audio=audio,
            transcript=transcript,
            reference=reference,
            pose=pose,
            output=output,
            fields=fields,
        )
        for field, data in making.files.items():
            making.uploaded(field, (await self.upload(data)).name)
        job = (await self.create_job(making.spec)).name
        try:
            async for event in self.watch(job):
                making.take(event, on_progress)
        except S2VError:
            raise
        except BaseException:
            with contextlib.suppress(S2VError):
                await self.cancel(job)
            raise
        await self.download(making.film(), making.output)
        return making.job

    async def upload(self, data: Media) -> asset_service_pb2.Asset:
        """Make an asset of a file or of bytes; see `Client.upload`."""
        return await uploading.upload_async(self._stubs.assets, data, self._terms)

    async def download(
        self, asset: str, path: Path | str, *, replace: bool = True
    ) -> asset_service_pb2.Asset:
        """Write the asset of that name to a file; see `Client.download`."""
        stub = self._stubs.assets
        return await downloading.download_async(
            stub, asset, Path(path), self._terms, replace=replace
        )

    async def asset(self, name: str) -> asset_service_pb2.Asset:
        """Return the asset of that name."""
        request = asset_service_pb2.GetAssetRequest(name=name)
        return (await ask_async(self._stubs.assets.GetAsset, request, self._terms)).asset

    def list_assets(self, *, page_size: int = 50) -> AsyncGenerator[asset_service_pb2.Asset]:
        """Yield every asset, the newest first."""
        return listed_async(
            lambda request: ask_async(self._stubs.assets.ListAssets, request, self._terms),
            asset_service_pb2.ListAssetsRequest(page_size=page_size),
            lambda page: page.assets,
        )

    async def delete_asset(self, name: str) -> None:
        """Remove an asset; its bytes are gone when this returns."""
        request = asset_service_pb2.DeleteAssetRequest(name=name)
        await remove_async(self._stubs.assets.DeleteAsset, request, self._terms)

    async def create_job(
        self, spec: job_pb2.JobSpec, *, request_id: str = "", with_media: bool = False
    ) -> job_pb2.Job:
        """Have a film made; see `Client.create_job`."""
        request = creation(spec, request_id, with_media=with_media)
        return (await ask_async(self._stubs.jobs.CreateJob, request, self._terms)).job

    async def batch_create(
        self, specs: Sequence[job_pb2.JobSpec], *, request_ids: Sequence[str] = ()
    ) -> list[Outcome]:
        """Have several films made, as far as they are accepted; see `Client.batch_create`."""
        calls = batches(specs, request_ids)
        answers = [
            await ask_async(self._stubs.jobs.BatchCreateJobs, one, self._terms) for one in calls
        ]
        return [outcome for answer in answers for outcome in outcomes(answer)]

    async def estimate(self, spec: job_pb2.JobSpec) -> job_service_pb2.EstimateJobResponse:
        """Guess how long a film would become, be worked on and have to wait; makes no job."""
        request = job_service_pb2.EstimateJobRequest(spec=spec)
        return await ask_async(self._stubs.jobs.EstimateJob, request, self._terms)

    async def retry(self, job: str, *, request_id: str = "") -> job_pb2.Job:
        """Have a job that failed or was cancelled made again: a new job of the same order."""
        request = retrial(job, request_id)
        return (await ask_async(self._stubs.jobs.RetryJob, request, self._terms)).job

    async def job(self, name: str) -> job_pb2.Job:
        """Return the job of that name."""
        request = job_service_pb2.GetJobRequest(name=name)
        return (await ask_async(self._stubs.jobs.GetJob, request, self._terms)).job

    def list_jobs(
        self, *, states: Sequence[job_pb2.JobState] = (), page_size: int = 50
    ) -> AsyncGenerator[job_pb2.Job]:
        """Yield every job, or those in the given states, the newest first."""
        return listed_async(
            lambda request: ask_async(self._stubs.jobs.ListJobs, request, self._terms),
            job_service_pb2.ListJobsRequest(page_size=page_size, states=states),
            lambda page: page.jobs,
        )

    def watch(
        self,
        job: str,
        *,
        resume_token: str = "",
        with_media: bool = False,
        media_offset: int = 0,
        with_stats: bool = False,
    ) -> AsyncGenerator[job_service_pb2.WatchJobResponse]:
        """Yield what happens to a job to its end; see `Client.watch`."""
        wanted = job_service_pb2.WatchJobRequest(
            name=job,
            resume_token=resume_token,
            with_media=with_media,
            media_offset=media_offset,
            with_stats=with_stats,
        )
        return watching.watch_async(self._stubs.jobs, wanted, self._terms)

    async def cancel(self, job: str) -> job_pb2.Job:
        """Ask for a job to stop; one that has ended stays as it is."""
        request = job_service_pb2.CancelJobRequest(name=job)
        return (await ask_async(self._stubs.jobs.CancelJob, request, self._terms)).job

    async def delete_job(self, name: str) -> None:
        """Remove a job and all that was made for it; one that has not ended is cancelled first."""
        request = job_service_pb2.DeleteJobRequest(name=name)
        await remove_async(self._stubs.jobs.DeleteJob, request, self._terms)

    def webhook_deliveries(
        self, *, states: Sequence[job_service_pb2.WebhookState] = (), page_size: int = 50
    ) -> AsyncGenerator[job_service_pb2.WebhookDelivery]:
        """Yield how each webhook got on, or those in the given states, the newest first."""
        return listed_async(
            lambda request: ask_async(self._stubs.jobs.ListWebhookDeliveries, request, self._terms),
            job_service_pb2.ListWebhookDeliveriesRequest(page_size=page_size, states=states),
            lambda page: page.webhook_deliveries,
        )

    def generate(
        self,
        config: generation_service_pb2.GenerateConfig,
        *,
        text: AnyText = (),
        audio: Media | None = None,
        reference: Media | None = None,
        pose: Media | None = None,
    ) -> AsyncGenerator[generation_service_pb2.GenerateResponse]:
        """Make a film within one call and yield what comes back; see `Client.generate`.

        `text` that comes slowly is an asynchronous iterable.
        """
        files = generating.files_to_send(config, audio=audio, reference=reference, pose=pose)
        return generating.generate_async(self._stubs.generation, files, text, self._terms)

    async def voices(self) -> Sequence[voice_service_pb2.Voice]:
        """Return every voice, the default one first."""
        pages = listed_async(
            lambda request: ask_async(self._stubs.voices.ListVoices, request, self._terms),
            voice_service_pb2.ListVoicesRequest(page_size=LARGEST_PAGE),
            lambda page: page.voices,
        )
        return [voice async for voice in pages]

    async def create_voice(
        self,
        voice: voice_service_pb2.Voice,
        asset: str,
        *,
        request_id: str = "",
        start_seconds: float = 0.0,
        end_seconds: float = 0.0,
    ) -> voice_service_pb2.Voice:
        """Make a voice of the speech in an asset; see `Client.create_voice`."""
        request = voice_creation(
            voice, asset, request_id, start_seconds=start_seconds, end_seconds=end_seconds
        )
        return (await ask_async(self._stubs.voices.CreateVoice, request, self._terms)).voice

    async def voice(self, name: str) -> voice_service_pb2.Voice:
        """Return the voice of that name."""
        request = voice_service_pb2.GetVoiceRequest(name=name)
        return (await ask_async(self._stubs.voices.GetVoice, request, self._terms)).voice

    async def update_voice(
        self, voice: voice_service_pb2.Voice, *fields: str
    ) -> voice_service_pb2.Voice:
        """Make some fields of the caller's voice of that name what they are in `voice`."""
        request = voice_update(voice, fields)
        return (await ask_async(self._stubs.voices.UpdateVoice, request, self._terms)).voice

    async def delete_voice(self, name: str) -> None:
        """Remove a voice of the caller's with its sample; jobs that wait to speak with it fail."""
        request = voice_service_pb2.DeleteVoiceRequest(name=name)
        await remove_async(self._stubs.voices.DeleteVoice, request, self._terms)

    async def normalize_text(
        self, name: str, text: str, lexicon: Mapping[str, str] | None = None
    ) -> voice_service_pb2.NormalizeTextResponse:
        """Tell how a voice says a text; see `Client.normalize_text`."""
        request = reading(name, text, lexicon)
        return await ask_async(self._stubs.voices.NormalizeText, request, self._terms)

    async def preview_voice(self, name: str, text: str = "") -> bytes:
        """Return how a voice says a short text, or a sentence in its language, as a WAV file."""
        request = voice_service_pb2.PreviewVoiceRequest(name=name, text=text)
        return await preview_async(self._stubs.voices, request, self._terms)

    async def engines(self) -> Sequence[system_service_pb2.Engine]:
        """Return every engine, the default one first."""
        pages = listed_async(
            lambda request: ask_async(self._stubs.system.ListEngines, request, self._terms),
            system_service_pb2.ListEnginesRequest(page_size=LARGEST_PAGE),
            lambda page: page.engines,
        )
        return [engine async for engine in pages]

    async def server_info(
        self, *, timeout_seconds: float | None = None
    ) -> system_service_pb2.GetServerInfoResponse:
        """Return the gateway's version and limits."""
        request = system_service_pb2.GetServerInfoRequest()
        terms = self._terms.within(timeout_seconds)
        return await ask_async(self._stubs.system.GetServerInfo, request, terms)

    async def system_status(self) -> system_service_pb2.GetSystemStatusResponse:
        """Return how every service and worker is."""
        request = system_service_pb2.GetSystemStatusRequest()
        return await ask_async(self._stubs.system.GetSystemStatus, request, self._terms)
