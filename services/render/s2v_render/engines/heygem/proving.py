"""Whether the video that a container made is the one that was asked for."""

from pathlib import Path

from s2v.core.errors import InvalidInput
from s2v.media.confined.reading import Reader

_TOLERANCE_SECONDS = 0.25


def problem_of(path: Path, seconds: float, reader: Reader) -> str:
    """Say what is wrong with a video that shall last so long; empty if nothing is."""
    try:
        found = reader.prove(path, field="clip")
    except InvalidInput as error:
        return error.message
    if abs(found.seconds - seconds) > _TOLERANCE_SECONDS:
        return f"it lasts {found.seconds:.2f} s, not {seconds:.2f}"
    if not found.has_sound:
        return "it has no sound, so it was not finished"
    return ""
