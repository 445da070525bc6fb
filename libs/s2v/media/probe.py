"""Tell what an uploaded file is and refuse what S2V cannot use, before anything relies on it."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import av

from s2v.core.errors import InvalidInput, Reason
from s2v.media.colour import check_colours
from s2v.media.limits import DEFAULT_LIMITS, FileLimits
from s2v.media.opening import Source, first_bytes, open_media
from s2v.media.photo import PHOTO_NAMES, PHOTO_TYPES, UNREADABLE, opened_photo, orientation
from s2v.media.shown import moving_picture, shown_size
from s2v.media.sniffing import HEAD_BYTES, sniff
from s2v.media.sounding import check_sound, sounding_track

_SOUND_ONLY = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
_PROBED_FRAMES = 16
_SIDEWAYS = (5, 6, 7, 8)
_ACCEPTED = (
    f"a {PHOTO_NAMES} image, WAV, AIFF, MP3, FLAC, Ogg, AAC, M4A, CAF, WavPack, AU, AMR, WMA or "
    "Matroska sound, or an MP4, MOV or WebM video"
)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file holds.

    Attributes:
        media_type: as its content says, such as "image/jpeg".
        kind: "image", "audio" or "video".
        width_pixels: as shown, turned upright; 0 for sound.
        height_pixels: as `width_pixels`.
        duration_seconds: as the file's header says; 0 for an image or where it does not say.
        frame_rate: of a video, frames a second on average; 0 otherwise.
        has_audio: whether there is sound in it.
    """

    media_type: str
    kind: str
    width_pixels: int = 0
    height_pixels: int = 0
    duration_seconds: float = 0.0
    frame_rate: float = 0.0
    has_audio: bool = False


def probe(
    source: Source,
    media_type: str = "",
    *,
    field: str = "asset",
    limits: FileLimits = DEFAULT_LIMITS,
) -> MediaInfo:
    """Tell what a file holds; what it really is counts, not the media type it came with.

    An image is decoded whole once its size is known to be in the limits; of sound and video the
    beginning is decoded. What a stranger sent is looked at by `s2v.media.confined.reading`.

    Raises:
        InvalidInput: it is an image that cannot be decoded (IMAGE_UNREADABLE) or is too small
            or too large (IMAGE_SIZE_UNSUPPORTED, of a video, too), a video that cannot be decoded
            (VIDEO_UNREADABLE), sound that cannot be decoded (AUDIO_UNREADABLE), or none of the
            accepted types (MEDIA_TYPE_UNSUPPORTED). Metadata names the limit that is exceeded.
    """
    found = sniff(first_bytes(source, HEAD_BYTES))
    if found in PHOTO_TYPES:
        return _image(source, found, field, limits)
    if found:
        return _sound_or_video(source, found, media_type, field, limits)
    reason, what = _unrecognised(media_type)
    raise InvalidInput(reason, f"The file is not {what}; send {_ACCEPTED}.", field=field)


def _unrecognised(media_type: str) -> tuple[Reason, str]:
    if media_type.startswith("image/"):
        return Reason.IMAGE_UNREADABLE, f"an image that can be read (it came as {media_type})"
    if media_type.startswith("audio/"):
        return Reason.AUDIO_UNREADABLE, f"sound that can be read (it came as {media_type})"
    if media_type.startswith("video/"):
        return Reason.VIDEO_UNREADABLE, f"a video that can be read (it came as {media_type})"
    return Reason.MEDIA_TYPE_UNSUPPORTED, "of a supported type"


def _image(source: Source, media_type: str, field: str, limits: FileLimits) -> MediaInfo:
    def check_size(width: int, height: int) -> None:
        _check_size(width, height, field, limits)

    try:
        with opened_photo(source, check_size, field=field, limits=limits) as image:
            width, height = image.size
            image.draft("RGB", (1, 1))  # a JPEG is read whole all the same, in less memory
            image.load()
            if orientation(image) in _SIDEWAYS:
                width, height = height, width
    except UNREADABLE as error:
        message = (
            f"The image cannot be decoded ({error}); it may be cut off. "
            "Open it in an image editor, save it again as JPEG or PNG and send that."
        )
        raise InvalidInput(Reason.IMAGE_UNREADABLE, message, field=field) from error
    return MediaInfo(media_type, "image", width, height)


def _check_size(width: int, height: int, field: str, limits: FileLimits) -> None:
    sides = (width, height)
    if min(sides) < limits.min_side_pixels:
        limit = {"limit_min_side_pixels": str(limits.min_side_pixels)}
    elif max(sides) > limits.max_side_pixels:
        limit = {"limit_side_pixels": str(limits.max_side_pixels)}
    elif width * height > limits.max_pixels:
        limit = {"limit_pixels": str(limits.max_pixels)}
    else:
        return
    message = (
        f"The picture is {width}x{height} pixels; each side must be {limits.min_side_pixels} to "
        f"{limits.max_side_pixels} pixels and the whole at most "
        f"{limits.max_pixels / 1_000_000:g} megapixels. Scale it and send it again."
    )
    raise InvalidInput(Reason.IMAGE_SIZE_UNSUPPORTED, message, field=field, metadata=limit)


def _sound_or_video(
    source: Source, media_type: str, declared: str, field: str, limits: FileLimits
) -> MediaInfo:
    sounds = media_type.startswith("audio/") or declared.startswith("audio/")
    broken = Reason.AUDIO_UNREADABLE if sounds else Reason.VIDEO_UNREADABLE
    try:
        with open_media(source, reason=broken, field=field, limits=limits) as container:
            seconds = max(container.duration or 0, 0) / av.time_base
            if container.streams.video and not sounds:
                broken = Reason.VIDEO_UNREADABLE
            if (picture := moving_picture(container)) is not None:
                return _video(container, picture, media_type, seconds, field, limits)
            broken = Reason.AUDIO_UNREADABLE if container.streams.audio else broken
            track = sounding_track(container)
            if track is not None:
                check_sound(track, field=field, limits=limits)
                if any(islice(container.decode(track), _PROBED_FRAMES)):
                    found = _SOUND_ONLY.get(media_type, media_type)
                    return MediaInfo(found, "audio", duration_seconds=seconds, has_audio=True)
            message = _nothing_in(container)
    except av.error.FFmpegError as error:
        message = (
            f"The file begins like {media_type} but cannot be decoded ({error.strerror}); "
            f"it may be cut off. Send {_ACCEPTED} that plays in a player."
        )
        raise InvalidInput(broken, message, field=field) from error
    raise InvalidInput(broken, message, field=field)


def _nothing_in(container: Any) -> str:
    unknown = [stream for stream in container.streams if stream.codec_context is None]
    what = (
        "The coding of the file's sound or pictures is not known here"
        if unknown
        else "The file holds neither sound nor pictures"
    )
    return f"{what}; send {_ACCEPTED} that plays in a player."


def _video(
    container: Any, stream: Any, media_type: str, seconds: float, field: str, limits: FileLimits
) -> MediaInfo:
    context = stream.codec_context
    _check_size(context.width, context.height, field, limits)
    has_audio = sounding_track(container) is not None
    rate = float(stream.average_rate or 0)
    frame = _first_picture(container, stream, limits.max_blind_packets)
    if frame is None:
        message = (
            f"No picture of the video can be decoded; send {_ACCEPTED} that plays in a player."
        )
        raise InvalidInput(Reason.VIDEO_UNREADABLE, message, field=field)
    width, height = shown_size(frame, stream)
    _check_size(width, height, field, limits)
    _check_colours(frame, field)
    return MediaInfo(media_type, "video", width, height, seconds, rate, has_audio)


def _check_colours(frame: Any, field: str) -> None:
    try:
        check_colours(frame)
    except av.error.FFmpegError as error:
        message = (
            f"The video's colours are coded in a way that is not known here ({error.strerror}); "
            "export it with BT.709 colours, as editors do by default, and send that."
        )
        raise InvalidInput(Reason.VIDEO_UNREADABLE, message, field=field) from error


def _first_picture(container: Any, stream: Any, most_packets: int) -> Any | None:
    """Return the first picture that is shown; a stream may begin with any number that are not."""
    for packet in islice(container.demux(stream), most_packets):
        for frame in packet.decode():
            return frame
    return None
