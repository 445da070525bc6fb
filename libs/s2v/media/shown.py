"""How a video's pictures are meant to be seen: which stream, which way up, which proportions."""

import math
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type

from s2v.media.colour import Rgb


def moving_picture(container: Any) -> Any | None:
    """Return the first stream of pictures that play, not the cover of a sound; None if none is.

    One whose coding is not known is passed over: PyAV has no `codec_context` for it.
    """
    cover = av.stream.Disposition.attached_pic
    return next(
        (
            stream
            for stream in container.streams.video
            if stream.codec_context is not None and not stream.disposition & cover
        ),
        None,
    )


def lies_sideways(frame: Any) -> bool:
    """Tell whether a decoded picture is shown with its height and width exchanged."""
    return _turns_and_mirror(frame)[0] % 2 == 1


def upright(pixels: Rgb, frame: Any) -> Rgb:
    """Turn and mirror the pixels of a decoded picture as it is meant to be seen."""
    turns, is_mirrored = _turns_and_mirror(frame)
    turned = np.rot90(pixels, turns)
    return np.ascontiguousarray(turned[:, ::-1] if is_mirrored else turned)


def shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Return a decoded picture's width and height upright and with square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    width = max(1, round(frame.width * aspect))
    return (frame.height, width) if lies_sideways(frame) else (width, frame.height)


def _turns_and_mirror(frame: Any) -> tuple[int, bool]:
    """Return how often to turn left by 90 degrees, and whether to exchange left and right then.

    ISO/IEC 14496-12, 6.2.2: x and y become a x + c y and b x + d y.
    """
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return 0, False
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    is_mirrored = a * d - b * c < 0
    angle = math.atan2(b, -a if is_mirrored else a)
    return round(-angle / (math.pi / 2)) % 4, is_mirrored
