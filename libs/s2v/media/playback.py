"""Play a video of any origin: its pictures at a constant rate, in step with its sound."""

from collections.abc import Iterator
from typing import Any

import av

from s2v.core.errors import InvalidInput, Reason
from s2v.media.clock import beginning
from s2v.media.colour import Developer, Rgb
from s2v.media.opening import Source, open_media
from s2v.media.shown import moving_picture, upright


def played(source: Source, frame_rate: int, *, field: str = "film") -> Iterator[Rgb]:
    """Yield what is seen in the middle of each frame, uint8 RGB [height, width, 3], upright.

    Frame 0 begins with the file, as the decoded sound does, so both are on one clock whatever the
    video's own rate, constant or not, and whichever begins later. Only one picture is held;
    damaged ones are passed over, and a file that is cut off ends where it was cut.

    Raises:
        InvalidInput: it cannot be decoded or has no pictures (VIDEO_UNREADABLE).
    """
    frames = 0
    latest: Rgb | None = None
    try:
        with open_media(source, field=field) as container:
            for shown_at, picture in _pictures(container):
                while latest is not None and (frames + 0.5) / frame_rate < shown_at:
                    yield latest
                    frames += 1
                latest = picture
    except av.error.FFmpegError as error:
        raise _unreadable(error.strerror, field) from error
    if latest is None:
        raise _unreadable("it has no pictures that can be decoded", field)
    yield latest


def average_rate(source: Source, *, field: str = "film") -> float:
    """Return how many pictures a second a video has on average.

    Raises:
        InvalidInput: it cannot be opened or has no pictures (VIDEO_UNREADABLE).
    """
    try:
        with open_media(source, field=field) as container:
            stream = moving_picture(container)
            rate = float(stream.average_rate or 0) if stream is not None else 0.0
    except av.error.FFmpegError as error:
        raise _unreadable(error.strerror, field) from error
    if not rate:
        raise _unreadable("it has no pictures", field)
    return rate


def _pictures(container: Any) -> Iterator[tuple[float, Rgb]]:
    """Yield pictures and when each is shown, in seconds from the file's beginning."""
    stream = moving_picture(container)
    if stream is None:
        return
    origin = beginning(container)
    developer = Developer()
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                yield float(frame.time or 0.0) - origin, _rgb(frame, stream, developer)
        except av.error.InvalidDataError:
            continue


def _rgb(frame: Any, stream: Any, developer: Developer) -> Rgb:
    width = max(1, round(frame.width * float(stream.sample_aspect_ratio or 1)))
    return upright(developer.rgb(frame, width), frame)


def _unreadable(why: str, field: str) -> InvalidInput:
    return InvalidInput(
        Reason.VIDEO_UNREADABLE,
        f"the video cannot be read ({why}); give an MP4 that plays in a player",
        field=field,
    )
