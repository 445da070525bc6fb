"""RenderService over the planning core and the pool of workers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing

from s2v.api.common.v1 import clip_pb2, media_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import Artifact
from s2v.core.choices import check_frame_rate
from s2v.core.directing import (
    USUAL_LIVELINESS,
    FaceChoice,
    check_directed,
    check_face,
    check_liveliness,
)
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Reel
from s2v.core.lengths import MOST_STRETCH
from s2v.core.ports import ArtifactStore, Capabilities, Continuity, Notice, Size
from s2v.core.sampling import Sampling
from s2v.core.timebase import samples_per_frame
from s2v.media.confined.reading import Reader
from s2v.media.video import H264
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    face_from_proto,
    notice_to_proto,
    reel_from_proto,
    reel_to_proto,
    sampling_from_proto,
    source_type_to_proto,
    speech_from_proto,
)
from s2v.rpc.convert_lengths import shorter_from_proto
from s2v.rpc.interceptor import Context
from s2v_render.planning import (
    check_media_type,
    find_engine,
    find_preset,
    plan_size,
)
from s2v_render.rendering import (
    ClipRendered,
    PreviewShown,
    RenderEvent,
    RenderOrder,
    RenderProgress,
)
from s2v_render.workers.pool import WorkerPool
from s2v_render.workers.seat import WorkerState, WorkerStatus

Response = render_service_pb2.RenderResponse

_MOST_FRAMES = 2**31 - 1
_CONTINUITY = {
    Continuity.INDEPENDENT: render_service_pb2.CONTINUITY_INDEPENDENT,
    Continuity.SEQUENTIAL: render_service_pb2.CONTINUITY_SEQUENTIAL,
}
_STATE = {
    WorkerState.STARTING: render_service_pb2.WORKER_STATE_STARTING,
    WorkerState.IDLE: render_service_pb2.WORKER_STATE_IDLE,
    WorkerState.BUSY: render_service_pb2.WORKER_STATE_BUSY,
    WorkerState.AWAY: render_service_pb2.WORKER_STATE_AWAY,
}


class RenderServicer(render_service_pb2_grpc.RenderServiceServicer):
    """See render_service.proto."""

    def __init__(
        self,
        pool: WorkerPool,
        store: ArtifactStore,
        *,
        default_engine: str,
        withheld: Mapping[str, str],
    ) -> None:
        self._pool = pool
        self._store = store
        self._default_engine = default_engine
        self._withheld = withheld

    async def Render(
        self, request: render_service_pb2.RenderRequest, context: Context
    ) -> AsyncIterator[Response]:
        order = await asyncio.to_thread(self._order, request)
        async with aclosing(self._pool.run(order)) as events:
            async for event in events:
                yield _response(event)

    async def ListEngines(
        self, request: render_service_pb2.ListEnginesRequest, context: Context
    ) -> render_service_pb2.ListEnginesResponse:
        capabilities = self._pool.capabilities
        names = sorted(capabilities, key=lambda name: (name != self._default_engine, name))
        return render_service_pb2.ListEnginesResponse(
            engines=[
                _engine(
                    name,
                    capabilities[name],
                    problem=self._pool.problem(name),
                    groups=self._pool.groups(name),
                )
                for name in names
            ],
            withheld=[
                render_service_pb2.WithheldEngine(name=name, remedy=remedy)
                for name, remedy in self._withheld.items()
            ],
        )

    async def ListWorkers(
        self, request: render_service_pb2.ListWorkersRequest, context: Context
    ) -> render_service_pb2.ListWorkersResponse:
        return render_service_pb2.ListWorkersResponse(
            workers=map(_worker, self._pool.status()), waiting_takes=self._pool.waiting
        )

    def _order(self, request: render_service_pb2.RenderRequest) -> RenderOrder:
        """Check everything that can be checked before a worker is needed."""
        engine, capabilities = find_engine(
            request.engine,
            self._pool.capabilities,
            default=self._default_engine,
            withheld=self._withheld,
        )
        preset = find_preset(request.preset, capabilities, engine=engine)
        check_frame_rate(request.frame_rate, capabilities.frame_rates, engine=engine)
        speech = speech_from_proto(request.speech, field="speech")
        if speech.samples <= 0 or speech.samples % samples_per_frame(request.frame_rate):
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"speech.samples is {speech.samples}; it must be a positive multiple of "
                f"{samples_per_frame(request.frame_rate)}, the length of a frame",
                field="speech.samples",
            )
        if not 0 <= request.first_frame <= _MOST_FRAMES:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"first_frame is {request.first_frame}; it must be 0 to {_MOST_FRAMES}",
                field="first_frame",
            )
        sampling = self._sampling(request, engine, capabilities)
        reference = artifact_from_proto(request.reference, field="reference")
        requested = Size(request.width_pixels, request.height_pixels)
        return RenderOrder(
            speech=speech,
            reference=reference,
            engine=engine,
            frame_rate=request.frame_rate,
            size=plan_size(
                self._size(reference, capabilities),
                requested,
                preset,
                capabilities,
                engine=engine,
            ),
            quality=H264(preset.encoder_preset, preset.crf),
            first_frame=request.first_frame,
            seed=request.seed,
            state=artifact_from_proto(request.state, field="state")
            if request.HasField("state")
            else None,
            preset=preset.name,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            sampling=sampling,
            pose=artifact_from_proto(request.pose, field="pose")
            if request.HasField("pose")
            else None,
            video_shorter=shorter_from_proto(request.video_shorter, field="video_shorter"),
            video_speed=_video_speed(request.video_speed),
            liveliness=_liveliness(request),
            face=_face(request),
            device_group=request.device_group,
            following=artifact_from_proto(request.following, field="following")
            if request.HasField("following")
            else None,
            ends_film=request.ends_film,
            reels=request.reels,
            rendered=_rendered(request, speech.frames(request.frame_rate)),
        )

    def _sampling(
        self, request: render_service_pb2.RenderRequest, engine: str, capabilities: Capabilities
    ) -> Sampling:
        """Return how to sample, once all that only directed engines take was checked."""
        sampling = sampling_from_proto(request.sampling)
        check_directed(
            engine,
            directed=capabilities.directed,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            sampling=sampling,
            has_pose=request.HasField("pose"),
        )
        return sampling

    def _size(self, reference: Artifact, capabilities: Capabilities) -> Size:
        with self._store.local(reference) as path:
            info = Reader().probe(path, reference.media_type, field="spec.reference")
        check_media_type(info.media_type, capabilities)
        return Size(info.width_pixels, info.height_pixels)


def _video_speed(speed: float) -> float:
    if speed and not 1 - MOST_STRETCH <= speed <= 1 / (1 - MOST_STRETCH):
        problem = f"video_speed is {speed:g}; it must be within {MOST_STRETCH:.0%} of 1, or 0 for 1"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="video_speed")
    return speed or 1.0


def _liveliness(request: render_service_pb2.RenderRequest) -> float:
    liveliness = request.liveliness if request.HasField("liveliness") else USUAL_LIVELINESS
    check_liveliness(liveliness)
    return liveliness


def _face(request: render_service_pb2.RenderRequest) -> FaceChoice:
    face = face_from_proto(request.face)
    check_face(face)
    return face


def _rendered(request: render_service_pb2.RenderRequest, frames: int) -> tuple[Reel, ...]:
    """Return the reels that the clip begins with; the last frame is always left to be rendered."""
    reels = tuple(
        reel_from_proto(reel, field=f"rendered[{index}]")
        for index, reel in enumerate(request.rendered)
    )
    end_frame = 0
    for index, reel in enumerate(reels):
        if reel.first_frame != end_frame or not 0 < reel.frames < frames - end_frame:
            problem = (
                f"a reel has frames {reel.first_frame} to {reel.end_frame} of {frames}; it must "
                f"begin with {end_frame}, where the one before ends, and leave some to be rendered"
            )
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=f"rendered[{index}]")
        end_frame = reel.end_frame
    return reels


def _response(event: RenderEvent) -> Response:
    match event:
        case RenderProgress(done, total):
            progress = render_service_pb2.RenderProgress(frames_done=done, frames_total=total)
            return Response(progress=progress)
        case PreviewShown(frame, jpeg):
            return Response(preview=media_pb2.Preview(frame=frame, jpeg=jpeg))
        case Notice():
            return Response(notice=notice_to_proto(event))
        case Reel():
            return Response(reel=reel_to_proto(event))
        case ClipRendered():
            return Response(clip=_clip(event))


def _clip(clip: ClipRendered) -> clip_pb2.Clip:
    return clip_pb2.Clip(
        video=artifact_to_proto(clip.video),
        frames=clip.frames,
        width_pixels=clip.width_pixels,
        height_pixels=clip.height_pixels,
        state=artifact_to_proto(clip.state) if clip.state else None,
    )


def _engine(
    name: str, capabilities: Capabilities, *, problem: str, groups: Sequence[str]
) -> render_service_pb2.Engine:
    return render_service_pb2.Engine(
        name=name,
        description=capabilities.description,
        continuity=_CONTINUITY[capabilities.continuity],
        frame_rates=capabilities.frame_rates,
        min_side_pixels=max(capabilities.min_size.width, capabilities.min_size.height),
        max_side_pixels=min(capabilities.max_size.width, capabilities.max_size.height),
        reference_media_types=capabilities.reference_media_types,
        presets=[
            render_service_pb2.Preset(name=preset.name, description=preset.description)
            for preset in capabilities.presets
        ],
        digital_source_type=source_type_to_proto(capabilities.digital_source_type),
        directed=capabilities.directed,
        side_step_pixels=capabilities.size_step_pixels,
        problem=problem,
        device_groups=groups,
        default_frame_rate=capabilities.default_frame_rate,
        least_area_pixels=capabilities.least_area_pixels,
        withheld_presets=[
            render_service_pb2.WithheldPreset(name=name, remedy=remedy)
            for name, remedy in capabilities.withheld_presets.items()
        ],
    )


def _worker(worker: WorkerStatus) -> render_service_pb2.Worker:
    return render_service_pb2.Worker(
        name=worker.name,
        state=_STATE[worker.state],
        device=worker.device,
        restarts=worker.restarts,
        pid=worker.pid,
        problem=worker.problem,
    )
