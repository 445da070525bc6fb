"""Captions: whose words, in which lines, when."""
# ruff: noqa: RUF001 - the typographic quotes and commas here are meant

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.captions.files import subrip, webvtt
from s2v.captions.languages import three_letters
from s2v.captions.lines import captions_of
from s2v.captions.timing import parted, timed
from s2v.captions.words import LINE_WIDTH, NARROW, joined, width_of, words_of
from s2v.core.captions import Caption
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.text.segmentation import MAX_CHARACTERS

LETTER_SAMPLES = SAMPLE_RATE // 15
PAUSE_SAMPLES = SAMPLE_RATE * 3 // 10


def said(text: str, *, letter_samples: int = LETTER_SAMPLES, lead: int = 1_200) -> list[Mark]:
    """Return marks of speech that goes on evenly, the words without their punctuation."""
    marks, at = [], lead
    for word in text.split():
        end = at + len(word) * letter_samples
        if letters := "".join(c for c in word if c.isalnum() or c in "'’"):
            marks.append(Mark(letters, at, end))
        at = end + letter_samples
    return marks


def segment_samples(marks: list[Mark], frame: int) -> int:
    end = max((mark.end_sample for mark in marks), default=0) + PAUSE_SAMPLES
    return -(-end // frame) * frame


def captioned(text: str, *, frame_rate: int = 25, language: str = "en-US") -> list[Caption]:
    marks = said(text)
    samples = segment_samples(marks, samples_per_frame(frame_rate))
    return list(captions_of(text, marks, samples=samples, frame_rate=frame_rate, language=language))


def lines_of(text: str, language: str = "en-US") -> list[tuple[str, ...]]:
    return [caption.lines for caption in captioned(text, language=language)]


def all_words(captions: list[Caption]) -> list[str]:
    return [word for caption in captions for line in caption.lines for word in line.split()]


WORDS = st.text("abcdefghijklmnopqrstuvwxyzäé'’", min_size=1, max_size=14)
ENDS = st.sampled_from(["", "", "", "", ",", ".", "?", "!", ";", ":", "…", ".”", ")"])
NUMBERS = st.sampled_from(["12", "3.5", "$1,250", "2024", "7:30", "50"])
TEXTS = st.lists(st.builds("{}{}".format, WORDS | NUMBERS, ENDS), min_size=1, max_size=40).map(
    lambda words: " ".join(words)[:MAX_CHARACTERS].strip()
)


@given(TEXTS, st.sampled_from([10, 24, 25, 30, 50, 60]))
@settings(max_examples=150, deadline=None)
def test_every_word_is_shown_once_in_order_and_within_bounds(text: str, frame_rate: int) -> None:
    frame = samples_per_frame(frame_rate)
    marks = said(text)
    samples = segment_samples(marks, frame)
    captions = captioned(text, frame_rate=frame_rate)
    assert all_words(captions) == text.split()
    for caption in captions:
        assert 1 <= len(caption.lines) <= 2
        assert all(len(line) <= 42 for line in caption.lines)
        assert 0 <= caption.first_sample < caption.end_sample <= samples - 2 * frame
        assert caption.first_sample % frame == 0
        assert caption.end_sample - caption.first_sample <= 7 * SAMPLE_RATE
    for before, after in pairwise(captions):
        assert after.first_sample - before.end_sample >= 2 * frame


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_a_caption_appears_in_the_frame_in_which_its_first_word_does(text: str) -> None:
    times = {}
    words = words_of(text)
    for index, word in enumerate(timed(words, said(text), samples=10**9)):
        times[index] = word.first_sample
    shown = 0
    for caption in captioned(text):
        assert 0 <= times[shown] - caption.first_sample < samples_per_frame(25)
        shown += len(" ".join(caption.lines).split())
    assert shown == len(words)


@given(st.text(max_size=400), st.integers(0, 200), st.sampled_from(["en", "zh", "und"]))
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_is_captioned_within_its_segment(
    text: str, frames: int, language: str
) -> None:
    samples = frames * 1_920
    captions = captions_of(text, (), samples=samples, frame_rate=25, language=language)
    shown = "".join("".join(caption.lines) for caption in captions).split()
    expected = "".join(word.text for word in words_of(text)).split() if frames else []
    assert "".join(shown) == "".join(expected)
    for caption in captions:
        assert 0 <= caption.first_sample < caption.end_sample <= samples
    for before, after in pairwise(captions):
        assert before.end_sample < after.first_sample


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_equal_speech_gives_equal_captions(text: str) -> None:
    assert captioned(text) == captioned(text)


def test_lines_break_at_punctuation_first() -> None:
    assert lines_of("When the rain had stopped, we all went out into the garden.") == [
        ("When the rain had stopped,", "we all went out into the garden.")
    ]


def test_lines_break_before_conjunctions_and_prepositions_and_not_after_articles() -> None:
    assert lines_of("Nobody knew where the old man had gone after the war") == [
        ("Nobody knew", "where the old man had gone after the war")
    ]
    german = "Der alte Mann trug alle seine Bücher auf den hohen Berg"
    assert lines_of(german, "de-DE") == [
        ("Der alte Mann trug alle seine Bücher", "auf den hohen Berg")
    ]
    assert lines_of("She carried every single one of her books up the hill") == [
        ("She carried every single one", "of her books up the hill")
    ]


@pytest.mark.parametrize(
    "pair",
    [
        "12 km",
        "$5 million",
        "50 %",
        "Dr. Smith",
        "No. 5",
        "7:30 p.m.",
        "J. R. Smith",
        "1 1/2 c. milk",
    ],
)
@pytest.mark.parametrize("before", range(20, 60, 3))
def test_a_number_stays_with_its_unit_and_a_title_with_its_name(pair: str, before: int) -> None:
    filler = ("lorem ipsumx " * 10)[:before].strip()
    shown = lines_of(f"{filler} {pair} {filler}")
    assert any(pair in line for lines in shown for line in lines)


def test_a_pause_is_a_better_place_for_a_break_than_none() -> None:
    words = ["alpha"] * 20
    marks = said(" ".join(words))
    late = [
        Mark(m.label, m.first_sample + 48_000 * (n >= 11), m.end_sample + 48_000 * (n >= 11))
        for n, m in enumerate(marks)
    ]
    samples = segment_samples(late, 1_920)
    captions = captions_of(" ".join(words), late, samples=samples, frame_rate=25, language="en")
    counts = [len(" ".join(caption.lines).split()) for caption in captions]
    assert counts == [11, 9]


def test_punctuation_that_stands_apart_begins_no_line_and_takes_no_time() -> None:
    text = "« Il avait coûté mille deux cent euros ; personne ne croyait qu'il volerait » !"
    lines = [line for shown in lines_of(text, "fr-FR") for line in shown]
    assert lines == [
        "« Il avait coûté mille deux cent euros ;",
        "personne ne croyait qu'il volerait » !",
    ]
    times = timed(words_of("Quoi ? Non !"), [Mark("Quoi", 0, 900)], samples=480_000)
    assert [(t.first_sample, t.end_sample) for t in times[:2]] == [(0, 900), (900, 900)]
    assert times[-1].first_sample == times[-1].end_sample


def test_slow_speech_is_not_left_standing_and_quick_speech_may_be_read() -> None:
    slow = [Mark("one", 0, 48_000), Mark("two", 10 * 48_000, 11 * 48_000)]
    captions = captions_of("one two", slow, samples=12 * 48_000, frame_rate=25, language="en")
    assert [caption.lines for caption in captions] == [("one",), ("two",)]
    assert captions[0].end_sample == 48_000
    quick = captioned("Yes. He did, and it was good.")
    assert all(c.end_sample - c.first_sample >= SAMPLE_RATE for c in quick)


def test_reading_speed_is_met_where_the_speech_allows_it() -> None:
    text = (
        "My father bought a big balloon, and he carried it all the way up to the top of the hill. "
        "What a wonderful view that was, and how far away the people looked!"
    )
    for caption in captioned(text):
        letters = len(" ".join(caption.lines))
        assert letters / ((caption.end_sample - caption.first_sample) / SAMPLE_RATE) <= 20


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("It cost $1,250 in 2024.", ["it", "cost", "one thousand", "dollars", "in", "twenty"]),
        ("It cost $1,250 in 2024.", ["It", "cost", "in"]),
        ("a well-known fact, indeed", ["a", "well", "known", "fact", "indeed"]),
        ("state of the art", ["stateof", "the", "art"]),
        ("“Quoted” — and (so on)…", ["Quoted", "and", "so", "on"]),
        ("nothing of this is named", ["quite", "other", "words"]),
    ],
)
def test_words_are_those_of_the_text_however_the_marks_call_them(
    text: str, labels: list[str]
) -> None:
    marks = [Mark(label, n * 24_000, (n + 1) * 24_000) for n, label in enumerate(labels)]
    samples = len(labels) * 24_000
    times = timed(words_of(text), marks, samples=samples)
    assert [word.word.text for word in times] == text.split()
    for before, after in pairwise(times):
        assert before.first_sample <= before.end_sample <= after.first_sample
    assert times[-1].end_sample <= samples


def test_a_word_that_is_spoken_as_several_has_their_time() -> None:
    marks = [
        Mark(w, n * 9_600, (n + 1) * 9_600) for n, w in enumerate(["pay", "five", "dollars", "now"])
    ]
    times = timed(words_of("pay $5 now"), marks, samples=60_000)
    assert [(t.first_sample, t.end_sample) for t in times] == [
        (0, 9_600),
        (9_600, 28_800),
        (28_800, 38_400),
    ]


def test_a_transcript_is_parted_with_its_punctuation() -> None:
    transcript = "Hello, world! “How are you?” — Fine; thanks."
    parts = ["Hello world", "", "How are", "you Fine thanks"]
    found = parted(transcript, parts)
    assert found == ["Hello, world!", "", "“How are", "you?” — Fine; thanks."]


def test_parts_that_are_not_the_transcript_stay_as_they_are() -> None:
    assert parted("Hello there", ["Hello", "you"]) == ["Hello", "you"]


def test_wide_letters_fill_a_line_sixteen_at_a_time_and_begin_none_with_a_full_stop() -> None:
    text = "今天天气非常好。我们一起去公园散步吧，顺便看看那里的花是不是已经开了。你觉得怎么样？"
    marks = [Mark(text, 0, 12 * SAMPLE_RATE)]
    captions = captions_of(text, marks, samples=13 * SAMPLE_RATE, frame_rate=25, language="zh")
    lines = [line for caption in captions for line in caption.lines]
    assert "".join(lines) == text
    assert max(map(len, lines)) <= 16
    assert not [line for line in lines if line[0] in "。，？"]


def test_text_that_is_written_from_right_to_left_is_left_as_it_is() -> None:
    text = "مرحبا بكم في العالم الجديد، هذا نص طويل بعض الشيء."
    captions = captioned(text, language="ar")
    assert " ".join(line for caption in captions for line in caption.lines) == text


def test_words_longer_than_a_line_are_parted_and_ornaments_left_out() -> None:
    address = "https://example.org/" + "a" * 60
    assert all(word.width <= LINE_WIDTH for word in words_of(address))
    assert joined(words_of(address)) == address
    assert words_of("-" * 20_000) == []
    assert [word.text for word in words_of("a\x00b \x1b c — d")] == ["ab", "c", "—", "d"]


def test_widths_count_letters() -> None:
    assert width_of("é") == width_of("e\u0301") == NARROW
    assert 16 * width_of("语") == LINE_WIDTH


CAPTIONS = (
    Caption(("a < b & c", "second"), 1_920, 49_920),
    Caption(("später",), 3_600 * 48_000, 3_601 * 48_000 + 24),
)


def test_subrip() -> None:
    assert subrip(CAPTIONS) == (
        "1\n00:00:00,040 --> 00:00:01,040\na < b & c\nsecond\n\n"
        "2\n01:00:00,000 --> 01:00:01,001\nspäter\n\n"
    )


def test_webvtt_escapes_what_it_reserves() -> None:
    assert webvtt(CAPTIONS) == (
        "WEBVTT\n\n00:00:00.040 --> 00:00:01.040\na &lt; b &amp; c\nsecond\n\n"
        "01:00:00.000 --> 01:00:01.001\nspäter\n"
    )


def test_languages() -> None:
    tags = ["en-US", "de", "zh-Hant-TW", "yue", "xx", "und"]
    assert [three_letters(tag) for tag in tags] == ["eng", "deu", "zho", "yue", "und", "und"]
