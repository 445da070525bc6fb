"""Messages of the services behind the gateway, to values and back."""

from collections.abc import Sequence

from s2v.api.common.v1 import clip_pb2
from s2v.api.compositor.v1 import compositor_service_pb2
from s2v.api.render.v1 import render_service_pb2
from s2v.api.tts.v1 import speech_service_pb2
from s2v.core.artifact import Artifact
from s2v.core.captions import CaptionChoice
from s2v.core.finishing import SideFiles
from s2v.core.job import Clip, Film, Order, Reel
from s2v.core.ports import Continuity
from s2v.core.script import Segment
from s2v.core.stages import CutScript, FinishedReel, FinishedSegment
from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.core.voice import SampledVoice
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    caption_to_proto,
    reel_to_proto,
    source_type_from_proto,
    source_type_to_proto,
)
from s2v.rpc.convert_finish import finish_to_proto
from s2v_gateway.film.offers import EngineCatalogue, EngineOffer, PresetOffer

_CONTINUITY = {
    render_service_pb2.CONTINUITY_INDEPENDENT: Continuity.INDEPENDENT,
    render_service_pb2.CONTINUITY_SEQUENTIAL: Continuity.SEQUENTIAL,
}


def engine_catalogue(message: render_service_pb2.ListEnginesResponse) -> EngineCatalogue:
    """Read what engines there are."""
    return EngineCatalogue(
        tuple(map(engine_offer, message.engines)),
        {engine.name: engine.remedy for engine in message.withheld},
    )


def engine_offer(message: render_service_pb2.Engine) -> EngineOffer:
    """Read an engine."""
    return EngineOffer(
        name=message.name,
        description=message.description,
        continuity=_CONTINUITY[message.continuity],
        frame_rates=tuple(message.frame_rates),
        min_side_pixels=message.min_side_pixels,
        max_side_pixels=message.max_side_pixels,
        reference_media_types=tuple(message.reference_media_types),
        presets=tuple(PresetOffer(p.name, p.description) for p in message.presets),
        digital_source_type=source_type_from_proto(message.digital_source_type),
        directed=message.directed,
        side_step_pixels=message.side_step_pixels or 2,
        problem=message.problem,
        device_groups=tuple(message.device_groups),
        default_frame_rate=message.default_frame_rate or DEFAULT_FRAME_RATE,
        least_area_pixels=message.least_area_pixels,
        withheld_presets={preset.name: preset.remedy for preset in message.withheld_presets},
    )


def cut_script(message: speech_service_pb2.CutScriptResponse) -> CutScript:
    """Read a script that was cut."""
    return CutScript(
        segments=tuple(
            Segment(s.index, s.text, s.first_sample, s.end_sample) for s in message.segments
        ),
        decoded_audio=artifact_from_proto(message.decoded_audio, field="decoded_audio")
        if message.HasField("decoded_audio")
        else None,
        film_audio=artifact_from_proto(message.film_audio, field="film_audio")
        if message.HasField("film_audio")
        else None,
    )


def segment(value: Segment) -> speech_service_pb2.Segment:
    """Spell a segment as a message."""
    return speech_service_pb2.Segment(
        index=value.index,
        text=value.text,
        first_sample=value.first_sample,
        end_sample=value.end_sample,
    )


def voice_sample(value: SampledVoice) -> speech_service_pb2.VoiceSample:
    """Spell the sample of a voice as a message."""
    return speech_service_pb2.VoiceSample(
        audio=artifact_to_proto(value.sample),
        transcript=value.transcript,
        language=value.language,
        backend=value.backend,
    )


def clip(message: clip_pb2.Clip) -> Clip:
    """Read a clip."""
    return Clip(
        video=artifact_from_proto(message.video, field="clip.video"),
        frames=message.frames,
        width_pixels=message.width_pixels,
        height_pixels=message.height_pixels,
        state=artifact_from_proto(message.state, field="clip.state")
        if message.HasField("state")
        else None,
    )


def tell_rendered(message: render_service_pb2.RenderRequest, reels: Sequence[Reel]) -> None:
    """Say which reels there are already."""
    del message.rendered[:]
    message.rendered.extend(map(reel_to_proto, reels))


def compose_config(
    order: Order, film_audio: Artifact | None, *, live: bool
) -> compositor_service_pb2.ComposeConfig:
    """Spell how to compose an order's film as a message."""
    captions = order.spec.captions or CaptionChoice()
    return compositor_service_pb2.ComposeConfig(
        frame_rate=order.spec.frame_rate,
        live=live,
        digital_source_type=source_type_to_proto(order.digital_source_type),
        caption_track=captions.track,
        captions_burnt_in=captions.burnt_in,
        caption_language=captions.language,
        film_audio=artifact_to_proto(film_audio) if film_audio else None,
        finish=finish_to_proto(order.spec.finish),
        watermark_image=artifact_to_proto(order.watermark) if order.watermark else None,
        background_image=artifact_to_proto(order.backdrop) if order.backdrop else None,
    )


def compose_request(
    value: FinishedSegment | FinishedReel,
) -> compositor_service_pb2.ComposeRequest:
    """Spell a finished segment, or a reel of one, as a message."""
    audio = artifact_to_proto(value.speech.audio)
    captions = map(caption_to_proto, value.captions)
    if isinstance(value, FinishedReel):
        reel = compositor_service_pb2.ComposeReel(
            index=value.index, reel=reel_to_proto(value.reel), audio=audio, captions=captions
        )
        return compositor_service_pb2.ComposeRequest(reel=reel)
    segment = compositor_service_pb2.ComposeSegment(
        index=value.index,
        clip=clip_pb2.Clip(
            video=artifact_to_proto(value.clip.video),
            frames=value.clip.frames,
            width_pixels=value.clip.width_pixels,
            height_pixels=value.clip.height_pixels,
        ),
        audio=audio,
        captions=captions,
    )
    return compositor_service_pb2.ComposeRequest(segment=segment)


def film(message: compositor_service_pb2.Film) -> Film:
    """Read a film."""
    return Film(
        video=artifact_from_proto(message.video, field="film.video"),
        frames=message.frames,
        samples=message.samples,
        width_pixels=message.width_pixels,
        height_pixels=message.height_pixels,
        frame_rate=message.frame_rate,
        beside=SideFiles(
            _if_there(message, "thumbnail"),
            _if_there(message, "sprites"),
            _if_there(message, "sprites_index"),
            _if_there(message, "playlist"),
            _if_there(message, "fragments"),
        ),
    )


def _if_there(message: compositor_service_pb2.Film, name: str) -> Artifact | None:
    if not message.HasField(name):
        return None
    return artifact_from_proto(getattr(message, name), field=f"film.{name}")
