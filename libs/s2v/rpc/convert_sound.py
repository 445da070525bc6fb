"""Messages about sound as a whole, to values and back."""

from dataclasses import asdict

from s2v.api.common.v1 import measurement_pb2, sound_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.sound import AS_GIVEN, Enhancement, NoiseReduction, SoundMeasurement
from s2v.core.voice import SampleMeasures

_REDUCTION = {
    NoiseReduction.OFF: sound_pb2.NOISE_REDUCTION_OFF,
    NoiseReduction.LIGHT: sound_pb2.NOISE_REDUCTION_LIGHT,
    NoiseReduction.STRONG: sound_pb2.NOISE_REDUCTION_STRONG,
}
_REDUCTION_BACK: dict[int, NoiseReduction] = {
    sound_pb2.NOISE_REDUCTION_UNSPECIFIED: NoiseReduction.OFF,
    **{number: value for value, number in _REDUCTION.items()},
}


def enhancement_to_proto(enhancement: Enhancement) -> sound_pb2.Enhancement | None:
    """Spell how to better sound as a message; None where nothing is asked for."""
    if enhancement == AS_GIVEN:
        return None
    return sound_pb2.Enhancement(
        noise_reduction=_REDUCTION[enhancement.noise_reduction],
        target_lufs=enhancement.target_lufs,
        trim_silences=enhancement.trim_silences,
    )


def enhancement_from_proto(message: sound_pb2.Enhancement, *, field: str) -> Enhancement:
    """Read how to better sound; ranges are for `s2v.core.sound` to check.

    Raises:
        InvalidInput: FIELD_INVALID, the noise reduction is unknown.
    """
    if message.noise_reduction not in _REDUCTION_BACK:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"there is no noise reduction number {message.noise_reduction}; "
            f"use one of: {', '.join(NoiseReduction)}",
            field=f"{field}.noise_reduction",
        )
    return Enhancement(
        noise_reduction=_REDUCTION_BACK[message.noise_reduction],
        target_lufs=message.target_lufs if message.HasField("target_lufs") else None,
        trim_silences=message.trim_silences,
    )


def sound_measurement_to_proto(value: SoundMeasurement) -> sound_pb2.SoundMeasurement:
    """Spell what was measured as a message."""
    return sound_pb2.SoundMeasurement(**asdict(value))


def sound_measurement_from_proto(message: sound_pb2.SoundMeasurement) -> SoundMeasurement:
    """Read what was measured."""
    told = {field.name: value for field, value in message.ListFields()}
    return SoundMeasurement(
        duration_seconds=message.duration_seconds,
        integrated_lufs=told.get("integrated_lufs"),
        true_peak_dbtp=told.get("true_peak_dbtp"),
        clipped_share=message.clipped_share,
        snr_db=told.get("snr_db"),
        speech_share=message.speech_share,
    )


def sample_to_proto(value: SampleMeasures) -> measurement_pb2.SampleMeasurement:
    """Spell what was measured on a recording of a voice as a message."""
    return measurement_pb2.SampleMeasurement(
        duration_seconds=value.sound.duration_seconds,
        speech_seconds=value.speech_seconds,
        speech_dbfs=value.speech_dbfs,
        signal_to_noise_db=value.snr_db,
        clipped_share=value.near_peak_share,
        sound=sound_measurement_to_proto(value.sound),
    )


def sample_from_proto(message: measurement_pb2.SampleMeasurement) -> SampleMeasures:
    """Read what was measured on a recording of a voice."""
    return SampleMeasures(
        sound=sound_measurement_from_proto(message.sound),
        speech_dbfs=message.speech_dbfs,
        near_peak_share=message.clipped_share,
    )
