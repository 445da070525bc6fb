"""A voice says what is meant; captions show what was written."""

from collections.abc import Iterator

import pytest

from s2v.core.errors import InvalidInput
from s2v.core.ports import Utterance, Voice
from s2v.core.script import Mark
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.wording import WordingBackend


class Told(FakeBackend):
    """Keeps what it is told to say."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        self.told.append(text)
        yield from super().speak(text, voice)


def spoken(text: str, **lexicon: str) -> tuple[str, list[Mark], list[Utterance]]:
    backend = Told()
    utterances = list(WordingBackend(backend, lexicon).speak(text, backend.voices[0].name))
    return backend.told[0], [mark for said in utterances for mark in said.words], utterances


@pytest.mark.parametrize(
    ("written", "told", "captions"),
    [
        (
            "At 3:30 PM or 15:05 I paid $5.",
            "At three thirty p m or fifteen oh five I paid five dollars.",
            ["At", "3:30 PM", "or", "15:05", "I", "paid", "$5."],
        ),
        ("**Bold** [page](https://a.com) text", "Bold page text", ["Bold", "page", "text"]),
        ("# Title", "Title", ["Title"]),
        ("<speak>Hi <break/> you</speak> [whisper] now", "Hi you now", ["Hi", "you", "now"]),
        ("one \N{EM DASH} two !", "one \N{EM DASH} two!", ["one \N{EM DASH}", "two !"]),
        ("AT&T e-mail", "A T and T e-mail", ["AT&T", "e-mail"]),
        ("$x = 1$, so", "x equals one, so", ["$x = 1$,", "so"]),
    ],
)
def test_marks_are_of_the_words_that_were_written(
    written: str, told: str, captions: list[str]
) -> None:
    said, marks, _ = spoken(written)
    assert said == told
    assert [mark.label for mark in marks] == captions


def test_marks_stay_in_order_and_cover_what_is_said_for_a_word() -> None:
    _, marks, utterances = spoken("It is 3:30 PM now.")
    assert [m.label for m in marks] == ["It", "is", "3:30 PM", "now."]
    edges = [edge for mark in marks for edge in (mark.first_sample, mark.end_sample)]
    assert edges == sorted(edges)
    assert edges[-1] <= len(utterances[0].pcm)


def test_every_word_is_in_one_caption_over_several_sentences() -> None:
    text = "It is $5. Then 10% of it! And, e.g., 3 km more..."
    _, marks, utterances = spoken(text)
    assert len(utterances) > 1
    assert " ".join(mark.label for mark in marks) == text


def test_words_of_other_scripts_are_left_out_and_told_as_written() -> None:
    said, marks, [utterance] = spoken("Hello \u5317\u4eac, my good old friends")
    assert said == "Hello, my good old friends"
    assert utterance.left_out == ("\u5317\u4eac",)
    assert marks[0].label == "Hello \u5317\u4eac,"


@pytest.mark.parametrize(
    "text", ["\u5317\u4eac\u4f60\u597d", "So \u043c\u043e\u0441\u043a\u0432\u0430"]
)
def test_a_text_of_mostly_another_script_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match=text.split()[-1]) as refusal:
        spoken(text)
    assert refusal.value.field == "spec.script.text"


@pytest.mark.parametrize("text", ["[whisper]", "<break/>"])
def test_a_text_of_nothing_but_tags_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="nothing that can be pronounced"):
        spoken(text)


def test_a_lexicon_is_heard_and_not_seen() -> None:
    said, marks, _ = spoken("We use SQL.", sql="sequel")
    assert said == "We use sequel."
    assert marks[-1].label == "SQL."


def test_a_voice_is_told_its_own_words_and_letters() -> None:
    class Local(Told):
        @property
        def voices(self) -> list[Voice]:
            name = super().voices[0].name
            return [Voice(name, "en-US", lexicon={"JSON": "jay sun"}, letters={"a": "eh"})]

    backend = Local()
    list(WordingBackend(backend).speak("a JSON of $a + b$", backend.voices[0].name))
    assert backend.told == ["a jay sun of eh plus b"]
