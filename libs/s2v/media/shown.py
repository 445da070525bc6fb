"""How a video's pictures are meant to be seen: which stream, which way up, which proportions."""

from typing import Any

import av


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


def quarter_turns(frame: Any) -> int:
    """Return how many times a decoded picture has to be turned left by 90 degrees, 0..3."""
    turns: int = round(frame.rotation / 90) % 4
    return turns


def shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Return a decoded picture's width and height upright and with square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    width = max(1, round(frame.width * aspect))
    return (frame.height, width) if quarter_turns(frame) % 2 else (width, frame.height)
