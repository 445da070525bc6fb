"""Tell what an uploaded file is and refuse what S2V cannot use, before anything relies on it."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av

from s2v.core.errors import InvalidInput, Reason
from s2v.media.opening import open_media
from s2v.media.photo import PHOTO_NAMES, PHOTO_TYPES, UNREADABLE, opened_photo
from s2v.media.shown import moving_picture, shown_size
from s2v.media.sniffing import HEAD_BYTES, sniff

MIN_SIDE_PIXELS = 64
MAX_SIDE_PIXELS = 8192
MAX_PIXELS = 50_000_000

_SOUND_ONLY = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
_PROBED_FRAMES = 16
_EXIF_ORIENTATION = 0x0112
_EXIF_SIDEWAYS = (5, 6, 7, 8)
_ACCEPTED = (
    f"a {PHOTO_NAMES} image, WAV, AIFF, MP3, FLAC, Ogg, AAC or M4A sound, "
    "or an MP4, MOV or WebM video"
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


def probe(path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
    """Tell what a file holds; what it really is counts, not the media type it came with.

    An image is decoded whole once its size is known to be in the limits; of sound and video the
    beginning is decoded.

    Raises:
        InvalidInput: it is an image that cannot be decoded (IMAGE_UNREADABLE) or is too small
            or too large (IMAGE_SIZE_UNSUPPORTED, of a video, too), a video that cannot be decoded
            (VIDEO_UNREADABLE), sound that cannot be decoded (AUDIO_UNREADABLE), or none of the
            accepted types (MEDIA_TYPE_UNSUPPORTED).
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    found = sniff(head)
    if found in PHOTO_TYPES:
        return _image(path, found, field=field)
    if found:
        return _sound_or_video(path, found, declared=media_type, field=field)
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


def _image(path: Path, media_type: str, *, field: str) -> MediaInfo:
    try:
        with opened_photo(
            path, lambda width, height: _check_size(width, height, field=field)
        ) as image:
            width, height = image.size
            sideways = image.getexif().get(_EXIF_ORIENTATION) in _EXIF_SIDEWAYS
            if sideways and media_type != "image/tiff":  # whose plugin has turned it already
                width, height = height, width
            image.draft("RGB", (1, 1))  # a JPEG is read whole all the same, in less memory
            image.load()
    except UNREADABLE as error:
        message = (
            f"The image cannot be decoded ({error}); it may be cut off. "
            "Open it in an image editor, save it again as JPEG or PNG and send that."
        )
        raise InvalidInput(Reason.IMAGE_UNREADABLE, message, field=field) from error
    return MediaInfo(media_type, "image", width, height)


def _check_size(width: int, height: int, *, field: str) -> None:
    sides = (width, height)
    if (
        min(sides) >= MIN_SIDE_PIXELS
        and max(sides) <= MAX_SIDE_PIXELS
        and width * height <= MAX_PIXELS
    ):
        return
    message = (
        f"The picture is {width}x{height} pixels; each side must be {MIN_SIDE_PIXELS} to "
        f"{MAX_SIDE_PIXELS} pixels and the whole at most {MAX_PIXELS // 1_000_000} megapixels. "
        "Scale it and send it again."
    )
    raise InvalidInput(Reason.IMAGE_SIZE_UNSUPPORTED, message, field=field)


def _sound_or_video(path: Path, media_type: str, *, declared: str, field: str) -> MediaInfo:
    sounds = media_type.startswith("audio/") or declared.startswith("audio/")
    broken = Reason.AUDIO_UNREADABLE if sounds else Reason.VIDEO_UNREADABLE
    try:
        with open_media(path) as container:
            seconds = max(container.duration or 0, 0) / av.time_base
            picture = moving_picture(container)
            has_audio = bool(container.streams.audio)
            if picture is not None:
                return _video(
                    container, picture, media_type=media_type, seconds=seconds, field=field
                )
            broken = Reason.AUDIO_UNREADABLE
            if has_audio and any(islice(container.decode(audio=0), _PROBED_FRAMES)):
                found = _SOUND_ONLY.get(media_type, media_type)
                return MediaInfo(found, "audio", duration_seconds=seconds, has_audio=True)
    except av.error.FFmpegError as error:
        message = (
            f"The file begins like {media_type} but cannot be decoded ({error.strerror}); "
            f"it may be cut off. Send {_ACCEPTED} that plays in a player."
        )
        raise InvalidInput(broken, message, field=field) from error
    message = f"The file holds neither sound nor pictures; send {_ACCEPTED} that plays in a player."
    raise InvalidInput(broken, message, field=field)


def _video(
    container: Any, stream: Any, *, media_type: str, seconds: float, field: str
) -> MediaInfo:
    context = stream.codec_context
    _check_size(context.width, context.height, field=field)
    has_audio = bool(container.streams.audio)
    rate = float(stream.average_rate or 0)
    frame = next(container.decode(stream), None)
    if frame is None:
        message = (
            f"No picture of the video can be decoded; send {_ACCEPTED} that plays in a player."
        )
        raise InvalidInput(Reason.VIDEO_UNREADABLE, message, field=field)
    width, height = shown_size(frame, stream)
    return MediaInfo(media_type, "video", width, height, seconds, rate, has_audio)
