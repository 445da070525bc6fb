# ruff: noqa: RUF001 - Cyrillic letters and full-width marks are meant
"""Which language a text is in, and who speaks it."""

from dataclasses import dataclass

import pytest

from s2v.core.errors import InvalidInput
from s2v.text.languages import (
    Language,
    check_language,
    language_of,
    primary,
    speakers_of,
    voices_for,
)


@dataclass(frozen=True)
class Speaking:
    language: str


AMERICAN, BRITISH, GERMAN = map(Speaking, ("en-US", "en-GB", "de-DE"))
VOICES = (AMERICAN, GERMAN, BRITISH)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The train leaves early in the morning.", Language("en", "English")),
        ("Der Zug fährt heute vom letzten Gleis ab.", Language("de", "German")),
        ("El tren sale hoy del último andén.", Language("es", "Spanish")),
        ("Le train part aujourd'hui de la dernière voie.", Language("fr", "French")),
        ("Il treno parte oggi dall'ultimo binario.", Language("it", "Italian")),
        ("Поезд отправляется сегодня с последнего пути.", Language("ru", "Russian")),
        ("今天的火车从最后一个站台出发。", Language("zh", "Chinese")),
    ],
)
def test_a_sentence_tells_its_language(text: str, language: Language) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "Hamburg",
        "OK!",
        "\N{GRINNING FACE}",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        "Dr. Schmidt and Herr Müller met Madame Dubois in Buenos Aires.",
    ],
)
def test_too_little_or_too_mixed_a_text_tells_none(text: str) -> None:
    assert language_of(text) is None


def test_control_characters_and_halves_of_characters_do_no_harm() -> None:
    text = "The train \x00\x07leaves early \ud800in the morning."

    assert language_of(text) == Language("en", "English")


def test_a_quotation_does_not_make_a_language() -> None:
    text = "He opened the door, looked at all of us for a while, and said: Guten Tag, meine Damen."

    assert language_of(text) == Language("en", "English")


def test_a_tag_without_its_region_is_the_language() -> None:
    assert [primary(tag) for tag in ("de", "de-AT", "DE-at")] == ["de", "de", "de"]


def test_those_of_the_region_speak_first() -> None:
    assert speakers_of(VOICES, "en") == [AMERICAN, BRITISH]
    assert speakers_of(VOICES, "en-GB") == [BRITISH, AMERICAN]
    assert speakers_of(VOICES, "nl") == []


def test_a_text_is_spoken_by_those_of_its_language_or_the_first_ones() -> None:
    assert voices_for(VOICES, "Der Zug fährt heute vom letzten Gleis ab.") == [GERMAN]
    assert voices_for(VOICES, "El tren sale hoy del último andén.") == [AMERICAN, BRITISH]
    assert voices_for(VOICES, "Hamburg") == [AMERICAN, BRITISH]


@pytest.mark.parametrize("language", ["en", "en-US", "zh-Hant-TW", "gsw", "hi-IN"])
def test_tags_of_languages_are_taken(language: str) -> None:
    check_language(language, field="spec.language")


@pytest.mark.parametrize("language", ["", "english", "e", "en_US", "en-", "-en", "en US", "de-\n"])
def test_what_is_no_tag_of_a_language_is_refused(language: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_language(language, field="spec.language")
    assert caught.value.field == "spec.language"
