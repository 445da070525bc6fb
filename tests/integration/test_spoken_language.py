"""From a German text without a voice to German speech, over the real speech service's core."""

import pytest

from s2v.core.ports import Notice, NoticeCode
from s2v.text.languages import voices_for
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.speaking import SpeechEvent, SpokenSegment, speak_text

pytest.importorskip("py_nanotts", reason="the extra `languages` is not installed")

GERMAN = "Der Zug nach Hamburg fährt heute vom letzten Gleis ab."


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


def spoken(backend: EmbeddedBackend, text: str, voice: str) -> tuple[list[Notice], SpokenSegment]:
    events: list[SpeechEvent] = list(speak_text(backend, text, voice=voice, frame_rate=25))
    assert isinstance(events[-1], SpokenSegment)
    return [event for event in events if isinstance(event, Notice)], events[-1]


def test_the_voice_of_the_text_speaks_it_without_a_notice(backend: EmbeddedBackend) -> None:
    voice = voices_for(backend.voices, GERMAN)[0].name
    notices, segment = spoken(backend, GERMAN, voice)

    assert voice == "linde"
    assert notices == []
    assert "".join(mark.label for mark in segment.phonemes[:6]) == "dˈeːɐtsˈuːk"  # noqa: RUF001


def test_a_named_voice_of_another_language_is_told_with_the_right_one(
    backend: EmbeddedBackend,
) -> None:
    notices, _ = spoken(backend, GERMAN, "heart")

    assert [notice.code for notice in notices] == [NoticeCode.LANGUAGE_MISMATCH]
    assert notices[0].message.endswith('Choose the voice "linde".')


def test_an_english_text_is_the_default_voices(backend: EmbeddedBackend) -> None:
    assert voices_for(backend.voices, "The train leaves today.")[0].name == "heart"
