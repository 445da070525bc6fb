"""The blocking client."""

import contextlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

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
from s2v.client.calling import Terms, ask, bearer, remove
from s2v.client.listing import LARGEST_PAGE, listed
from s2v.client.making import Making, OnProgress, SpecFields, creation
from s2v.client.securing import Tls
from s2v.client.source import Media
from s2v.client.stubs import Stubs
from s2v.client.voicing import preview, reading, voice_creation, voice_update
from s2v.core.errors import S2VError
from s2v.rpc.channel import connect_sync


class Client:
    """Talks to a gateway; use it as a context manager.

    Every method raises `s2v.core.errors.S2VError` with the reason, the field and the message that
    the gateway gave. Calls that are safe to repeat are repeated while the gateway is away. To leave
    an iterator early, close it: that ends its call.

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
        self._channel = connect_sync(address, tls.credentials() if tls else None)
        self._stubs = Stubs(self._channel)

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

    def make(
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
        """Make a film of files and write it to a file: upload, create, watch, download.

        A job that is given up half-way, as by Ctrl-C, is cancelled.

        Args:
            reference: the portrait.
            output: where the MP4 goes; a file that is there is replaced.
            text: what to say; either this or `audio`.
            audio: what was said already.
            transcript: what is said in `audio`, word for word, if that is known.
            pose: a video whose poses are followed.
            on_progress: told how far the job is.
            fields: of JobSpec, such as `voice`, `engine` and `seed`.

        Returns:
            The job as it ended.

        Raises:
            OSError: a file cannot be read or the film not be written.
            S2VError: the job's error, or what a call answered.
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
            making.uploaded(field, self.upload(data).name)
        job = self.create_job(making.spec).name
        try:
            for event in self.watch(job):
                making.take(event, on_progress)
        except S2VError:
            raise
        except BaseException:
            with contextlib.suppress(S2VError):
                self.cancel(job)
            raise
        self.download(making.film(), making.output)
        return making.job

    def upload(self, data: Media) -> asset_service_pb2.Asset:
        """Make an asset of a file or of bytes; what the gateway has already is not sent again.

        Raises:
            OSError: the file cannot be read.
        """
        return uploading.upload(self._stubs.assets, data, self._terms)

    def download(
        self, asset: str, path: Path | str, *, replace: bool = True
    ) -> asset_service_pb2.Asset:
        """Write the asset of that name to a file, which is replaced only when all is well.

        Raises:
            Corrupt: DIGEST_MISMATCH, the bytes are not those of the asset.
            FileExistsError: there is a file and `replace` is false, or it is no ordinary file.
            OSError: the file cannot be written.
        """
        stub = self._stubs.assets
        return downloading.download(stub, asset, Path(path), self._terms, replace=replace)

    def asset(self, name: str) -> asset_service_pb2.Asset:
        """Return the asset of that name."""
        request = asset_service_pb2.GetAssetRequest(name=name)
        return ask(self._stubs.assets.GetAsset, request, self._terms).asset

    def list_assets(self, *, page_size: int = 50) -> Generator[asset_service_pb2.Asset]:
        """Yield every asset, the newest first."""
        return listed(
            lambda request: ask(self._stubs.assets.ListAssets, request, self._terms),
            asset_service_pb2.ListAssetsRequest(page_size=page_size),
            lambda page: page.assets,
        )

    def delete_asset(self, name: str) -> None:
        """Remove an asset; its bytes are gone when this returns."""
        request = asset_service_pb2.DeleteAssetRequest(name=name)
        remove(self._stubs.assets.DeleteAsset, request, self._terms)

    def create_job(
        self, spec: job_pb2.JobSpec, *, request_id: str = "", with_media: bool = False
    ) -> job_pb2.Job:
        """Have a film made; the same request_id (default: a new one) never makes a second job.

        `with_media` lets `watch` carry the film while it is made.
        """
        request = creation(spec, request_id, with_media=with_media)
        return ask(self._stubs.jobs.CreateJob, request, self._terms).job

    def batch_create(
        self, specs: Sequence[job_pb2.JobSpec], *, request_ids: Sequence[str] = ()
    ) -> list[Outcome]:
        """Have several films made; one that is refused keeps none of the others from it.

        Args:
            specs: which films; they are sent in as many calls as it takes.
            request_ids: one for each spec (default: new ones); the same never makes a second job.

        Returns:
            For each spec the job as it was accepted, or the error for which there is none.

        Raises:
            ValueError: there are request ids, but not one for each spec.
        """
        calls = batches(specs, request_ids)
        answers = (ask(self._stubs.jobs.BatchCreateJobs, one, self._terms) for one in calls)
        return [outcome for answer in answers for outcome in outcomes(answer)]

    def estimate(self, spec: job_pb2.JobSpec) -> job_service_pb2.EstimateJobResponse:
        """Guess how long a film would become, be worked on and have to wait; makes no job."""
        request = job_service_pb2.EstimateJobRequest(spec=spec)
        return ask(self._stubs.jobs.EstimateJob, request, self._terms)

    def retry(self, job: str, *, request_id: str = "") -> job_pb2.Job:
        """Have a job that failed or was cancelled made again: a new job of the same order."""
        return ask(self._stubs.jobs.RetryJob, retrial(job, request_id), self._terms).job

    def job(self, name: str) -> job_pb2.Job:
        """Return the job of that name."""
        request = job_service_pb2.GetJobRequest(name=name)
        return ask(self._stubs.jobs.GetJob, request, self._terms).job

    def list_jobs(
        self, *, states: Sequence[job_pb2.JobState] = (), page_size: int = 50
    ) -> Generator[job_pb2.Job]:
        """Yield every job, or those in the given states, the newest first."""
        return listed(
            lambda request: ask(self._stubs.jobs.ListJobs, request, self._terms),
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
    ) -> Generator[job_service_pb2.WatchJobResponse]:
        """Yield what happens to a job; the last message is `finished`, with its error if it failed.

        A gateway that goes away and comes back is rejoined where it left off; each time a
        `snapshot` comes first.

        Args:
            job: name of the job.
            resume_token: of the last message that was seen.
            with_media: whether the film comes too, in `media`, for a job that was created so. No
                byte comes twice or is left out, and each was checked.
            media_offset: first byte of the media to send.
            with_stats: whether to wait for what is measured on the film: `stats` then comes last.
        """
        wanted = job_service_pb2.WatchJobRequest(
            name=job,
            resume_token=resume_token,
            with_media=with_media,
            media_offset=media_offset,
            with_stats=with_stats,
        )
        return watching.watch(self._stubs.jobs, wanted, self._terms)

    def cancel(self, job: str) -> job_pb2.Job:
        """Ask for a job to stop; one that has ended stays as it is."""
        request = job_service_pb2.CancelJobRequest(name=job)
        return ask(self._stubs.jobs.CancelJob, request, self._terms).job

    def delete_job(self, name: str) -> None:
        """Remove a job and all that was made for it; one that has not ended is cancelled first."""
        request = job_service_pb2.DeleteJobRequest(name=name)
        remove(self._stubs.jobs.DeleteJob, request, self._terms)

    def webhook_deliveries(
        self, *, states: Sequence[job_service_pb2.WebhookState] = (), page_size: int = 50
    ) -> Generator[job_service_pb2.WebhookDelivery]:
        """Yield how each webhook got on, or those in the given states, the newest first."""
        return listed(
            lambda request: ask(self._stubs.jobs.ListWebhookDeliveries, request, self._terms),
            job_service_pb2.ListWebhookDeliveriesRequest(page_size=page_size, states=states),
            lambda page: page.webhook_deliveries,
        )

    def generate(
        self,
        config: generation_service_pb2.GenerateConfig,
        *,
        text: Iterable[str] = (),
        audio: Media | None = None,
        reference: Media | None = None,
        pose: Media | None = None,
    ) -> Generator[generation_service_pb2.GenerateResponse]:
        """Make a film within one call and yield what comes back: progress, previews, media.

        The work begins at the first complete sentence: `text` may come as slowly as it is written.
        It is read in another thread. Beside sound it is the transcript.

        A call that breaks is not taken up again: the job was cancelled, unless the config has
        keep_running; then `watch` it by the name in `accepted`. Closing the iterator ends the call.

        Args:
            config: which film to make.
            text: what to say, in pieces.
            audio: what was said already.
            reference: the portrait.
            pose: a video whose poses are followed.

        Raises:
            OSError: a file cannot be read.
            Exception: whatever `text` raises.
        """
        files = generating.files_to_send(config, audio=audio, reference=reference, pose=pose)
        return generating.generate(self._stubs.generation, files, text, self._terms)

    def voices(self) -> Sequence[voice_service_pb2.Voice]:
        """Return every voice, the default one first."""
        return list(
            listed(
                lambda request: ask(self._stubs.voices.ListVoices, request, self._terms),
                voice_service_pb2.ListVoicesRequest(page_size=LARGEST_PAGE),
                lambda page: page.voices,
            )
        )

    def create_voice(
        self,
        voice: voice_service_pb2.Voice,
        asset: str,
        *,
        request_id: str = "",
        start_seconds: float = 0.0,
        end_seconds: float = 0.0,
    ) -> voice_service_pb2.Voice:
        """Make a voice of the speech in an asset, a recording or a video with sound.

        Args:
            voice: its name, such as "voices/anna", language and consent, and what else is known.
            asset: name of the asset; it may go afterwards.
            request_id: the same one (default: a new one) never makes a second voice.
            start_seconds: where the sample begins in the asset.
            end_seconds: where it ends; 0 is the asset's end.

        Returns:
            The voice; its `notices` say what would make the sample better.
        """
        request = voice_creation(
            voice, asset, request_id, start_seconds=start_seconds, end_seconds=end_seconds
        )
        return ask(self._stubs.voices.CreateVoice, request, self._terms).voice

    def voice(self, name: str) -> voice_service_pb2.Voice:
        """Return the voice of that name."""
        request = voice_service_pb2.GetVoiceRequest(name=name)
        return ask(self._stubs.voices.GetVoice, request, self._terms).voice

    def update_voice(self, voice: voice_service_pb2.Voice, *fields: str) -> voice_service_pb2.Voice:
        """Make some fields of the caller's voice of that name what they are in `voice`."""
        request = voice_update(voice, fields)
        return ask(self._stubs.voices.UpdateVoice, request, self._terms).voice

    def delete_voice(self, name: str) -> None:
        """Remove a voice of the caller's with its sample; jobs that wait to speak with it fail."""
        request = voice_service_pb2.DeleteVoiceRequest(name=name)
        remove(self._stubs.voices.DeleteVoice, request, self._terms)

    def normalize_text(
        self, name: str, text: str, lexicon: Mapping[str, str] | None = None
    ) -> voice_service_pb2.NormalizeTextResponse:
        """Tell how a voice says a text, with a lexicon that goes before its own."""
        return ask(self._stubs.voices.NormalizeText, reading(name, text, lexicon), self._terms)

    def preview_voice(self, name: str, text: str = "") -> bytes:
        """Return how a voice says a short text, or a sentence in its language, as a WAV file."""
        request = voice_service_pb2.PreviewVoiceRequest(name=name, text=text)
        return preview(self._stubs.voices, request, self._terms)

    def engines(self) -> Sequence[system_service_pb2.Engine]:
        """Return every engine, the default one first."""
        return list(
            listed(
                lambda request: ask(self._stubs.system.ListEngines, request, self._terms),
                system_service_pb2.ListEnginesRequest(page_size=LARGEST_PAGE),
                lambda page: page.engines,
            )
        )

    def server_info(
        self, *, timeout_seconds: float | None = None
    ) -> system_service_pb2.GetServerInfoResponse:
        """Return the gateway's version and limits."""
        request = system_service_pb2.GetServerInfoRequest()
        terms = self._terms.within(timeout_seconds)
        return ask(self._stubs.system.GetServerInfo, request, terms)

    def system_status(self) -> system_service_pb2.GetSystemStatusResponse:
        """Return how every service and worker is."""
        request = system_service_pb2.GetSystemStatusRequest()
        return ask(self._stubs.system.GetSystemStatus, request, self._terms)
