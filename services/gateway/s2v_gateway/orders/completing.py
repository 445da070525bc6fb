"""Check what a user asks for and fill in the defaults."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from s2v.captions.lettering import undrawable
from s2v.core.captions import UNDETERMINED, CaptionChoice
from s2v.core.choices import check_frame_rate, check_side, chosen_preset
from s2v.core.directing import check_directed, check_face, check_liveliness
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import check_finish
from s2v.core.job import STEPS, JobSpec, Order
from s2v.core.lengths import UNFITTED, USUAL, Fitted, fitted
from s2v.core.lexicon import going_before
from s2v.core.ports import Voice
from s2v.core.sound import AS_GIVEN, check_enhancement, check_speed
from s2v.media.limits import check_audio_seconds
from s2v.text.languages import check_language
from s2v.text.limits import check_has_words, check_text, check_text_length, has_words
from s2v.text.markup import read_marked
from s2v.text.normal.lexicon import check_lexicon
from s2v.text.sayable import check_sayable
from s2v_gateway.assets.library import Asset
from s2v_gateway.film.offers import ChosenVoice, EngineOffer
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.expected_length import expected_seconds
from s2v_gateway.orders.finishes import (
    check_drawable,
    check_offered,
    finish_images,
    named_asset,
)
from s2v_gateway.orders.limits import Limits
from s2v_gateway.orders.telling import check_webhook

_MAX_NAME_CHARACTERS = 200
_LETTERS_TOLD = 20
_TEXT_FIELD = "spec.script.text"
_TRANSCRIPT_FIELD = "spec.script.transcript"
_ENHANCEMENT_FIELD = "spec.script.enhancement"
_SPEED_FIELD = "spec.script.speed"
_LEXICON_FIELD = "spec.script.lexicon"
_LENGTHS_FIELD = "spec.lengths"
_FINISH_FIELD = "spec.finish"


async def complete(
    spec: JobSpec,
    *,
    job_id: str,
    catalogue: Catalogue,
    find_asset: Callable[[str], Asset],
    find_voice: Callable[[JobSpec], Awaitable[ChosenVoice]],
    limits: Limits,
    streamed: bool = False,
) -> Order:
    """Make an order of a spec; `streamed` where its text is still being written.

    Raises:
        InvalidInput: something can never work; the field is named.
        NotFound: ASSET_NOT_FOUND.
        Unavailable: the services that know the engines, voices and finishes are away.
    """
    _check_text(spec, limits)
    _check_name(spec)
    check_finish(spec.finish, field=_FINISH_FIELD)
    await check_offered(spec.finish, catalogue)
    check_webhook(spec.webhook_url, able=limits.webhooks)
    reference, audio, pose = await asyncio.to_thread(_assets, spec, find_asset)
    watermark, backdrop = await asyncio.to_thread(finish_images, spec, find_asset)
    engine = await catalogue.engine(spec.engine)
    _check_reference(reference, engine, limits)
    _check_directed(spec, engine)
    check_liveliness(spec.liveliness)
    check_face(spec.face)
    if pose is not None:
        _check_pose(pose, limits)
    if audio is not None:
        _check_audio(audio, limits)
    fitting = _fitted(spec, reference, audio)
    voice = ChosenVoice("") if audio else await find_voice(spec)
    if not audio:
        await asyncio.to_thread(_check_spoken, spec, voice)
    frame_rate = spec.frame_rate or engine.default_frame_rate
    check_frame_rate(frame_rate, engine.frame_rates, engine=engine.name)
    _check_size(spec, engine)
    # Looks into files of fonts.
    captions = await asyncio.to_thread(_captions, spec, voice.language or UNDETERMINED)
    await asyncio.to_thread(check_drawable, spec)
    completed = replace(
        spec,
        engine=engine.name,
        voice=voice.name,
        language=voice.language,
        preset=_preset(spec, engine),
        frame_rate=frame_rate,
        captions=captions,
        timeout_seconds=_timeout(spec, limits),
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
        voice=voice.sampled,
        fitted=fitting,
        film_seconds=expected_seconds(spec, audio_seconds=audio.duration_seconds if audio else 0.0),
        watermark=watermark,
        backdrop=backdrop,
    )


def _preset(spec: JobSpec, engine: EngineOffer) -> str:
    offered = [preset.name for preset in engine.presets]
    withheld = engine.withheld_presets
    return chosen_preset(spec.preset, offered, engine=engine.name, withheld=withheld)


def _timeout(spec: JobSpec, limits: Limits) -> float:
    if spec.timeout_seconds is None:
        return limits.job_timeout_seconds
    if spec.timeout_seconds < 0:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"a job cannot have {spec.timeout_seconds:g} s; leave timeout out for the usual time, "
            "or give 0 for any",
            field="spec.timeout",
        )
    return spec.timeout_seconds


def _fitted(spec: JobSpec, reference: Asset, audio: Asset | None) -> Fitted:
    """Fit a reference video to given sound as the spec says."""
    problem = ""
    if spec.lengths == USUAL:
        return UNFITTED
    if not reference.media_type.startswith("video/"):
        problem = "the reference is a picture, which is as long as the sound; leave lengths out"
    elif not spec.lengths.needs_lengths:
        return UNFITTED
    elif audio is None:
        problem = "of a text the length is not known yet: choose ping-pong, loop, freeze, trim"
    elif spec.enhancement.trim_silences:
        problem = "without its silences the sound has another length; leave trim_silences out"
    elif not (reference.duration_seconds and audio.duration_seconds):
        problem = "the file does not tell how long it is; export it again, as MP4 or WAV"
    if problem or audio is None:
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=_LENGTHS_FIELD)
    return fitted(
        spec.lengths,
        video_seconds=reference.duration_seconds,
        sound_seconds=audio.duration_seconds,
        field=_LENGTHS_FIELD,
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
    _check_sound(spec)
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
        check_text_length(spec.text, what="text", field=_TEXT_FIELD, max_characters=allowed)


def check_continuation(text: str, spec: JobSpec, voice: ChosenVoice) -> None:
    """Refuse more of a text that came in pieces if the voice cannot speak it.

    Raises:
        InvalidInput: a segment of it holds nothing, or too little, that the voice can say
            (TEXT_EMPTY).
    """
    speaker = _speaker(spec, voice)
    if has_words(text, speaker.lexicon):  # what has none is passed over
        check_sayable(text, speaker, field=_TEXT_FIELD, continues=True)


def _speaker(spec: JobSpec, voice: ChosenVoice) -> Voice:
    words = going_before(spec.lexicon, voice.lexicon)
    return Voice(voice.name, voice.language, lexicon=words)


def _check_spoken(spec: JobSpec, voice: ChosenVoice) -> None:
    """Refuse a text, or the beginning of one, that the voice cannot speak."""
    speaker = _speaker(spec, voice)
    check_has_words(
        spec.text,
        what="text",
        field=_TEXT_FIELD,
        remedy="write at least one word, or name an asset with sound in spec.script.audio",
        lexicon=speaker.lexicon,
    )
    check_sayable(spec.text, speaker, field=_TEXT_FIELD)


def _check_sound(spec: JobSpec) -> None:
    """Refuse what is asked for sound or a text that is not given, or is out of range."""
    if spec.enhancement != AS_GIVEN and not spec.audio:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "enhancement betters given sound, but no sound is given; leave it out",
            field=_ENHANCEMENT_FIELD,
        )
    check_enhancement(spec.enhancement, field=_ENHANCEMENT_FIELD)
    if spec.speed and spec.audio:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "speed is how fast a text is spoken, but sound is given, which stays as it is; "
            "leave it out",
            field=_SPEED_FIELD,
        )
    check_speed(spec.speed, field=_SPEED_FIELD)
    if spec.lexicon and spec.audio:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "a lexicon says how a text is spoken, but sound is given, which stays as it is; leave "
            "it out",
            field=_LEXICON_FIELD,
        )
    check_lexicon(spec.lexicon, field=_LEXICON_FIELD)


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
    return named_asset(name, field, find_asset)


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


def _captions(spec: JobSpec, language: str) -> CaptionChoice | None:
    """Return the captions that are asked for, in a language unless they name theirs.

    Raises:
        InvalidInput: FIELD_INVALID, that is no tag of a language, or what is said cannot be drawn.
    """
    choice = spec.captions
    if choice is None:
        return None
    if choice.language:
        check_language(choice.language, field="spec.captions.language")
    if choice.burnt_in and (letters := undrawable(read_marked(spec.text).text or spec.transcript)):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"no caption font has {letters[:_LETTERS_TOLD]!r}; ask for the captions as files or as "
            "a track, which leave the letters to the player",
            field="spec.captions.burnt_in",
        )
    return replace(choice, language=choice.language or language)


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
