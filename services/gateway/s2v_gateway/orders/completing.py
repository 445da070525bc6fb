"""Check what a user asks for and fill in the defaults."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from s2v.core.choices import check_frame_rate, check_side, chosen_preset
from s2v.core.directing import check_directed
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.core.job import STEPS, JobSpec, Order
from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.media.limits import check_audio_seconds
from s2v.text.limits import check_text
from s2v_gateway.assets.library import Asset
from s2v_gateway.film.offers import EngineOffer
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.limits import Limits

_MAX_NAME_CHARACTERS = 200
_TEXT_FIELD = "spec.script.text"
_TRANSCRIPT_FIELD = "spec.script.transcript"


async def complete(
    spec: JobSpec,
    *,
    job_id: str,
    catalogue: Catalogue,
    find_asset: Callable[[str], Asset],
    limits: Limits,
    streamed: bool = False,
) -> Order:
    """Make an order of a spec; `streamed` where its text is still being written.

    Raises:
        InvalidInput: something can never work; the field is named.
        NotFound: ASSET_NOT_FOUND.
        Unavailable: the services that know the engines and voices are away.
    """
    _check_text(spec, limits)
    _check_name(spec)
    reference, audio, pose = await asyncio.to_thread(_assets, spec, find_asset)
    engine = await catalogue.engine(spec.engine)
    _check_reference(reference, engine, limits)
    _check_directed(spec, engine)
    if pose is not None:
        _check_pose(pose, limits)
    if audio is not None:
        _check_audio(audio, limits)
    voice = "" if audio else (await catalogue.voice(spec.voice)).name
    frame_rate = spec.frame_rate or DEFAULT_FRAME_RATE
    check_frame_rate(frame_rate, engine.frame_rates, engine=engine.name)
    _check_size(spec, engine)
    presets = [preset.name for preset in engine.presets]
    completed = replace(
        spec,
        engine=engine.name,
        voice=voice,
        preset=chosen_preset(spec.preset, presets, engine=engine.name),
        frame_rate=frame_rate,
    )
    return Order(
        job_id=job_id,
        spec=completed,
        reference=reference.artifact,
        audio=audio.artifact if audio else None,
        continuity=engine.continuity,
        digital_source_type=engine.digital_source_type,
        pose=pose.artifact if pose else None,
        steps=STEPS,
        streamed=streamed,
    )


def _assets(
    spec: JobSpec, find_asset: Callable[[str], Asset]
) -> tuple[Asset, Asset | None, Asset | None]:
    """Find the reference, the given sound and the pose."""
    return (
        _asset(spec.reference, "spec.reference", find_asset),
        _asset(spec.audio, "spec.script.audio", find_asset) if spec.audio else None,
        _asset(spec.pose, "spec.pose", find_asset) if spec.pose else None,
    )


def _check_text(spec: JobSpec, limits: Limits) -> None:
    if spec.audio and spec.text:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "the script has a text and sound; give one of them",
            field="spec.script",
        )
    if spec.transcript and not spec.audio:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "a transcript tells what is said in given sound, but no sound is given; for a text to "
            "speak use text",
            field=_TRANSCRIPT_FIELD,
        )
    if spec.transcript:
        allowed = limits.max_transcript_characters
        check_text(
            spec.transcript,
            what="transcript",
            field=_TRANSCRIPT_FIELD,
            max_characters=allowed,
            remedy="leave it out where you do not know what is said",
        )
    if not spec.audio:
        allowed = limits.max_text_characters
        check_text(
            spec.text,
            what="text",
            field=_TEXT_FIELD,
            max_characters=allowed,
            remedy="write at least one word, or name an asset with sound in spec.script.audio",
        )


def _check_name(spec: JobSpec) -> None:
    if len(spec.display_name) > _MAX_NAME_CHARACTERS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"display_name has {len(spec.display_name)} characters, at most "
            f"{_MAX_NAME_CHARACTERS} are allowed",
            field="spec.display_name",
        )


def _asset(name: str, field: str, find_asset: Callable[[str], Asset]) -> Asset:
    if not name:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} is missing; give the name of an asset, or send the file in Generate's chunks",
            field=field,
        )
    try:
        return find_asset(name)
    except NotFound as error:
        raise NotFound(error.reason, error.message, field=field) from error


def _check_reference(reference: Asset, engine: EngineOffer, limits: Limits) -> None:
    if reference.media_type not in engine.reference_media_types:
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"the reference is {reference.media_type}; engine {engine.name} takes "
            f"{', '.join(engine.reference_media_types)}",
            field="spec.reference",
        )
    remedy = "cut it shorter: it is played forwards and back for as long as the speech lasts"
    _check_video_length(reference, "reference", limits, remedy=remedy)


def _check_video_length(video: Asset, what: str, limits: Limits, *, remedy: str) -> None:
    if video.duration_seconds > limits.max_reference_seconds:
        raise InvalidInput(
            Reason.VIDEO_TOO_LONG,
            f"the {what} is a video of {video.duration_seconds:.0f} s, at most "
            f"{limits.max_reference_seconds:.0f} s are allowed; {remedy}",
            field=f"spec.{what}",
            metadata={"limit_seconds": str(limits.max_reference_seconds)},
        )


def _check_directed(spec: JobSpec, engine: EngineOffer) -> None:
    check_directed(
        engine.name,
        directed=engine.directed,
        prompt=spec.prompt,
        negative_prompt=spec.negative_prompt,
        sampling=spec.sampling,
        has_pose=bool(spec.pose),
    )


def _check_pose(pose: Asset, limits: Limits) -> None:
    if not pose.media_type.startswith("video/"):
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"the pose is {pose.media_type}; give a video whose poses are to be followed",
            field="spec.pose",
        )
    _check_video_length(pose, "pose", limits, remedy="cut it shorter")


def _check_audio(audio: Asset, limits: Limits) -> None:
    field = "spec.script.audio"
    if not audio.media_type.startswith(("audio/", "video/")):
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"the script's audio is {audio.media_type}; give a sound file",
            field=field,
        )
    # 0 is a length that the file's header does not tell; whoever decodes the sound will know.
    if audio.duration_seconds:
        check_audio_seconds(
            audio.duration_seconds,
            field=field,
            min_seconds=limits.min_audio_seconds,
            max_seconds=limits.max_audio_seconds,
        )


def _check_size(spec: JobSpec, engine: EngineOffer) -> None:
    for side, pixels in (("width", spec.width_pixels), ("height", spec.height_pixels)):
        check_side(
            side,
            pixels,
            least=engine.min_side_pixels,
            most=engine.max_side_pixels,
            step=engine.side_step_pixels,
            engine=engine.name,
        )
