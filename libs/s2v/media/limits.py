"""How long a sound may be, wherever it is looked at."""

from s2v.core.errors import InvalidInput, Reason

MIN_AUDIO_SECONDS = 0.25
MAX_AUDIO_SECONDS = 3600.0


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
