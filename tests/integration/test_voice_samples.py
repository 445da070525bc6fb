"""What is taken out of a recording for a voice, and of which recordings nothing is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import NoticeCode
from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v_tts.loudness import audible_range
from s2v_tts.measuring.activity import WINDOW_SAMPLES, spoken_windows
from s2v_tts.samples.judging import DEFAULT_SAMPLE_LIMITS
from s2v_tts.samples.taking import Span, TakenSample, take_sample
from sounds import Pcm, clipped, hum, mixed, music, noise, silence, speech

WHOLE = Span()


def taken(pcm: Pcm, span: Span = WHOLE) -> TakenSample:
    span.check()
    return result(take_sample(pcm, span, DEFAULT_SAMPLE_LIMITS))


def refused(pcm: Pcm, span: Span = WHOLE) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        taken(pcm, span)
    return caught.value


def codes(sample: TakenSample) -> set[NoticeCode]:
    return {notice.code for notice in sample.notices}


def test_the_speech_is_cut_out_of_the_silence_around_it() -> None:
    around = silence(4)
    sample = taken(np.concatenate([around, speech(), around]))

    length = seconds(len(sample.pcm))
    assert sample.measures.sound.duration_seconds == length
    assert length == pytest.approx(seconds(len(speech())), abs=0.8)
    first, end = audible_range(sample.pcm, -45.0)
    assert 0.1 < seconds(first) < 0.5
    assert 0.1 < seconds(len(sample.pcm) - end) < 0.6
    assert sample.pcm[0] == sample.pcm[-1] == 0
    assert 6 < sample.measures.speech_seconds < 8


def test_a_good_recording_is_taken_without_advice() -> None:
    longer = np.concatenate([speech(), silence(0.5), speech()])
    sample = taken(mixed(longer, noise(len(longer)), decibels=40))

    assert codes(sample) == set()
    assert sample.measures.snr_db == pytest.approx(40, abs=3)
    assert sample.measures.near_peak_share < 0.0001
    assert sample.measures.speech_dbfs == pytest.approx(-22.5, abs=1.5)


@pytest.mark.parametrize(
    ("make", "reason", "says"),
    [
        (lambda: silence(10), Reason.AUDIO_SILENT, "silent"),
        (lambda: speech()[: SAMPLE_RATE // 2], Reason.AUDIO_TOO_SHORT, "0.50 s"),
        (
            lambda: np.concatenate([silence(5), speech()[: SAMPLE_RATE * 3 // 2], silence(5)]),
            Reason.AUDIO_TOO_SHORT,
            "at least 3 s",
        ),
        (lambda: noise(10 * SAMPLE_RATE), Reason.SAMPLE_UNSUITABLE, "no speech"),
        (lambda: noise(10 * SAMPLE_RATE, white=True), Reason.SAMPLE_UNSUITABLE, "no speech"),
        (lambda: music(10), Reason.SAMPLE_UNSUITABLE, "no speech"),
        (lambda: hum(10), Reason.SAMPLE_UNSUITABLE, "no speech"),
        (
            lambda: mixed(speech(), noise(len(speech())), decibels=5),
            Reason.SAMPLE_UNSUITABLE,
            "louder",
        ),
        (lambda: mixed(speech(), music(9), decibels=3), Reason.SAMPLE_UNSUITABLE, "louder"),
        (lambda: clipped(speech(), by_decibels=12), Reason.SAMPLE_UNSUITABLE, "clipped"),
        (lambda: speech() // 64, Reason.SAMPLE_UNSUITABLE, "quiet"),
    ],
    ids=[
        "silence",
        "half a second",
        "a second in silence",
        "pink noise",
        "white noise",
        "music",
        "a hum",
        "speech in noise",
        "speech in music",
        "clipped",
        "too quiet",
    ],
)
def test_what_makes_no_voice_is_refused_with_what_was_found_and_a_remedy(
    make: Callable[[], Pcm], reason: Reason, says: str
) -> None:
    error = refused(make())

    assert (error.reason, error.field) == (reason, "asset")
    assert says in error.message
    assert "send" in error.message or "record" in error.message


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: speech(), NoticeCode.SAMPLE_LENGTH),
        (lambda: np.tile(speech(), 5), NoticeCode.SAMPLE_LENGTH),
        (lambda: mixed(speech(), noise(len(speech())), decibels=15), NoticeCode.SAMPLE_NOISY),
        (lambda: clipped(speech(), by_decibels=5), NoticeCode.SAMPLE_CLIPPED),
        (lambda: speech() // 12, NoticeCode.SAMPLE_QUIET),
        (lambda: np.concatenate([speech(), silence(8), speech()]), NoticeCode.SAMPLE_PAUSES),
    ],
    ids=["short", "long", "noisy", "clipped", "quiet", "pauses"],
)
def test_what_could_be_better_is_said(make: Callable[[], Pcm], code: NoticeCode) -> None:
    assert code in codes(taken(make()))


def test_too_much_speech_is_refused_with_a_part_that_would_do() -> None:
    long = np.concatenate([silence(2), *[speech(), silence(1)] * 12])
    error = refused(long)

    assert error.reason is Reason.AUDIO_TOO_LONG
    assert error.metadata == {"limit_seconds": "60"}
    words = error.message.replace(",", "").split()
    start = float(words[words.index("start_seconds") + 1])
    end = float(words[words.index("end_seconds") + 1])
    sample = taken(long, Span(start, end))
    assert 10 < sample.measures.sound.duration_seconds < 21
    assert sample.measures.speech_seconds > 0.7 * sample.measures.sound.duration_seconds


def test_a_part_of_a_recording_is_taken() -> None:
    both = np.concatenate([music(12), speech()])
    sample = taken(both, Span(12.0, 0.0))

    assert sample.measures.snr_db > 40
    assert refused(both, Span(0.0, 12.0)).reason is Reason.SAMPLE_UNSUITABLE


@pytest.mark.parametrize(
    ("span", "field"),
    [
        (Span(-1.0, 5.0), "start_seconds"),
        (Span(float("nan"), 5.0), "start_seconds"),
        (Span(9e9, 0.0), "start_seconds"),
        (Span(0.0, float("inf")), "end_seconds"),
        (Span(5.0, 5.0), "end_seconds"),
        (Span(0.0, -5.0), "end_seconds"),
    ],
)
def test_times_that_no_recording_has_are_refused(span: Span, field: str) -> None:
    error = refused(speech(), span)

    assert (error.reason, error.field) == (Reason.FIELD_INVALID, field)


def test_the_limits_are_those_that_are_set() -> None:
    limits = replace(DEFAULT_SAMPLE_LIMITS, min_seconds=9.0)
    with pytest.raises(InvalidInput) as caught:
        result(take_sample(speech(), WHOLE, limits))

    assert caught.value.metadata == {"limit_seconds": "9"}


@pytest.mark.parametrize("white", [True, False])
def test_speech_is_heard_where_it_is(white: bool) -> None:
    pcm = np.concatenate([silence(40), speech(), silence(40), speech(), silence(5)])
    pcm = mixed(pcm, noise(len(pcm), white=white), decibels=20)
    spoken = result(spoken_windows(pcm))

    assert len(spoken) == -(-len(pcm) // WINDOW_SAMPLES)
    length = seconds(len(speech()))
    for begins in (40.0, 80.0 + length):
        heard = spoken[_window(begins) : _window(begins + length)]
        assert 6.5 < heard.sum() * WINDOW_SAMPLES / SAMPLE_RATE < length
    for begins, ends in ((0.0, 39.8), (40.3 + length, 79.8 + length)):
        assert not spoken[_window(begins) : _window(ends)].any()


def _window(at_seconds: float) -> int:
    return round(at_seconds * SAMPLE_RATE / WINDOW_SAMPLES)


def test_listening_can_be_left() -> None:
    steps = spoken_windows(np.tile(speech(), 20))
    next(steps)
    steps.close()
