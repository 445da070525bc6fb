"""Refuse recordings of which no voice can be made, and say what would make the others better."""

from collections.abc import Iterator
from dataclasses import dataclass

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Notice, NoticeCode
from s2v.core.voice import SampleMeasures

FIELD = "asset"

_LEAST_SPEECH_SHARE = 0.6
"""Of the shortest sample."""
_QUIETEST_DBFS, _QUIET_DBFS = -50.0, -35.0
_NOISIEST_DB, _NOISY_DB = 10.0, 20.0
_MOST_CLIPPED, _CLIPPED = 0.01, 0.0005
"""What was never clipped has a share of 0.00001."""
_BEST_SECONDS = (10.0, 30.0)
_FEWEST_PAUSES = 0.6


@dataclass(frozen=True, slots=True)
class SampleLimits:
    """How long recordings may be, in seconds: samples, and what they are taken out of."""

    min_seconds: float = 3.0
    max_seconds: float = 60.0
    max_source_seconds: float = 600.0


DEFAULT_SAMPLE_LIMITS = SampleLimits()


def check_length(seconds: float, limits: SampleLimits) -> None:
    """Refuse a recording that is shorter than a sample has to be.

    Raises:
        InvalidInput: AUDIO_TOO_SHORT, metadata `limit_seconds`.
    """
    if seconds < limits.min_seconds:
        raise _too_short(f"the recording lasts {seconds:.2f} s", limits)


def check_speech(speech_seconds: float, of_seconds: float, limits: SampleLimits) -> None:
    """Refuse a recording in which too little is said.

    Raises:
        InvalidInput: SAMPLE_UNSUITABLE where nobody speaks, else AUDIO_TOO_SHORT.
    """
    if not speech_seconds:
        raise unsuitable(
            f"no speech is heard in the {of_seconds:.1f} s of the recording; music, noises and "
            "tones make no voice: send one person who speaks"
        )
    if speech_seconds < _LEAST_SPEECH_SHARE * limits.min_seconds:
        raise _too_short(f"speech is heard for {speech_seconds:.1f} s only", limits)


def check_quality(found: SampleMeasures) -> None:
    """Refuse a recording that would make a bad voice.

    Raises:
        InvalidInput: SAMPLE_UNSUITABLE.
    """
    if found.speech_dbfs < _QUIETEST_DBFS:
        raise unsuitable(
            f"the speech is too quiet, {found.speech_dbfs:.0f} dB below full scale where "
            f"{_QUIETEST_DBFS:.0f} are the least; record it closer to the microphone"
        )
    if found.snr_db < _NOISIEST_DB:
        raise unsuitable(
            f"the speech is only {found.snr_db:.0f} dB louder than what is heard "
            f"between it, at least {_NOISIEST_DB:.0f} are needed and {_NOISY_DB:.0f} are good; "
            "record it in a quiet room, without music"
        )
    if found.near_peak_share >= _MOST_CLIPPED:
        raise unsuitable(
            f"{found.near_peak_share:.1%} of the recording is clipped, {_MOST_CLIPPED:.0%} is too "
            "much; record it again with the level turned down"
        )


def advice(found: SampleMeasures) -> Iterator[Notice]:
    """Yield what would make a recording better that is good enough."""
    least, most = _BEST_SECONDS
    if not least <= found.sound.duration_seconds <= most:
        yield Notice(
            NoticeCode.SAMPLE_LENGTH,
            f"The sample lasts {found.sound.duration_seconds:.1f} s; voices are cloned best from "
            f"{least:.0f} to {most:.0f} s.",
        )
    if found.snr_db < _NOISY_DB:
        yield Notice(
            NoticeCode.SAMPLE_NOISY,
            f"The speech is {found.snr_db:.0f} dB louder than what is heard between "
            f"it; from {_NOISY_DB:.0f} dB on the voice is clean. Record it in a quiet room.",
        )
    if found.near_peak_share >= _CLIPPED:
        yield Notice(
            NoticeCode.SAMPLE_CLIPPED,
            f"The loudest sounds are distorted ({found.near_peak_share:.2%} is clipped). Record it "
            "with the level turned down.",
        )
    if found.speech_dbfs < _QUIET_DBFS:
        yield Notice(
            NoticeCode.SAMPLE_QUIET,
            f"The speech is quiet, {-found.speech_dbfs:.0f} dB below full scale. Record it closer "
            "to the microphone.",
        )
    if found.speech_seconds < _FEWEST_PAUSES * found.sound.duration_seconds:
        yield Notice(
            NoticeCode.SAMPLE_PAUSES,
            f"Speech is heard in {found.speech_seconds:.1f} s of "
            f"{found.sound.duration_seconds:.1f} only; a stretch without long pauses makes a "
            "better voice.",
        )


def too_long(what: str, limit_seconds: float, remedy: str) -> InvalidInput:
    """Return the error for a recording that lasts too long."""
    return InvalidInput(
        Reason.AUDIO_TOO_LONG,
        f"{what}, at most {limit_seconds:g} s are allowed; {remedy}",
        field=FIELD,
        metadata={"limit_seconds": f"{limit_seconds:g}"},
    )


def unsuitable(message: str) -> InvalidInput:
    """Return the error for a recording of which no voice can be made."""
    return InvalidInput(Reason.SAMPLE_UNSUITABLE, message, field=FIELD)


def _too_short(what: str, limits: SampleLimits) -> InvalidInput:
    return InvalidInput(
        Reason.AUDIO_TOO_SHORT,
        f"{what}, at least {limits.min_seconds:g} s of speech are needed; send a longer recording",
        field=FIELD,
        metadata={"limit_seconds": f"{limits.min_seconds:g}"},
    )
