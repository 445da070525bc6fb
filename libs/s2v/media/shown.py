"""How a video's pictures are meant to be seen: which stream, which way up, which proportions."""

from typing import Any

import av


def moving_picture(container: Any) -> Any | None:
    """Return the first stream of pictures that play, not the cover of a sound; None if none is."""
    cover = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def quarter_turns(frame: Any) -> int:
    """Return how many times a decoded picture has to be turned left by 90 degrees, 0..3."""
    turns: int = round(frame.rotation / 90) % 4
    return turns


def shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Return a decoded picture's width and height upright and with square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    width = max(1, round(frame.width * aspect))
    return (frame.height, width) if quarter_turns(frame) % 2 else (width, frame.height)
