"""A text in a language that its voice does not speak is told, with a remedy."""

import pytest

from s2v.core.ports import Notice, NoticeCode, Voice
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.foreign import foreign
from s2v_tts.speaking import speak_text

HEART, LINDE = Voice("heart", "en-US"), Voice("linde", "de-DE")
GERMAN = "Der Zug fährt heute vom letzten Gleis ab."


def told(text: str, voice: Voice, *voices: Voice) -> list[str]:
    return [notice.message for notice in foreign(text, voice, voices)]


def test_a_voice_of_the_language_is_named() -> None:
    (message,) = told(GERMAN, HEART, HEART, LINDE)

    assert "is German" in message
    assert '"heart" speaks en-US' in message
    assert message.endswith('Choose the voice "linde".')


def test_a_voice_that_an_extra_brings_is_told() -> None:
    (message,) = told(GERMAN, HEART, HEART)

    assert "pip install 's2v[languages]'" in message


def test_a_language_that_nobody_speaks_is_told() -> None:
    (message,) = told("De trein vertrekt vandaag van het laatste spoor.", HEART, HEART, LINDE)

    assert "is Dutch" in message
    assert "No voice here speaks it" in message


@pytest.mark.parametrize(
    ("text", "voice"),
    [(GERMAN, LINDE), ("The train leaves early.", HEART), ("Hamburg", HEART)],
)
def test_nothing_is_told_of_what_fits_or_may_fit(text: str, voice: Voice) -> None:
    assert told(text, voice, HEART, LINDE) == []


def test_it_is_told_before_the_speech() -> None:
    first, *_ = speak_text(FakeBackend(), GERMAN, voice="alto", frame_rate=25)

    assert isinstance(first, Notice)
    assert first.code is NoticeCode.LANGUAGE_MISMATCH
