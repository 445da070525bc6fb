"""Where a file's time begins, so that its sound and its pictures stay in step."""

from typing import Any

from s2v.media.shown import moving_picture
from s2v.media.sounding import sounding_track


def beginning(container: Any) -> float:
    """Return when the first of picture and sound is due, in seconds of the file's own clock.

    What of the two comes later is late by so much: sound begins with silence, and the first
    picture is shown until the second one is due.
    """
    tracks = (moving_picture(container), sounding_track(container))
    starts = [
        float(track.start_time * track.time_base)
        for track in tracks
        if track is not None and track.start_time is not None
    ]
    return min(starts, default=0.0)
