"""One picture of an image or a video, to look at what somebody looks like."""

from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.media.colour import Rgb
from s2v.media.opening import Source
from s2v.media.photo import read_photo
from s2v.media.playback import played


def still(source: Source, media_type: str, *, field: str = "reference") -> Rgb:
    """Return an image upright, or a video's first picture, as uint8 RGB [height, width, 3].

    Raises:
        InvalidInput: it cannot be decoded (IMAGE_UNREADABLE, VIDEO_UNREADABLE).
    """
    if media_type.startswith("video/"):
        return next(played(source, DEFAULT_FRAME_RATE, field=field))
    return read_photo(source, field=field)
