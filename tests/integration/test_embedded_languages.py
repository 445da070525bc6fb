# ruff: noqa: RUF001 - phonetic letters and typographic quotes are meant
"""The voices of the extra `languages`: what they say, when, and what they never do."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Utterance
from s2v.core.steps import result
from s2v.lipsync.phones import PHONES
from s2v.lipsync.visemes import timed_symbols
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.listening.aligning import align

pytest.importorskip("py_nanotts", reason="the extra `languages` is not installed")

from s2v_tts.backends.embedded.pico import engine
from s2v_tts.backends.embedded.pico.languages import LANGUAGES, PicoLanguage
from s2v_tts.backends.embedded.pico.reading import owners, readable

SAID = {
    "willow": ("The judge measured butter.", "ð ə dʒ ˈʌ dʒ m ˈɛ ʒ ə d b ˈʌ t ə"),
    "linde": ("Schöne Bücher kosten Geld.", "ʃ ˈøː n ə b ˈyː ç ɐ k ˈɔ s t n̩ g ˈɛ l t"),
    "encina": ("Los niños juegan ahí.", "l o s n ˈi ɲ o s x w ˈe ɣ a n a ˈi"),
    "lavande": ("Un bon vin blanc.", "œ̃ b ˈɔ̃ v ˈɛ̃ b l ˈɑ̃"),
    "ginestra": ("Gli gnocchi sono buoni.", "ʎ ˈi ɲ ˈo kː i s ˈo n o b w ˈɔː n i"),
}
SIBILANTS = frozenset(["s", "z", "ʃ", "ʒ", "sː", "ʃː"])
HISSING = {
    "willow": "She sells sea shells by the sea shore on a sunny Sunday.",
    "linde": "Sieben süße Schwestern essen schöne Suppe.",
    "encina": "Susana y sus socios se sientan siempre a solas.",
    "lavande": "Ces six saucissons secs sont sûrement chers.",
    "ginestra": "Sono sessantasei sassi, e sua sorella lascia la sciarpa.",
}
EVERY = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.voice.name)


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


def one(backend: EmbeddedBackend, text: str, voice: str) -> Utterance:
    (utterance,) = [u for u in backend.speak(text, voice) if len(u.pcm)]
    return utterance


@pytest.mark.parametrize("voice", SAID)
def test_the_phonemes_are_those_of_the_language(backend: EmbeddedBackend, voice: str) -> None:
    text, phonemes = SAID[voice]
    utterance = one(backend, text, voice)

    assert " ".join(mark.label for mark in utterance.phonemes) == phonemes
    assert [mark.label for mark in utterance.words] == text.split()


@EVERY
def test_every_sound_of_a_language_has_a_mouth(language: PicoLanguage) -> None:
    symbols = "".join(sorted(set(language.sounds.values())))
    bare = [symbol for symbol in symbols if symbol not in "ː̩̃"]

    assert [symbol for symbol in bare if symbol not in PHONES] == []


@pytest.mark.parametrize("voice", HISSING)
def test_marks_lie_on_the_sound(backend: EmbeddedBackend, voice: str) -> None:
    utterance = one(backend, HISSING[voice], voice)
    hop, window = 240, 960
    padded = np.pad(utterance.pcm.astype(np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    level = np.log10(spectrum[:, 4_500 * window // 48_000 :].sum(axis=1) + 1e4)
    times = np.arange(len(level)) * hop
    expected = np.zeros(len(level))
    for mark in utterance.phonemes:
        if mark.label in SIBILANTS:
            expected[(times >= mark.first_sample) & (times < mark.end_sample)] = 1
    lags = range(-24, 25)
    scores = [np.corrcoef(np.roll(expected, lag), level)[0, 1] for lag in lags]

    assert abs(lags[int(np.argmax(scores))] * hop / 48_000) <= 0.015
    assert max(scores) > 0.6


def test_lips_are_shut_through_the_closure_of_a_stop(backend: EmbeddedBackend) -> None:
    utterance = one(backend, "Papa kauft eine Pumpe.", "linde")
    stops = [mark for mark in utterance.phonemes if mark.label == "p"]

    assert len(stops) == 4
    assert all(0.06 < (mark.end_sample - mark.first_sample) / 48_000 < 0.25 for mark in stops)


def test_nasal_vowels_and_syllabic_consonants_are_single_sounds(backend: EmbeddedBackend) -> None:
    utterance = one(backend, "Un bon vin blanc.", "lavande")

    assert [symbol for symbol, _, _ in timed_symbols(utterance.phonemes)] == list("œbˈɔvˈɛblˈɑ")


def test_numbers_are_read_in_the_language(backend: EmbeddedBackend) -> None:
    utterance = one(backend, "Es kostet 27 Euro.", "linde")
    number = utterance.words[2]
    inside = [
        mark.label.strip("ˈ")
        for mark in utterance.phonemes
        if number.first_sample <= mark.first_sample < number.end_sample
    ]

    assert number.label == "27"
    assert "".join(inside) == "ziːbn̩ʊntsvantsɪç"


def test_words_of_other_scripts_are_left_out_and_told(backend: EmbeddedBackend) -> None:
    utterance = one(backend, "Das ist ein Привет an alle.", "linde")

    assert utterance.left_out == ("Привет",)
    assert [mark.label for mark in utterance.words] == ["Das", "ist", "ein Привет", "an", "alle."]


def test_a_sentence_in_another_script_is_refused(backend: EmbeddedBackend) -> None:
    with pytest.raises(InvalidInput, match=r'"linde" \(de-DE\) cannot pronounce') as refusal:
        list(backend.speak("Привет, как дела?", "linde"))

    assert refusal.value.reason is Reason.TEXT_EMPTY


def test_a_text_gives_no_commands(backend: EmbeddedBackend, tmp_path: Path) -> None:
    target = tmp_path / "written.wav"
    commands = (
        f'<genfile file="{target}">Hallo</genfile>',
        f'&lt;genfile file="{target}"&gt;Hallo&lt;/genfile&gt;',
        f'＜genfile file="{target}"＞Hallo',
    )
    for text in commands:
        assert list(backend.speak(text, "linde"))

    assert not target.exists()


@EVERY
@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(categories=("L", "N", "P", "S", "Z")), min_size=1, max_size=120))
def test_every_sample_is_accounted_for_whatever_is_said(language: PicoLanguage, text: str) -> None:
    plain = readable(text)
    if not any(map(str.isalnum, plain)):
        return
    take = result(engine.speak(plain, language.analysis, language.signal))
    known = {*language.sounds, *language.closures, language.pause}

    assert 64 * sum(frames for _, frames in take.phones) == len(take.pcm)
    assert {number for number, _ in take.phones} <= known
    assert len(take.words) == len(take.written)


@pytest.mark.parametrize("character", ["a", "é", "1", "Ω", "a/", "ÿ-"])
def test_a_word_without_an_end_is_cut(backend: EmbeddedBackend, character: str) -> None:
    assert all(len(word.encode()) <= 120 for word in readable(character * 400).split())


def test_no_file_stays_open(backend: EmbeddedBackend) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    list(backend.speak("Guten Tag.", "linde"))
    before = open_files()
    for _ in range(5):
        list(backend.speak("Guten Tag.", "linde"))
    assert open_files() == before


def test_leaving_off_in_a_sentence_ends_its_engine(backend: EmbeddedBackend) -> None:
    long = "eins zwei drei vier fünf sechs sieben acht neun zehn " * 7
    utterances = backend.speak(long, "linde")
    assert isinstance(utterances, Iterator)
    assert len(next(utterances).pcm) == 0  # it tells that it goes on
    utterances.close()

    assert list(backend.speak("Guten Tag.", "linde"))


@pytest.mark.parametrize(
    ("written", "read", "expected"),
    [
        (("J'ai", "vu", "les", "amis."), ("j", "ai", "vu", "les", "amis"), [0, 0, 1, 2, 3]),
        (("—", "Ja!", "…"), ("ja",), [1]),
        (("A/B", "C"), ("a", "/", "b", "c"), [0, 0, 0, 1]),
        (("x",), (), []),
    ],
)
def test_what_is_read_belongs_to_what_is_written(
    written: tuple[str, ...], read: tuple[str, ...], expected: list[int]
) -> None:
    assert owners(written, read) == expected


def test_a_recording_in_another_language_is_aligned_by_its_voice(backend: EmbeddedBackend) -> None:
    text = "Die Sonne geht im Osten auf und im Westen unter, und der Fluss fließt ins Meer."
    truth = one(backend, text, "linde")

    found = result(align(truth.pcm, text, backend))

    assert found.fits
    assert [mark.label for mark in found.phonemes] == [mark.label for mark in truth.phonemes]
