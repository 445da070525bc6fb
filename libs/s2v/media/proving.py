"""Tell whether a video that somebody else made is whole, before anybody relies on it."""

from dataclasses import dataclass
from typing import Any

import av

from s2v.core.errors import InvalidInput, Reason
from s2v.media.opening import Source, open_media
from s2v.media.shown import moving_picture
from s2v.media.sounding import sounding_track


@dataclass(frozen=True, slots=True)
class WholeVideo:
    """What a video holds all of.

    Attributes:
        pictures: how many.
        seconds: how long they last.
        has_sound: whether there is a track of sound.
    """

    pictures: int
    seconds: float
    has_sound: bool


def prove(source: Source, *, field: str = "film") -> WholeVideo:
    """Read a video's packets to the end, and decode the pictures from the last keyframe on.

    Raises:
        InvalidInput: it is no video, it is cut off, or its end cannot be decoded
            (VIDEO_UNREADABLE).
    """
    try:
        with open_media(source, field=field) as container:
            stream = moving_picture(container)
            if stream is None:
                raise _broken("it has no pictures", field)
            packets = [(p.pts, p.is_keyframe) for p in container.demux(stream) if p.size]
            times = sorted(pts for pts, _ in packets if pts is not None)
            if not times or len(times) < stream.frames:
                raise _broken(f"it has {len(times)} of {stream.frames} pictures", field)
            last_key = max(
                (pts for pts, is_key in packets if is_key and pts is not None), default=0
            )
            due = sum(pts >= last_key for pts in times)
            if _decoded(container, stream, last_key) < due:
                raise _broken("its last pictures cannot be decoded", field)
            length = (times[-1] - times[0]) * float(stream.time_base)
            usual = length / (len(times) - 1) if len(times) > 1 else 1 / 25
            return WholeVideo(len(times), length + usual, sounding_track(container) is not None)
    except av.error.FFmpegError as error:
        raise _broken(error.strerror, field) from error


def _decoded(container: Any, stream: Any, first_pts: int) -> int:
    """Return how many pictures from that one on can be decoded without a fault."""
    container.seek(first_pts, stream=stream)
    stream.codec_context.options = {"err_detect": "explode"}
    count = 0
    for frame in container.decode(stream):
        if frame.pts is not None and frame.pts >= first_pts and not frame.is_corrupt:
            count += 1
    return count


def _broken(why: str, field: str) -> InvalidInput:
    return InvalidInput(
        Reason.VIDEO_UNREADABLE, f"the video is not whole ({why}); make it again", field=field
    )
