"""GenerationService: a film within one call."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import generation_service_pb2, generation_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v.core.job import Job, JobSpec, JobState, Progress
from s2v.core.ports import Notice
from s2v.core.stages import Preview
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.finishing import in_thread, to_the_end
from s2v.rpc.interceptor import Context
from s2v_gateway.assets.library import Assets, Intake
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.stream import Ended, Happened, MediaGrew, Quiet, watch_job
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.accepting import Desk
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.jobs import Jobs
from s2v_gateway.servicers.messages import (
    job_to_proto,
    preview_to_proto,
    progress_to_proto,
    spec_from_proto,
)

Request = generation_service_pb2.GenerateRequest
Response = generation_service_pb2.GenerateResponse

_MAX_CHUNK_BYTES = 1024 * 1024


class GenerationServicer(generation_service_pb2_grpc.GenerationServiceServicer):
    """See generation_service.proto."""

    def __init__(
        self,
        desk: Desk,
        studio: Studio,
        jobs: Jobs,
        assets: Assets,
        *,
        feed: Feed,
        limits: Limits,
    ) -> None:
        self._desk = desk
        self._studio = studio
        self._jobs = jobs
        self._assets = assets
        self._feed = feed
        self._limits = limits

    async def Generate(
        self, requests: AsyncIterator[Request], context: Context
    ) -> AsyncIterator[Response]:
        config = await _config(requests)
        async with _Inputs.open(self._assets, self._limits) as inputs:
            async for request in requests:
                await inputs.take(request)
            spec = await inputs.finish(spec_from_proto(config.spec))
        live = not config.without_media
        ordering = asyncio.ensure_future(
            self._desk.order(spec, request_id=config.request_id, live=live)
        )
        try:
            job = await asyncio.shield(ordering)
            yield Response(accepted=job_to_proto(job))
            async with aclosing(self._follow(job.job_id, live=live)) as responses:
                async for response in responses:
                    yield response
        except (asyncio.CancelledError, GeneratorExit):
            if not config.keep_running:
                await to_the_end(self._abandon(ordering))
            raise
        await self._studio.forget_media(job.job_id)

    async def _abandon(self, ordering: asyncio.Future[Job]) -> None:
        """Cancel the job, if it ever became one, now that its client is gone."""
        with contextlib.suppress(S2VError):
            job = await ordering
            await self._studio.abandon(job.job_id)
            await self._studio.forget_media(job.job_id)

    async def _follow(self, job_id: str, *, live: bool) -> AsyncGenerator[Response]:
        """Send everything that happens until the job has ended."""
        offset = 0
        async with aclosing(watch_job(job_id, self._jobs, self._feed, after=0)) as events:
            async for event in events:
                if live and isinstance(event.what, MediaGrew | Ended):
                    async for media in self._media(job_id, offset):
                        offset += len(media.data)
                        yield Response(media=media)
                if response := _response(event.what):
                    yield response

    async def _media(self, job_id: str, offset: int) -> AsyncIterator[media_pb2.MediaChunk]:
        while data := await asyncio.to_thread(self._studio.read_media, job_id, offset):
            yield media_pb2.MediaChunk(offset=offset, data=data)
            offset += len(data)


class _Inputs:
    """What the client sends after its config: text, sound, a portrait, each in pieces."""

    def __init__(self, assets: Assets, limits: Limits, stack: AsyncExitStack) -> None:
        self._assets = assets
        self._limits = limits
        self._stack = stack
        self._text: list[str] = []
        self._characters = 0
        self._files: dict[str, Intake] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, assets: Assets, limits: Limits) -> "AsyncIterator[_Inputs]":
        """Take inputs; what did not become an asset is gone afterwards."""
        async with AsyncExitStack() as stack:
            yield cls(assets, limits, stack)

    async def take(self, request: Request) -> None:
        """Take one message.

        Raises:
            InvalidInput: CONFIG_EXPECTED, TEXT_TOO_LONG.
            OutOfRange: UPLOAD_TOO_LARGE.
        """
        match request.WhichOneof("input"):
            case "text_chunk":
                self._take_text(request.text_chunk)
            case "audio_chunk":
                await self._append("spec.script.audio", request.audio_chunk)
            case "reference_chunk":
                await self._append("spec.reference", request.reference_chunk)
            case _:
                raise _config_expected("after the config, send text, audio or reference chunks")

    async def finish(self, spec: JobSpec) -> JobSpec:
        """Make assets of the files and put everything into the spec.

        Raises:
            InvalidInput: a file is no media that can be used, or something came twice.
        """
        names = {
            field: (await in_thread(intake.finish)).name for field, intake in self._files.items()
        }
        audio = _either(spec.audio, names.get("spec.script.audio", ""), "spec.script.audio")
        # What is written beside sound is not spoken: it is what was said.
        text, transcript = ("", "".join(self._text)) if audio else ("".join(self._text), "")
        return replace(
            spec,
            text=_either(spec.text, text, "spec.script.text"),
            audio=audio,
            transcript=_either(spec.transcript, transcript, "spec.script.transcript"),
            reference=_either(spec.reference, names.get("spec.reference", ""), "spec.reference"),
        )

    def _take_text(self, chunk: str) -> None:
        self._characters += len(chunk)
        # It may be a transcript, the longer of the two; a text is measured when all is there.
        limit = max(self._limits.max_text_characters, self._limits.max_transcript_characters)
        if self._characters > limit:
            raise InvalidInput(
                Reason.TEXT_TOO_LONG,
                f"the text has more than {limit} characters; cut it into several jobs",
                field="spec.script.text",
                metadata={"limit_characters": str(limit)},
            )
        self._text.append(chunk)

    async def _append(self, field: str, data: bytes) -> None:
        if len(data) > _MAX_CHUNK_BYTES:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"a chunk has {len(data)} bytes; send at most {_MAX_CHUNK_BYTES} at once",
                field=field,
            )
        if field not in self._files:
            lease = self._assets.intake(field=field)
            self._files[field] = await in_thread(lease.__enter__)
            self._stack.push_async_callback(in_thread, lease.__exit__, None, None, None)
        await in_thread(self._files[field].append, data)


async def _config(requests: AsyncIterator[Request]) -> generation_service_pb2.GenerateConfig:
    async for request in requests:
        if request.HasField("config"):
            return request.config
        break
    raise _config_expected("the first message must be the config")


def _config_expected(message: str) -> InvalidInput:
    return InvalidInput(Reason.CONFIG_EXPECTED, message, field="config")


def _either(given: str, sent: str, field: str) -> str:
    if given and sent:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} is in the config and came in chunks; give it once",
            field=field,
        )
    return given or sent


def _response(what: Happened) -> Response | None:
    """Spell what happened as a message; None for what Generate does not tell."""
    match what:
        case Progress() as progress:
            return Response(progress=progress_to_proto(progress))
        case Notice() as notice:
            return Response(notice=notice_to_proto(notice))
        case Preview() as preview:
            return Response(preview=preview_to_proto(preview))
        case Quiet():
            return Response(keepalive={})
        case Ended(job):
            return Response(finished=job_to_proto(job))
        case Job() | JobState() | MediaGrew():
            return None
