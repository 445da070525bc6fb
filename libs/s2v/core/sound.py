"""What can be bettered in sound that was spoken already, and what is measured on it."""

import math
from dataclasses import dataclass
from enum import StrEnum

from s2v.core.errors import InvalidInput, Reason

SLOWEST, FASTEST = 0.5, 2.0
"""How fast a text may be spoken; 1 is the voice's own pace."""
QUIETEST_LUFS, LOUDEST_LUFS = -40.0, -5.0
"""What may be asked for; films for people lie between -23 and -14."""


class NoiseReduction(StrEnum):
    """How much noise to take away."""

    OFF = "off"
    LIGHT = "light"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Enhancement:
    """How to better sound; as it stands here, it stays what it is, sample for sample.

    Attributes:
        noise_reduction: how much noise to take away.
        target_lufs: how loud the whole shall be (EBU R 128), true peaks then stay under -1 dBTP;
            None leaves the loudness as it is.
        trim_silences: whether silences of over a second are made half a second long.
    """

    noise_reduction: NoiseReduction = NoiseReduction.OFF
    target_lufs: float | None = None
    trim_silences: bool = False


AS_GIVEN = Enhancement()
"""Changes nothing."""


@dataclass(frozen=True, slots=True)
class SoundMeasurement:
    """What was measured on sound.

    Attributes:
        duration_seconds: its length.
        integrated_lufs: how loud the whole is; None where nothing is over -70 LUFS.
        true_peak_dbtp: the highest peak between samples; None for digital silence.
        clipped_share: of the samples that are at the end of the scale.
        snr_db: how much louder the speech is than its pauses, an estimate, 0 to 60; None where
            nobody speaks.
        speech_share: of the time in which somebody speaks, an estimate.
    """

    duration_seconds: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    clipped_share: float
    snr_db: float | None
    speech_share: float


def check_enhancement(enhancement: Enhancement, *, field: str) -> None:
    """Refuse a loudness that no film should have.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    target = enhancement.target_lufs
    if target is None:
        return
    if not math.isfinite(target) or not QUIETEST_LUFS <= target <= LOUDEST_LUFS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"target_lufs is {target:g}; it must be from {QUIETEST_LUFS:g} to {LOUDEST_LUFS:g}, "
            "such as -16, or left out to leave the loudness as it is",
            field=f"{field}.target_lufs",
        )


def check_speed(speed: float, *, field: str) -> None:
    """Refuse a speed that nobody understands; 0 means 1.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    if speed and not SLOWEST <= speed <= FASTEST:  # NaN is none either
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"speed is {speed:g}; it must be from {SLOWEST:g} to {FASTEST:g}, or 0 for the "
            "voice's own",
            field=field,
        )
