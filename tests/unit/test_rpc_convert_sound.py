"""What is asked of sound and lengths, on the wire and back."""

import pytest

from s2v.api.common.v1 import lengths_pb2, sound_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lengths import USUAL, LengthPolicy, VideoLonger, VideoShorter
from s2v.core.sound import AS_GIVEN, Enhancement, NoiseReduction, SoundMeasurement
from s2v.core.voice import SampleMeasures
from s2v.rpc.convert_lengths import lengths_from_proto, lengths_to_proto
from s2v.rpc.convert_sound import (
    enhancement_from_proto,
    enhancement_to_proto,
    sample_from_proto,
    sample_to_proto,
)


@pytest.mark.parametrize("reduction", NoiseReduction)
@pytest.mark.parametrize("target_lufs", [None, -16.0])
def test_an_enhancement_comes_back_as_it_went(
    reduction: NoiseReduction, target_lufs: float | None
) -> None:
    asked = Enhancement(reduction, target_lufs, trim_silences=True)
    message = enhancement_to_proto(asked)
    assert message is not None
    assert enhancement_from_proto(message, field="e") == asked


@pytest.mark.parametrize("shorter", VideoShorter)
@pytest.mark.parametrize("longer", VideoLonger)
def test_a_length_policy_comes_back_as_it_went(shorter: VideoShorter, longer: VideoLonger) -> None:
    asked = LengthPolicy(shorter, longer)
    message = lengths_to_proto(asked) or lengths_pb2.LengthPolicy()
    assert lengths_from_proto(message, field="l") == asked


@pytest.mark.parametrize("snr_db", [None, 0.0, 31.5])
def test_what_was_measured_comes_back_as_it_went(snr_db: float | None) -> None:
    sound = SoundMeasurement(12.0, -20.0, None, 0.25, snr_db, 0.5)
    sample = SampleMeasures(sound, speech_dbfs=-21.0, near_peak_share=0.125)
    message = sample_to_proto(sample)
    assert sample_from_proto(message) == sample
    assert message.duration_seconds == message.sound.duration_seconds == 12.0
    assert message.speech_seconds == 6.0
    assert message.signal_to_noise_db == (snr_db or 0.0)
    assert message.clipped_share == 0.125


def test_nothing_is_sent_where_nothing_is_asked() -> None:
    assert enhancement_to_proto(AS_GIVEN) is None
    assert enhancement_from_proto(sound_pb2.Enhancement(), field="e") == AS_GIVEN
    assert lengths_to_proto(USUAL) is None
    assert lengths_from_proto(lengths_pb2.LengthPolicy(), field="l") == USUAL


def test_numbers_that_mean_nothing_are_refused_with_their_field() -> None:
    with pytest.raises(InvalidInput) as noise:
        enhancement_from_proto(sound_pb2.Enhancement(noise_reduction=77), field="e")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as shorter:
        lengths_from_proto(lengths_pb2.LengthPolicy(video_shorter=77), field="l")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as longer:
        lengths_from_proto(lengths_pb2.LengthPolicy(video_longer=77), field="l")  # type: ignore[arg-type]
    refused = [noise.value, shorter.value, longer.value]
    assert {error.reason for error in refused} == {Reason.FIELD_INVALID}
    assert [error.field for error in refused] == [
        "e.noise_reduction",
        "l.video_shorter",
        "l.video_longer",
    ]
