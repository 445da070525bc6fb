"""How much a foreign file may claim to hold, wherever it is looked at."""

from dataclasses import dataclass

from s2v.core.errors import InvalidInput, Reason

MIN_AUDIO_SECONDS = 0.25
MAX_AUDIO_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a file may claim; nothing is allocated for a claim that goes beyond.

    Attributes:
        min_side_pixels: of a picture as shown, turned upright and with square pixels.
        max_side_pixels: as `min_side_pixels`.
        max_pixels: of a picture as shown and as coded.
        max_scans: of a JPEG; each takes as much time as the whole picture.
        max_blind_packets: of a video, that may come before its first picture.
        max_streams: tracks of a sound or video.
        max_index_entries: of all tracks of an MP4 together.
        min_sample_rate: of sound, in hertz.
        max_sample_rate: as `min_sample_rate`.
        max_channels: of sound.
    """

    min_side_pixels: int = 64
    max_side_pixels: int = 8192
    max_pixels: int = 50_000_000
    max_scans: int = 100
    max_blind_packets: int = 1000
    max_streams: int = 64
    max_index_entries: int = 4_000_000
    min_sample_rate: int = 4_000
    max_sample_rate: int = 768_000
    max_channels: int = 64


DEFAULT_LIMITS = FileLimits()


def beyond(reason: Reason, limit: str, most: int, *, found: str, field: str) -> InvalidInput:
    """Return the error for a file that claims more than `limit`, an attribute of FileLimits."""
    return InvalidInput(
        reason,
        f"The file has {found}, the limit is {most}. Export it again with a common program and "
        "send that.",
        field=field,
        metadata={f"limit_{limit.partition('_')[2]}": str(most)},
    )


def check_audio_seconds(
    seconds: float,
    *,
    field: str,
    min_seconds: float = MIN_AUDIO_SECONDS,
    max_seconds: float = MAX_AUDIO_SECONDS,
) -> None:
    """Refuse a sound that is too short or too long to be spoken to.

    Raises:
        InvalidInput: AUDIO_TOO_SHORT or AUDIO_TOO_LONG, metadata `limit_seconds`.
    """
    if seconds < min_seconds:
        raise InvalidInput(
            Reason.AUDIO_TOO_SHORT,
            f"the audio lasts {seconds:.3f} s, at least {min_seconds:g} s are needed",
            field=field,
            metadata={"limit_seconds": f"{min_seconds:g}"},
        )
    if seconds > max_seconds:
        raise audio_too_long(seconds, field=field, max_seconds=max_seconds)


def audio_too_long(seconds: float | None, *, field: str, max_seconds: float) -> InvalidInput:
    """Return the error for a sound that is too long; None is a length that nobody waited for."""
    length = "longer" if seconds is None else f"{seconds:.1f} s"
    return InvalidInput(
        Reason.AUDIO_TOO_LONG,
        f"the audio lasts {length}, at most {max_seconds:g} s are allowed; cut it into "
        "several jobs",
        field=field,
        metadata={"limit_seconds": f"{max_seconds:g}"},
    )
