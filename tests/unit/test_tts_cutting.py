from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE, samples_per_frame
from s2v_tts.cutting import cut_audio, cut_script_text

Pcm = npt.NDArray[np.int16]


def hum(seconds: float, amplitude: int = 8_000) -> Pcm:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * 150 * times) * amplitude).astype(np.int16)


def speech(*seconds: float, pause: float = 0.4) -> Pcm:
    """Return hums of so many seconds with pauses of faint noise between them."""
    noise = np.random.default_rng(0)
    parts: list[Pcm] = []
    for length in seconds:
        silence = noise.integers(-20, 20, round(pause * SAMPLE_RATE), dtype=np.int16)
        parts += [hum(length), silence]
    return np.concatenate(parts[:-1])


@pytest.mark.parametrize("text", ["", " \n ", "...", "?!", "\N{SLIGHTLY SMILING FACE}"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cut_script_text(text)

    assert refusal.value.reason == Reason.TEXT_EMPTY
    assert refusal.value.field == "spec.script.text"
    assert "write" in refusal.value.message


@pytest.mark.parametrize(
    ("text", "lexicon"),
    [("\u2661", {"\u2661": "love"}), ('<sub alias="love">\u2661</sub>', {})],
)
def test_a_sign_that_is_said_is_no_text_without_words(text: str, lexicon: dict[str, str]) -> None:
    (segment,) = cut_script_text(text, lexicon=lexicon)
    assert "\u2661" in segment.text


def test_a_text_over_the_limit_is_refused_with_the_numbers() -> None:
    assert cut_script_text("a" * 100, max_characters=100)
    with pytest.raises(InvalidInput) as refusal:
        cut_script_text("a" * 101, max_characters=100)

    assert refusal.value.reason == Reason.TEXT_TOO_LONG
    assert refusal.value.field == "spec.script.text"
    assert refusal.value.metadata["limit_characters"] == "100"
    assert "101" in refusal.value.message


def test_a_text_of_twenty_thousand_characters_is_within_the_limit() -> None:
    segments = cut_script_text(("A sentence that goes on for a while. " * 541)[:20_000])

    assert [segment.index for segment in segments] == list(range(len(segments)))
    with pytest.raises(InvalidInput):
        cut_script_text("a" * 20_001)


@pytest.mark.parametrize(
    ("pcm", "reason"),
    [
        (hum(0.02), Reason.AUDIO_TOO_SHORT),
        (np.zeros(0, np.int16), Reason.AUDIO_TOO_SHORT),
        (np.zeros(SAMPLE_RATE, np.int16), Reason.AUDIO_SILENT),
        (hum(1.0, amplitude=20), Reason.AUDIO_SILENT),
        (hum(3.1), Reason.AUDIO_TOO_LONG),
    ],
)
def test_unusable_sound_is_refused(pcm: Pcm, reason: Reason) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cut_audio(pcm, frame_rate=25, max_seconds=3)

    assert refusal.value.reason == reason
    assert refusal.value.field == "spec.script.audio"


def test_quiet_speech_and_a_quarter_of_a_second_are_enough() -> None:
    assert len(cut_audio(hum(0.25), frame_rate=25)) == 1
    assert len(cut_audio(hum(2.0, amplitude=100), frame_rate=25)) == 1


def test_sound_is_cut_in_the_middle_of_its_pauses() -> None:
    pcm = speech(5.0, 7.0, 8.0, 8.0)
    segments = cut_audio(pcm, frame_rate=25)
    pauses = [5.2, 12.6, 21.0]

    borders = [segment.end_sample / SAMPLE_RATE for segment in segments[:-1]]

    assert borders == pytest.approx(pauses, abs=0.1)


def test_the_first_segment_is_short_where_a_pause_allows() -> None:
    first, *rest = cut_audio(speech(2.0, 6.0, 6.0, 6.0), frame_rate=25)

    assert first.end_sample / SAMPLE_RATE == pytest.approx(2.2, abs=0.1)
    assert len(rest) >= 1


def test_sound_without_a_pause_is_still_cut() -> None:
    segments = cut_audio(hum(60), frame_rate=25)

    assert len(segments) >= 4
    assert all(4 <= (s.end_sample - s.first_sample) / SAMPLE_RATE <= 15 for s in segments)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0.1, 9.0), min_size=1, max_size=5),
    st.floats(0.0, 1.0),
    st.integers(0, 2_000),
    st.sampled_from(FRAME_RATES),
)
def test_segments_cover_the_sound_exactly_on_frame_borders(
    seconds: list[float], pause: float, extra_samples: int, frame_rate: int
) -> None:
    pcm = np.concatenate([hum(0.25), speech(*seconds, pause=pause), hum(1)[:extra_samples]])
    segments = cut_audio(pcm, frame_rate=frame_rate)
    lengths = [segment.end_sample - segment.first_sample for segment in segments]

    assert segments[0].first_sample == 0
    assert segments[-1].end_sample == len(pcm)
    assert all(left.end_sample == right.first_sample for left, right in pairwise(segments))
    assert all(length % samples_per_frame(frame_rate) == 0 for length in lengths[:-1])
    assert all(length <= 15.1 * SAMPLE_RATE for length in lengths)
    assert [segment.index for segment in segments] == list(range(len(segments)))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (
            "We spoke to the people of the Bank of New York about their plans. They agreed.",
            "Bank of New York",
        ),
        (
            "Last week they bought Yahoo! Inc. They paid a lot of money for it. So it goes.",
            "Yahoo! Inc",
        ),
        (
            "It was long ago that somebody called Dr. Who\nCame to town with all his friends.",
            "dr. who came",
        ),
    ],
)
def test_no_phrase_of_a_lexicon_is_cut_in_two(text: str, phrase: str) -> None:
    segments = cut_script_text(text, lexicon={phrase: "something else"})
    said = [" ".join(segment.text.split()).lower() for segment in segments]
    assert any(phrase.lower() in segment for segment in said)
    assert " ".join(said) == " ".join(text.split()).lower()
