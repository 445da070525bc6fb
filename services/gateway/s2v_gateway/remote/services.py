"""The stages as gRPC services; a service that is away is waited for."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import grpc
import structlog

from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.artifact import Artifact
from s2v.core.errors import Internal, Reason, S2VError, Unavailable
from s2v.core.job import Clip, Film, LipSyncMeasurement, Order, Stage
from s2v.core.script import Segment, Speech
from s2v.core.stages import (
    AtWork,
    CutScript,
    FinishedReel,
    FinishedSegment,
    Media,
    MediaSink,
    Preview,
    Reels,
    Report,
    SegmentProgress,
    Standing,
)
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    face_to_proto,
    measurement_from_proto,
    notice_from_proto,
    reel_from_proto,
    sampling_to_proto,
    speech_from_proto,
    speech_to_proto,
)
from s2v.rpc.convert_lengths import shorter_to_proto
from s2v.rpc.convert_sound import enhancement_to_proto
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.logs import correlation
from s2v_gateway.film.offers import (
    BackendOffer,
    EngineCatalogue,
    FinishOffer,
    VoiceCatalogue,
    VoiceOffer,
)
from s2v_gateway.remote import messages
from s2v_gateway.remote.grouping import DeviceGroups
from s2v_gateway.remote.persisting import Patience, in_time, persist, pulsing
from s2v_gateway.remote.telling import stage

T = TypeVar("T")

_log = structlog.get_logger()
_LISTING_SECONDS = 10.0
_JOINING_SECONDS = 2.0
# These answer once, without a sign of life before: long enough for the longest recording, and for a
# film that waits for others.
_CUTTING_SECONDS = 900.0
_MEASURING_SECONDS = 1800.0


class RemoteStages:
    """Speak, render, compose, measure: calls of the three services (`s2v.core.stages.Stages`).

    Args:
        tts: channel to the tts service.
        render: channel to the render service.
        compositor: channel to the compositor service.
        patience: how much to put up with.
    """

    def __init__(
        self,
        tts: grpc.aio.Channel,
        render: grpc.aio.Channel,
        compositor: grpc.aio.Channel,
        *,
        patience: Patience,
    ) -> None:
        self._tts = speech_service_pb2_grpc.SpeechServiceStub(tts)
        self._render = render_service_pb2_grpc.RenderServiceStub(render)
        self._compositor = compositor_service_pb2_grpc.CompositorServiceStub(compositor)
        self._patience = patience
        self._groups = DeviceGroups()

    async def list_engines(self) -> EngineCatalogue:
        """Ask the render service for its engines.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            response = await self._render.ListEngines(
                render_service_pb2.ListEnginesRequest(), timeout=_LISTING_SECONDS
            )
        except grpc.RpcError as error:
            raise _away("render", error) from error
        catalogue = messages.engine_catalogue(response)
        self._groups.learn(catalogue)
        return catalogue

    async def list_voices(self) -> VoiceCatalogue:
        """Ask the tts service for its voices and backends.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            response = await self._tts.ListVoices(
                speech_service_pb2.ListVoicesRequest(), timeout=_LISTING_SECONDS
            )
        except grpc.RpcError as error:
            raise _away("tts", error) from error
        return VoiceCatalogue(
            tuple(
                VoiceOffer(v.name, v.language, v.description, v.backend, dict(v.lexicon))
                for v in response.voices
            ),
            tuple(BackendOffer(b.name, b.clones) for b in response.backends),
        )

    async def ask_compositor(self) -> FinishOffer:
        """Ask the compositor what it can do.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            response = await self._compositor.GetCapabilities(
                compositor_service_pb2.GetCapabilitiesRequest(), timeout=_LISTING_SECONDS
            )
        except grpc.RpcError as error:
            raise _away("compositor", error) from error
        return FinishOffer(response.restores_faces)

    async def list_workers(self) -> Sequence[render_service_pb2.Worker]:
        """Ask the render service for its workers.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            response = await self._render.ListWorkers(
                render_service_pb2.ListWorkersRequest(), timeout=_LISTING_SECONDS
            )
        except grpc.RpcError as error:
            raise _away("render", error) from error
        return response.workers

    async def enhance(self, order: Order, audio: Artifact, report: Report) -> Artifact:
        """Better the order's given sound as its spec says."""
        request = speech_service_pb2.EnhanceAudioRequest(
            audio=artifact_to_proto(audio), enhancement=enhancement_to_proto(order.spec.enhancement)
        )

        async def call() -> Artifact:
            enhancing = self._tts.EnhanceAudio(request, metadata=correlation(order.job_id))
            async with self._pulsing("tts", enhancing) as responses:
                async for response in responses:
                    if response.HasField("enhanced"):
                        return artifact_from_proto(response.enhanced.audio, field="enhanced.audio")
            raise _no_result("tts")

        with stage("enhance", order):
            return await self._persist("tts", call, report)

    async def cut(self, order: Order, report: Report) -> CutScript:
        """Cut the order's script into segments."""
        request = speech_service_pb2.CutScriptRequest(
            frame_rate=order.spec.frame_rate,
            transcript=order.spec.transcript,
            least_seconds=order.fitted.least_seconds,
            lexicon=order.lexicon,
        )
        if order.audio:
            request.audio.CopyFrom(artifact_to_proto(order.audio))
        else:
            request.text, request.continues = order.spec.text, order.continues

        async def call() -> CutScript:
            cutting = self._tts.CutScript(request, metadata=correlation(order.job_id))
            response = await in_time("tts", cutting, _CUTTING_SECONDS)
            for notice in response.notices:
                report(notice_from_proto(notice))
            return messages.cut_script(response)

        with stage("cut", order):
            return await self._persist("tts", call, report)

    async def speak(
        self, order: Order, segment: Segment, decoded_audio: Artifact | None, report: Report
    ) -> Speech:
        """Make the speech of one segment."""
        request = speech_service_pb2.SpeakRequest(
            segment=messages.segment(segment),
            voice=order.spec.voice,
            frame_rate=order.spec.frame_rate,
            decoded_audio=artifact_to_proto(decoded_audio) if decoded_audio else None,
            speed=order.spec.speed,
            lexicon=order.lexicon,
            voice_sample=messages.voice_sample(order.voice) if order.voice else None,
            device_group=self._groups.of(order, segment.index),
        )

        async def call() -> Speech:
            metadata = correlation(order.job_id, segment.index)
            speaking = self._tts.Speak(request, metadata=metadata)
            async with self._pulsing("tts", speaking) as responses:
                async for response in responses:
                    if response.HasField("speech"):
                        return speech_from_proto(response.speech)
                    if response.HasField("notice"):
                        report(notice_from_proto(response.notice))
            raise _no_result("tts")

        with stage("speak", order, segment.index):
            return await self._persist("tts", call, report)

    async def render(
        self,
        order: Order,
        index: int,
        speech: Speech,
        *,
        standing: Standing,
        reels: Reels | None,
        report: Report,
    ) -> Clip:
        """Render one segment; the clip begins with its reels."""
        request = render_service_pb2.RenderRequest(
            speech=speech_to_proto(speech),
            reference=artifact_to_proto(order.reference),
            engine=order.spec.engine,
            preset=order.spec.preset,
            frame_rate=order.spec.frame_rate,
            width_pixels=order.spec.width_pixels,
            height_pixels=order.spec.height_pixels,
            seed=order.spec.seed,
            first_frame=standing.first_frame,
            state=artifact_to_proto(standing.state) if standing.state else None,
            prompt=order.spec.prompt,
            negative_prompt=order.spec.negative_prompt,
            sampling=sampling_to_proto(order.spec.sampling),
            pose=artifact_to_proto(order.pose) if order.pose else None,
            video_shorter=shorter_to_proto(order.spec.lengths.video_shorter),
            video_speed=order.fitted.video_speed,
            liveliness=order.spec.liveliness,
            face=face_to_proto(order.spec.face),
            device_group=self._groups.of(order, index),
            following=artifact_to_proto(standing.following) if standing.following else None,
            ends_film=standing.ends_film,
            reels=reels is not None,
        )
        begun = False

        async def call() -> Clip:
            nonlocal begun
            begun = False
            messages.tell_rendered(request, reels.so_far if reels else ())
            metadata = correlation(order.job_id, index)
            rendering = self._render.Render(request, metadata=metadata)
            async with self._pulsing("render", rendering) as responses:
                async for response in responses:
                    begun = True
                    if response.HasField("clip"):
                        return messages.clip(response.clip)
                    if reels and response.HasField("reel"):
                        await reels.add(reel_from_proto(response.reel))
                    _report_render(response, index, report)
            raise _no_result("render")

        # Once it has answered, a worker is at it, whose deaths the render service counts itself.
        with stage("render", order, index):
            return await persist(
                "render", call, report, self._patience, progress=lambda: None if begun else 0
            )

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment | FinishedReel]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Join the segments; give `media` what there is to watch meanwhile."""
        joining = _Joining()

        async def call() -> Film:
            requests = _compose_requests(
                messages.compose_config(order, film_audio, live=media is not None),
                joining.counted(segments()),
                report,
            )
            metadata = correlation(order.job_id)
            composing = self._compositor.Compose(requests, metadata=metadata)
            async with self._pulsing("compositor", composing) as responses:
                async for response in responses:
                    if response.HasField("film"):
                        return messages.film(response.film)
                    if media and response.HasField("media"):
                        await media(Media(response.media.offset, response.media.data))
            raise _no_result("compositor")

        with stage("compose", order):
            film = await persist(
                "compositor", call, report, self._patience, progress=joining.progress
            )
        report(AtWork(Stage.COMPOSE, working=False))
        return film

    async def measure(
        self, order: Order, film: Film, speeches: Sequence[Speech]
    ) -> LipSyncMeasurement:
        """Measure the lip sync of the film's start, as far as its first speeches reach."""
        request = compositor_service_pb2.MeasureFilmRequest(
            film=artifact_to_proto(film.video),
            frame_rate=film.frame_rate,
            speeches=map(speech_to_proto, speeches),
            reference=artifact_to_proto(order.reference),
        )

        async def call() -> LipSyncMeasurement:
            measuring = self._compositor.MeasureFilm(request, metadata=correlation(order.job_id))
            response = await in_time("compositor", measuring, _MEASURING_SECONDS)
            return measurement_from_proto(response.lip_sync)

        with stage("measure", order):
            return await self._persist("compositor", call, lambda _: None)

    async def _persist(self, service: str, call: Callable[[], Awaitable[T]], report: Report) -> T:
        return await persist(service, call, report, self._patience)

    def _pulsing(self, service: str, call: Any) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        return pulsing(service, call, self._patience.stall_seconds)


class _Joining:
    """Where a call of Compose is, which lasts as long as its job and mostly waits for segments."""

    _sent, _sent_at, _all_sent = 0, 0.0, False

    async def counted(
        self, segments: AsyncIterator[FinishedSegment | FinishedReel]
    ) -> AsyncIterator[FinishedSegment | FinishedReel]:
        """Count the segments of a call as they are sent; how many reels there are is chance."""
        self._sent, self._sent_at, self._all_sent = 0, 0.0, False
        async for finished in segments:
            self._sent += isinstance(finished, FinishedSegment)
            self._sent_at = time.monotonic()
            yield finished
        self._all_sent = True

    def progress(self) -> int | None:
        """Return how many segments were sent; None while none of them is being joined any more."""
        is_waiting = time.monotonic() - self._sent_at > _JOINING_SECONDS
        return None if is_waiting and not self._all_sent else self._sent


async def _compose_requests(
    config: compositor_service_pb2.ComposeConfig,
    segments: AsyncIterator[FinishedSegment | FinishedReel],
    report: Report,
) -> AsyncIterator[compositor_service_pb2.ComposeRequest]:
    yield compositor_service_pb2.ComposeRequest(config=config)
    async for finished in segments:
        yield messages.compose_request(finished)
    # Joining happens while others render; what the user waits for begins after the last segment.
    report(AtWork(Stage.COMPOSE, working=True))


def _report_render(response: render_service_pb2.RenderResponse, index: int, report: Report) -> None:
    if response.HasField("progress"):
        report(SegmentProgress(index, response.progress.frames_done))
    elif response.HasField("preview"):
        report(Preview(response.preview.frame, response.preview.jpeg))
    elif response.HasField("notice"):
        report(notice_from_proto(response.notice))


def _away(service: str, error: grpc.RpcError) -> S2VError:
    _log.warning("service away", callee=service, message=from_rpc_error(error).message)
    return Unavailable(
        Reason.SERVICE_UNAVAILABLE,
        f"the {service} service does not answer; try again in a moment",
        retry_after_seconds=1.0,
    )


def _no_result(service: str) -> S2VError:
    return Internal(Reason.INTERNAL, f"the {service} service ended its stream without a result")
