"""A text with marks is read as it is spoken, and every character of it is accounted for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import going_before
from s2v.core.ports import Voice
from s2v.text.reading import read_with_marks
from s2v.text.sayable import check_sayable

HEART = Voice("heart", "en-US", letters={"A": "eh"})
BEIJING, HELLO = "\u5317\u4eac", "\u4f60\u597d\u4e16\u754c"
PIECES = [
    *('<sub alias="Dr. No">', "</sub>", '<say-as interpret-as="ordinal">', "</say-as>"),
    *('<prosody rate="fast">', "</prosody>", "[pause 1s]", "<break/>", "5", " ", "km", "$", "SQL"),
    *(BEIJING, "&amp;", "*", "x"),
]


@pytest.mark.parametrize(
    ("text", "said", "spans"),
    [
        ('<sub alias="Dr. No">Him</sub>!', "Doctor No!", [("sub", "Doctor No")]),
        ('the <sub alias="5">V</sub> km', "the five kilometers", [("sub", "five kilometers")]),
        (
            '<say-as interpret-as="date" format="mdy">10/12/2025</say-as>, OK',
            "October twelfth, twenty twenty five, O K",
            [("say-as.date", "October twelfth, twenty twenty five"), ("acronym", "O K")],
        ),
        (
            '<say-as interpret-as="characters">NASA</say-as>',
            "N A S A",
            [("say-as.characters", "N A S A")],
        ),
        ('<sub alias="SQL">x</sub>', "sequel", [("sub", "sequel")]),
        ('<sub alias="y">x', '<sub alias="y">x', [("tag.ssml", '<sub alias="y">')]),
        ("a <break/> b", "a <break/> b", [("tag.ssml", "<break/>")]),
    ],
)
def test_what_marks_say_is_said_in_place_of_what_is_written(
    text: str, said: str, spans: list[tuple[str, str]]
) -> None:
    reading = read_with_marks(text, Voice("", "en-US", lexicon={"SQL": "sequel"}))
    assert reading.spoken == said
    told = [(s.rule, reading.spoken[s.spoken_first : s.spoken_end]) for s in reading.spans]
    assert [span for span in told if span[0] not in ("", "space")] == spans


def test_what_cannot_be_said_is_found_where_it_stands() -> None:
    text = f'<sub alias="{BEIJING}">Peking</sub> or {HELLO} now'
    first, second = read_with_marks(text, HEART).warnings
    assert text[first.source_first : first.source_end] == text[: text.index(" or")]
    assert text[second.source_first : second.source_end] == HELLO


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_every_character_is_in_one_span(text: str) -> None:
    reading = read_with_marks(text, Voice("", "en-US", lexicon={"sql": "sequel"}))
    sources = [text[span.source_first : span.source_end] for span in reading.spans]
    assert "".join(sources) == text
    spoken = [reading.spoken[span.spoken_first : span.spoken_end] for span in reading.spans]
    assert "".join(spoken) == reading.spoken


@pytest.mark.parametrize(
    ("text", "lexicon"),
    [
        (f"Hello my good old friends. [pause 1s] {BEIJING} [pause 1s] Bye.", {}),
        (HELLO, {HELLO: "hello world"}),
        (f"{HELLO}!", {BEIJING: "Beijing", HELLO: "hello world"}),
        (f'<sub alias="Beijing">{HELLO}</sub>', {}),
        ("Hello [laughs] there", {}),
        (f"Hello there, all of you. {'one two ' * 27}three.\n[laughs]", {}),
    ],
)
def test_what_a_voice_can_say_is_taken(text: str, lexicon: dict[str, str]) -> None:
    check_sayable(text, Voice("heart", "en-US", lexicon=lexicon), field="text")


@pytest.mark.parametrize(
    ("text", "lexicon", "problem"),
    [
        (f"[pause 1s] {HELLO} [pause 1s]", {}, HELLO),
        (f"[whisper] {HELLO}", {}, HELLO),
        (f'<sub alias="{HELLO}">Hello</sub>', {}, HELLO),
        ("Hello", {"hello": HELLO}, HELLO),
        ("&#20320;&#22909;", {}, "\u4f60\u597d"),
        ("[laughs]", {}, "nothing that can be pronounced"),
        (f"{'A plain sentence that goes on. ' * 9}{HELLO * 12}", {}, HELLO),
    ],
)
def test_what_a_voice_cannot_say_is_refused_by_name(
    text: str, lexicon: dict[str, str], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem) as refusal:
        check_sayable(text, Voice("heart", "en-US", lexicon=lexicon), field="text")
    assert (refusal.value.reason, refusal.value.field) == (Reason.TEXT_EMPTY, "text")


def test_one_lexicon_goes_before_another_in_whatever_letters() -> None:
    assert going_before({"sql": "sequel"}, {"SQL": "squeal", "GIF": "jif"}) == {
        "sql": "sequel",
        "GIF": "jif",
    }
    assert going_before({"SQL": "sequel"}, {"sql": "squeal"}) == {"SQL": "sequel", "sql": "squeal"}
