"""GenerationService: a film within one call."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from s2v.api.gateway.v1 import generation_service_pb2, generation_service_pb2_grpc
from s2v.core.captions import SegmentCaptions
from s2v.core.errors import S2VError
from s2v.core.job import FilmStats, Job, JobSpec, JobState, Progress, Waiting
from s2v.core.ports import Notice
from s2v.core.stages import Media, Preview
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.finishing import to_the_end
from s2v.rpc.interceptor import Context
from s2v_gateway.access.callers import Caller, caller
from s2v_gateway.assets.uploads import Uploads
from s2v_gateway.events.stream import Ended, Happened, JobEvent, JobStream, Quiet, Wanted
from s2v_gateway.film.offers import ChosenVoice
from s2v_gateway.jobs.running import Studio
from s2v_gateway.jobs.scripts import OpenScripts
from s2v_gateway.orders.accepting import Accepting
from s2v_gateway.orders.completing import check_continuation
from s2v_gateway.orders.limits import Limits
from s2v_gateway.servicers.inputs import Inputs, config_expected
from s2v_gateway.servicers.messages import (
    JobSpeller,
    media_to_proto,
    preview_to_proto,
    progress_to_proto,
    segment_captions_to_proto,
    spec_from_proto,
    waiting_to_proto,
)

Request = generation_service_pb2.GenerateRequest
Response = generation_service_pb2.GenerateResponse


class GenerationServicer(generation_service_pb2_grpc.GenerationServiceServicer):
    """See generation_service.proto."""

    def __init__(
        self,
        accepting: Accepting,
        studio: Studio,
        scripts: OpenScripts,
        uploads: Uploads,
        *,
        stream: JobStream,
        limits: Limits,
        spell: JobSpeller,
    ) -> None:
        self._accepting = accepting
        self._studio = studio
        self._scripts = scripts
        self._uploads = uploads
        self._stream = stream
        self._limits = limits
        self._spell = spell

    async def Generate(
        self, requests: AsyncIterator[Request], context: Context
    ) -> AsyncIterator[Response]:
        who = caller()
        config = await _config(requests)
        spec = spec_from_proto(config.spec)
        opened = Inputs.open(who, spec, self._uploads, self._limits, requests=requests)
        async with opened as inputs:
            accepting = asyncio.ensure_future(
                self._accept(who, config, await inputs.enough(), inputs)
            )
            try:
                job, mine = await asyncio.shield(accepting)
                yield Response(accepted=self._spell(job))
                async with aclosing(
                    self._follow(who, job, config, inputs if mine else None)
                ) as responses:
                    async for response in responses:
                        yield response
            except BaseException as error:
                keep = config.keep_running and not isinstance(error, S2VError)
                await to_the_end(self._leave(accepting, keep=keep))
                raise

    async def _accept(
        self,
        who: Caller,
        config: generation_service_pb2.GenerateConfig,
        spec: JobSpec,
        inputs: Inputs,
    ) -> tuple[Job, bool]:
        return await self._accepting.accept(
            who,
            spec,
            request_id=config.request_id,
            with_media=not config.without_media,
            streamed=inputs.streamed and not spec.audio,
            script_open=inputs.streamed and not spec.audio and not inputs.ended,
        )

    async def _leave(self, accepting: asyncio.Future[tuple[Job, bool]], *, keep: bool) -> None:
        """The call is over before the job: cancel it, or let it go on with the text so far."""
        with contextlib.suppress(S2VError):
            job, mine = await accepting
            if not keep:
                await self._studio.abandon(job.job_id)
            if mine:
                await self._scripts.close(job.job_id)

    async def _follow(
        self,
        who: Caller,
        job: Job,
        config: generation_service_pb2.GenerateConfig,
        inputs: Inputs | None,
    ) -> AsyncGenerator[Response]:
        """Send everything that happens until the job has ended, and take the text meanwhile."""
        writing = asyncio.create_task(self._write_script(who, job, inputs))
        offset = None if config.without_media else 0
        wanted = Wanted(media_offset=offset, only_with_media=False)
        try:
            async with aclosing(self._stream.watch(who, job.name, wanted)) as events:
                async for event in _unless_failed(events, writing):
                    if response := self._response(event.what):
                        yield response
        finally:
            writing.cancel()
            await asyncio.wait({writing})

    async def _write_script(self, who: Caller, job: Job, inputs: Inputs | None) -> None:
        """Take what follows of the text; refuse at once what the voice cannot say."""
        if inputs is None:
            return  # the call that made the job writes it
        spoken = inputs.streamed and not job.spec.audio
        voice = await self._accepting.voice_of(who, job.spec) if spoken else ChosenVoice("")
        number = 1
        while text := await inputs.more():
            await asyncio.to_thread(check_continuation, text, job.spec, voice)
            await self._scripts.append(job.job_id, number, text)
            number += 1
        await self._scripts.close(job.job_id)

    def _response(self, what: Happened) -> Response | None:
        """Spell what happened as a message; None for what Generate does not tell."""
        match what:
            case Progress() as progress:
                return Response(progress=progress_to_proto(progress))
            case Notice() as notice:
                return Response(notice=notice_to_proto(notice))
            case SegmentCaptions() as captions:
                return Response(captions=segment_captions_to_proto(captions))
            case Waiting() as waiting:
                return Response(waiting=waiting_to_proto(waiting))
            case Preview() as preview:
                return Response(preview=preview_to_proto(preview))
            case Media() as media:
                return Response(media=media_to_proto(media))
            case Quiet():
                return Response(keepalive={})
            case Ended(job):
                return Response(finished=self._spell(job))
            case Job() | JobState() | FilmStats():
                return None


async def _config(requests: AsyncIterator[Request]) -> generation_service_pb2.GenerateConfig:
    async for request in requests:
        if request.HasField("config"):
            return request.config
        break
    raise config_expected("the first message must be the config")


async def _unless_failed(
    events: AsyncGenerator[JobEvent], writing: asyncio.Task[None]
) -> AsyncIterator[JobEvent]:
    """Yield the events; raise what went wrong with the text as soon as it does.

    Raises:
        S2VError: that of `writing`.
    """
    while True:
        coming = asyncio.ensure_future(anext(events, None))
        try:
            waited_for = {coming} if writing.done() else {coming, writing}
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and (error := writing.exception()):
                raise error
            event = await coming
        finally:
            coming.cancel()
            await asyncio.wait({coming})
        if event is None:
            return
        yield event
