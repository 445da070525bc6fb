# ruff: noqa: RUF001 - typographic quotes and full-width marks are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v.text.segmentation import (
    MIN_CHARACTERS,
    complete_sentences,
    cut_sentences,
    cut_text,
    is_speakable,
)

LONG = "This sentence is long enough to be a segment of its own"

PIECES = (
    'Hello Dr. e.g. U.S. 3.14 one two, three; four: - ... ! ? 。 ， 好 ( ) " etc. I '
    "https://s2v.dev/a?b=c. \N{SLIGHTLY SMILING FACE} e\N{COMBINING ACUTE ACCENT}"
)
SCRIPTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.sampled_from([*PIECES.split(), "\n", "\n\n"]), max_size=300).map(" ".join),
)


def without_white_space(text: str) -> str:
    return "".join(text.split())


def without_ornaments(segment: str) -> str:
    """Return what is from the first letter or digit to the last."""
    spoken = [index for index, character in enumerate(segment) if character.isalnum()]
    return segment[spoken[0] : spoken[-1] + 1] if spoken else ""


@given(SCRIPTS, st.integers(20, 250))
def test_nothing_of_the_text_is_lost(text: str, max_characters: int) -> None:
    segments = cut_text(text, max_characters=max_characters)
    sentences = cut_sentences(text, max_characters=max_characters)

    assert without_white_space("".join(segments)) == without_white_space(text)
    assert without_white_space("".join(sentences)) == without_white_space(text)


@given(SCRIPTS, st.integers(20, 250))
def test_segments_are_speakable_and_bounded_wherever_the_text_is(
    text: str, max_characters: int
) -> None:
    segments = cut_text(text, max_characters=max_characters)

    assert all(segment == segment.strip() != "" for segment in segments)
    if is_speakable(text):
        assert all(is_speakable(segment) for segment in segments)
    # Ornaments stay with a neighbour, also where they are a part of a word.
    assert all(len(without_ornaments(segment)) <= max_characters for segment in segments)
    if all(is_speakable(word[0]) and is_speakable(word[-1]) for word in text.split()):
        assert all(len(segment) <= max_characters for segment in segments)


@pytest.mark.parametrize(
    "sentence",
    [
        f"Dr. Smith and Mrs. Jones met Prof. Brown at St. Mary's. {LONG}.",
        f"Fruit, e.g. apples, i.e. food, etc. are on p. 5 of vol. 2, see fig. 3. {LONG}.",
        f"The U.S. Army was in Washington D.C. at the time, at 5 p.m. sharp. {LONG}.",
        f"J. K. Rowling and J. R. R. Tolkien wrote books that children read. {LONG}.",
        f"Pi is 3.14159 and version 2.0.1 costs $12.50 or 1.234,56 euros. {LONG}.",
        f"Visit https://www.example.com/docs?q=1.2 or write to a.b@example.com. {LONG}.",
        f"Well... it is... how shall I say... rather a long story, you see. {LONG}.",
        f'"Stop!" he cried, "what are you doing?" asked the woman by the door. {LONG}.',
        f"Heute ist der 28. November 2026, und morgen kommt der 1. Dezember. {LONG}.",
        f"1. Open the door that leads into the garden behind the house. {LONG}.",
    ],
)
def test_marks_inside_a_sentence_do_not_end_it(sentence: str) -> None:
    first = sentence.removesuffix(f" {LONG}.")

    assert cut_sentences(sentence) == (first, f"{LONG}.")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rains! Does it? Yes.", ("It rains!", "Does it?", "Yes.")),
        ("It was on page 28. November came.", ("It was on page 28. November came.",)),
        ("There were 28. Then one left.", ("There were 28.", "Then one left.")),
        ("She said no. Then she left.", ("She said no.", "Then she left.")),
        ("I live in the U.S. He does not.", ("I live in the U.S.", "He does not.")),
        ("He said “Go.” Then he left.", ("He said “Go.”", "Then he left.")),
        ("Wait… What was that?", ("Wait…", "What was that?")),
        ("你好。今天好吗？“好！”我说。", ("你好。", "今天好吗？", "“好！”", "我说。")),
        ("A heading\n\nand its text.", ("A heading", "and its text.")),
        ("First line\nSecond line", ("First line", "Second line")),
        ("a hard-wrapped\nsentence", ("a hard-wrapped\nsentence",)),
    ],
)
def test_sentences_end_where_a_reader_pauses(text: str, sentences: tuple[str, ...]) -> None:
    assert cut_sentences(text) == sentences


def test_a_sentence_is_a_segment() -> None:
    assert cut_text(f"{LONG}. {LONG}!  {LONG}?\n") == (f"{LONG}.", f"{LONG}!", f"{LONG}?")


def test_short_sentences_join_a_neighbour() -> None:
    segments = cut_text(f"{LONG}. No. Never. {LONG}. Really? Yes! So it is. Why? Because.")

    assert all(len(segment) >= MIN_CHARACTERS for segment in segments)


@pytest.mark.parametrize(
    ("sentence", "opening"),
    [
        (
            "Once upon a time, and then it went on through the woods and over the hills, they say.",
            "Once upon a time,",
        ),
        (
            "The first thing that every traveller sees is the lighthouse where the old man lives.",
            "The first thing that every traveller sees is the lighthouse",
        ),
        (
            "We would like to thank everybody who came to see us on this rather cold and wet day.",
            "We would like to thank everybody",
        ),
    ],
)
def test_a_long_first_sentence_is_cut_at_a_phrase_so_that_the_first_frames_come_soon(
    sentence: str, opening: str
) -> None:
    assert cut_text(f"{sentence} {LONG}.")[0] == opening


def test_what_continues_a_text_is_cut_as_if_it_stood_there() -> None:
    sentence = "Once upon a time, and then it went on through the woods and over the hills."
    assert cut_text(f"{sentence} Yes. {LONG}.", continues=True) == (f"{sentence} Yes.", f"{LONG}.")


def test_a_long_first_sentence_without_phrases_is_spoken_whole() -> None:
    sentence = "Very " + "long " * 20 + "words."
    assert cut_text(sentence)[0] == sentence


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        (f"Nobody filmed me. {LONG}.", "Nobody filmed me."),
        (f"Hello! Nobody filmed me. {LONG}.", "Hello! Nobody filmed me."),
        (f"Nobody filmed me. Never! {LONG}.", "Nobody filmed me. Never!"),
        (f"{LONG}. Nobody filmed me. {LONG}.", f"{LONG}."),
    ],
)
def test_a_short_sentence_stands_alone_only_where_it_opens_the_film(
    text: str, opening: str
) -> None:
    assert cut_text(text)[0] == opening


def test_a_long_sentence_is_cut_after_a_clause_rather_than_a_comma() -> None:
    opening = f"{LONG}."
    long = ("One, two, three, four, five, six, seven, " * 4).strip(", ")
    segments = cut_text(f"{opening} {long}; {long}.")

    assert segments == (opening, f"{long};", f"{long}.")


def test_a_long_sentence_without_marks_is_cut_between_words_into_even_parts() -> None:
    segments = cut_text("word " * 100)

    assert all(set(segment.split()) == {"word"} for segment in segments)
    assert max(map(len, segments)) - min(map(len, segments)) <= 10


def test_a_word_without_end_is_cut_too_but_not_before_an_accent() -> None:
    segments = cut_text("e\N{COMBINING ACUTE ACCENT}" * 300, max_characters=101)

    assert all(segment.startswith("e") and len(segment) <= 101 for segment in segments)


def test_ornaments_stay_with_a_neighbour() -> None:
    rule = "-" * 300

    assert cut_text(f"{rule}\n{LONG}.\n{rule}\n{LONG}.\n***") == (
        f"{rule}\n{LONG}.\n{rule}",
        f"{LONG}.\n***",
    )


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n"])
def test_white_space_has_no_segments(text: str) -> None:
    assert cut_text(text) == cut_sentences(text) == ()


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", ""),
        ("Hello there", ""),
        ("Hello there.", ""),  # 3. or s2v. may go on
        ("Hello there. ", "Hello there."),
        ("Hello there. How are", "Hello there."),
        ("One! Two? Thr", "One! Two?"),
        ("Really?! ", "Really?!"),
        ("hello. world", ""),
        # abbreviations
        ("Dr. ", ""),
        ("Dr. Smith came. ", "Dr. Smith came."),
        ("Apples, e.g. ", ""),
        ("At 5 p.m. ", ""),
        ("At 5 p.m. sharp", ""),
        ("At 5 p.m. He came", "At 5 p.m."),
        ("In the U.S. ", ""),
        ("In the U.S. Army", ""),
        ("Fruit etc. ", ""),
        ("She said no. ", ""),  # or "no. 5"
        ("She said no. Then", "She said no."),
        # numbers
        ("Pi is 3.", ""),
        ("Pi is 3.14 and", ""),
        ("Pi is 3.14. It", "Pi is 3.14."),
        ("1. ", ""),
        ("1. Open the door. ", "1. Open the door."),
        ("See https://s2v.dev", ""),
        # quotes
        ('He said "Go." ', 'He said "Go."'),
        ('He said "Go."', ""),
        ("He said “Go.” Then", "He said “Go.”"),
        ('"Stop!" he cried', ""),
        ("(He left.) ", "(He left.)"),
        # trailing off, lines and paragraphs
        ("Well... ", ""),
        ("Well… ", ""),
        ("Well... rather", ""),
        ("Well... Rather", "Well..."),
        ("A hard-wrapped\n", ""),
        ("A hard-wrapped\nsentence", ""),
        ("A line\nAnother", "A line\n"),
        ("A heading\n\n", "A heading\n\n"),
        ("A sentence.\n", "A sentence."),
        # scripts without white space between sentences
        ("你好。", "你好。"),
        ("你好。今天好吗？“好", "你好。今天好吗？"),
        ("「行こう。」", "「行こう。」"),
        ("今日は", ""),
        # nothing to speak
        ("... ", ""),
        ("--\n\n", ""),
    ],
)
def test_of_a_text_that_is_being_written_sentences_are_whole_when_they_hardly_go_on(
    text: str, whole: str
) -> None:
    assert text[: complete_sentences(text)] == whole


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Hello there", ""),
        ("Hello there.", "Hello there."),
        ("At 5 p.m.", "At 5 p.m."),
        ("Fruit etc. ", "Fruit etc."),
        ("Well... ", "Well..."),
        ("Pi is 3.", "Pi is 3."),
        ('He said "Go."', 'He said "Go."'),
        ("A line\n", "A line\n"),
        ("Hello there. How are", "Hello there."),
        ("Dr.", ""),
        ("Apples, e.g.", ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_when_the_writer_pauses_a_sentence_is_whole_at_its_end(text: str, whole: str) -> None:
    assert text[: complete_sentences(text, paused=True)] == whole


@given(SCRIPTS, st.booleans())
def test_whole_sentences_are_a_beginning_that_can_be_spoken(text: str, paused: bool) -> None:
    whole = complete_sentences(text, paused=paused)

    assert 0 <= whole <= len(text)
    assert whole == 0 or is_speakable(text[:whole])
    assert complete_sentences(text) <= complete_sentences(text, paused=True)


@given(SCRIPTS.filter(is_speakable))
def test_a_text_that_is_cut_while_it_is_written_is_cut_like_the_whole(text: str) -> None:
    sentences: list[str] = []
    rest = text
    while whole := complete_sentences(rest):
        sentences += cut_sentences(rest[:whole])
        rest = rest[whole:]

    assert (*sentences, *cut_sentences(rest)) == cut_sentences(text)


@given(st.lists(st.sampled_from(["Dr. ", "Hi! ", "so ", "3.14 ", "你好。", "Well... ", "end.\n"])))
def test_nothing_is_lost_however_a_text_comes(chunks: list[str]) -> None:
    pieces: list[str] = []
    written = ""
    for chunk in chunks:
        written += chunk
        whole = complete_sentences(written)
        pieces.append(written[:whole])
        written = written[whole:]

    assert "".join([*pieces, written]) == "".join(chunks)
