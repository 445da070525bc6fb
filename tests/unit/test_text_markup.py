"""Marks in a text: pauses and a small part of SSML, whatever else stands there."""
# ruff: noqa: RUF001 - phonetic letters that look like others are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v.text.cutting import cut_marked
from s2v.text.markup import (
    MAX_PAUSE_SECONDS,
    Marked,
    Piece,
    Silence,
    Words,
    kept_together,
    marked_text,
    masked,
    read_marked,
)
from s2v.text.segmentation import complete_sentences, cut_text

TAGS = ["<break/>", '<sub alias="b">', "</sub>", '<prosody rate="fast">', "</prosody>", "<speak>"]
SCRIPTS = st.lists(st.sampled_from([*TAGS, "[pause 1s]", "[pause", "Hi. ", "a ", "&lt;", "<", "]"]))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello.", [Words("Hello.")]),
        ("a [pause 0.5s] b", [Words("a "), Silence(0.5), Words(" b")]),
        ("a [PAUSE 250 ms] b", [Words("a "), Silence(0.25), Words(" b")]),
        ("a [pause] b", [Words("a "), Silence(0.5), Words(" b")]),
        ("a<break time='1.5s'/>b", [Words("a"), Silence(1.5), Words("b")]),
        ('a<break strength="weak" />b', [Words("a"), Silence(0.25), Words("b")]),
        ("<break></break>a", [Silence(0.5), Words("a")]),
        ('<prosody rate="slow">a</prosody>', [Words("a", rate=0.75)]),
        ('<prosody rate="+20%">a</prosody>', [Words("a", rate=1.2)]),
        ('<prosody rate="80%">a</prosody>', [Words("a", rate=0.8)]),
        ('<prosody rate="1.5">a</prosody> b', [Words("a", rate=1.5), Words(" b")]),
        ('<prosody rate="1000%">a</prosody>', [Words("a", rate=2.0)]),
        (
            '<prosody rate="1.5">a <prosody rate="0.5">b</prosody></prosody>',
            [Words("a ", rate=1.5), Words("b", rate=0.75)],
        ),
        ('<sub alias="doctor">Dr</sub> Who', [Words("Dr", alias="doctor"), Words(" Who")]),
        ('<phoneme ph="təˈmɑːtəʊ">tomato</phoneme>', [Words("tomato", phonemes="təˈmɑːtəʊ")]),
        (
            '<say-as interpret-as="date" format="dmy">1/2/2025</say-as>',
            [Words("1/2/2025", say_as="date:dmy")],
        ),
        ("<speak><p>a &amp; b</p><s>c</s></speak>", [Words("a & b\n\nc\n\n")]),
        ("<?xml version='1.0'?><speak>a<!-- not said -->b</speak>", [Words("ab")]),
    ],
)
def test_marks_are_read(text: str, pieces: list[Piece]) -> None:
    assert read_marked(text) == Marked(tuple(pieces))


@pytest.mark.parametrize(
    "text",
    [
        *("a < b and b > c", "I <3 you", "List<String>", "AT&amp;T", "[note]", "[pauses]"),
        *("<b>bold</b>", "<https://s2v.example>", "x<y and z>w", "<breakfast>", "5 < 6 / 2 >"),
    ],
)
def test_what_is_no_mark_is_text(text: str) -> None:
    assert read_marked(text) == Marked((Words(text),))


@pytest.mark.parametrize(
    ("text", "spoken", "problem"),
    [
        ("<emphasis>so</emphasis>", "so", "<emphasis>: tags of that name are passed over"),
        ('<voice name="x">so</voice>', "so", "tags of that name are passed over"),
        ('<prosody pitch="high">so</prosody>', "so", "only its rate is followed"),
        ('<prosody rate="warp">so</prosody>', "so", "a rate is written"),
        ('<prosody rate="fast">so', "so", "The tag <prosody> is never closed"),
        ('<sub alias="x"><prosody rate="2">so</sub>', "so", "The tag <prosody> is never closed"),
        ("so</sub>", "so", "it closes nothing"),
        ("<sub>so</sub>", "so", "is not understood"),
        ('<say-as interpret-as="colour">so</say-as>', "so", "is not understood"),
        ('<phoneme alphabet="x-sampa" ph="s@U">so</phoneme>', "so", "is not understood"),
        ('<sub alias="x">s<break/>o</sub>', "s o", "it stands around too much"),
        (f'<sub alias="x">{"s" * 201}</sub>', "s" * 201, "it stands around too much"),
        ('<break time="soon"/>so', "so", "it is written"),
        ("[pause soon]so", "[pause soon]so", "this is read as text"),
        ("so[pause 11s]", "so ", f"the longest pause is {MAX_PAUSE_SECONDS:g} s"),
        (
            '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]><speak>so &x;</speak>',
            "so &x;",
            "declarations are not read",
        ),
    ],
)
def test_of_marks_that_are_not_understood_the_text_stays(
    text: str, spoken: str, problem: str
) -> None:
    marked = read_marked(text)
    assert marked.text == spoken
    assert any(problem in told for told in marked.problems)


@given(SCRIPTS)
def test_what_was_read_is_written_and_read_alike(parts: list[str]) -> None:
    pieces = read_marked("".join(parts)).pieces
    assert read_marked(marked_text(pieces)) == Marked(pieces)


@given(SCRIPTS)
def test_segments_hold_all_that_is_said_and_stand_alone(parts: list[str]) -> None:
    marked = read_marked("".join(parts))
    segments = [read_marked(segment) for segment in cut_marked(marked)]
    assert not any(segment.problems for segment in segments)
    said = "".join(segment.text for segment in segments)
    assert "".join(said.split()) == "".join(marked.text.split())


def test_a_text_without_marks_is_cut_as_ever() -> None:
    text = "First of all, hello to you. Then comes another sentence, which is a bit longer. " * 9
    assert cut_marked(read_marked(text)) == cut_text(text)


def test_segments_keep_the_marks_of_what_is_in_them() -> None:
    slow = "This is the first slow sentence of them all. This is the second slow sentence."
    text = f'<prosody rate="slow">{slow}</prosody> [pause 2s] And this is as fast as ever it was.'
    cut = [read_marked(segment).pieces for segment in cut_marked(read_marked(text))]
    assert cut == [
        (Words(slow[:45].strip(), rate=0.75),),
        (Words(slow[45:], rate=0.75), Words(" "), Silence(2.0)),
        (Words("And this is as fast as ever it was."),),
    ]


def test_no_cut_falls_inside_of_what_is_replaced() -> None:
    sentences = "One sentence that is long. Another sentence that is long. A third that is, too."
    text = (
        f'Before all of it, there was this. <sub alias="this">{sentences}</sub> The end of it all.'
    )
    cut = [read_marked(segment).pieces for segment in cut_marked(read_marked(text))]
    assert Words(sentences, alias="this") in [piece for pieces in cut for piece in pieces]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Hello you. [pause 1s] And", "Hello you."),
        ('<prosody rate="slow">Hello you. And you. ', ""),
        ('<prosody rate="slow">Hello you. And you.</prosody> I ', None),
        ("Hello you. <sub alias='a", "Hello you."),
        ("Hello you. And you. [pau", "Hello you."),
        ("<speak>Hello you. And", "<speak>Hello you."),
        ("I [love it. Or not", "I [love it."),
    ],
)
def test_a_script_that_is_written_is_not_cut_inside_of_marks(text: str, whole: str | None) -> None:
    expected = text.removesuffix(" I ") if whole is None else whole
    assert text[: complete_sentences(text)].strip() == expected


@given(SCRIPTS)
def test_ranges_that_are_kept_together_are_in_order_and_apart(parts: list[str]) -> None:
    text = "".join(parts)
    ranges = kept_together(text)
    assert len(masked(text)) == len(text)
    assert all(first < end for first, end in ranges)
    assert ranges == sorted(ranges)


@pytest.mark.parametrize(
    "part", [*TAGS, "<!--", "<", "[", "[pause ", '<sub alias="', "<!DOCTYPE ", "<?xml ", "&#1"]
)
def test_no_text_takes_long(part: str) -> None:
    text = (part * 20_000)[:20_000]
    marked = read_marked(text)
    kept_together(text)
    assert len(marked.text) <= len(text)
