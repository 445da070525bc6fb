# ruff: noqa: RUF001 - phonetic letters and full-width marks are meant
"""The embedded backend's times, readings and refusals, against the real network."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Notice, Utterance
from s2v.core.script import Mark
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.speaking import SpokenSegment, speak_text

HOP_SAMPLES = 240
SIBILANTS = frozenset({"s", "z", "ʃ", "ʒ", "tʃ", "dʒ"})
SIBILANT_SENTENCES = (
    "She sells sea shells by the sea shore on a sunny Sunday.",
    "This sixth sense is such a sweet surprise.",
    "Six thick thistle sticks stood beside the house.",
    "Yes, the bus stops just across the street.",
    "Susan says she saw a ship in the mist.",
    "His sister sits and sews socks for us.",
    "We wish to use the measures that experts suggest.",
    "Silence is also a choice, she said.",
)


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


def sibilance(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Return the level above 4.5 kHz in steps of 5 ms, centred on each step."""
    window = 4 * HOP_SAMPLES
    padded = np.pad(pcm.astype(np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::HOP_SAMPLES]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    first_bin = round(4_500 * window / 48_000)
    level: npt.NDArray[np.float64] = np.log10(spectrum[:, first_bin:].sum(axis=1) + 1e4)
    return level


def lag_seconds(utterance: Utterance) -> float:
    """Return how much later than their marks the sibilants sound."""
    level = sibilance(utterance.pcm)
    times = np.arange(len(level)) * HOP_SAMPLES
    expected = np.zeros(len(level))
    for mark in utterance.phonemes:
        if mark.label in SIBILANTS:
            expected[(times >= mark.first_sample) & (times < mark.end_sample)] = 1
    lags = range(-24, 25)
    scores = [np.corrcoef(np.roll(expected, lag), level)[0, 1] for lag in lags]
    return lags[int(np.argmax(scores))] * HOP_SAMPLES / 48_000


@pytest.mark.parametrize("voice", ["heart", "oak"])
def test_marks_lie_on_the_sound_within_15_ms(backend: EmbeddedBackend, voice: str) -> None:
    lags = [
        lag_seconds(utterance)
        for sentence in SIBILANT_SENTENCES
        for utterance in backend.speak(sentence, voice)
    ]

    assert abs(np.median(lags)) <= 0.015, lags


def words(backend: EmbeddedBackend, text: str) -> list[str]:
    return [mark.label for utterance in backend.speak(text, "heart") for mark in utterance.words]


def phonemes(backend: EmbeddedBackend, text: str) -> str:
    return "".join(
        mark.label.strip("ˈˌ")
        for utterance in backend.speak(text, "heart")
        for mark in utterance.phonemes
    )


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("I have 42 apples.", "I have forty two apples."),
        ("It costs $3.50 today.", "It costs three dollars and fifty cents today."),
        ("Run 5 km now.", "Run five kilometers now."),
        ("Dr. Smith is here.", "Doctor Smith is here."),
    ],
)
def test_numbers_money_units_and_titles_are_spoken_as_words(
    backend: EmbeddedBackend, written: str, spoken: str
) -> None:
    assert phonemes(backend, written) == phonemes(backend, spoken)
    assert words(backend, written) == written.split()


def test_word_marks_span_the_phonemes_of_their_word(backend: EmbeddedBackend) -> None:
    (utterance,) = backend.speak("It costs $3.50 — or so, they say.", "heart")
    spoken = {mark.label: mark for mark in utterance.words}

    assert list(spoken) == ["It", "costs", "$3.50 —", "or", "so,", "they", "say."]
    assert within(utterance.phonemes, spoken["$3.50 —"]).startswith("θɹˈidˈɑləɹz")
    assert within(utterance.phonemes, spoken["they"]) == "ðeɪ"


def within(marks: Sequence[Mark], span: Mark) -> str:
    inside = (
        mark.label
        for mark in marks
        if span.first_sample <= mark.first_sample and mark.end_sample <= span.end_sample
    )
    return "".join(inside)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 60,
        "circled \N{DOUBLE CIRCLED DIGIT FIVE} and #_\N{DOUBLE CIRCLED DIGIT FIVE}x",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
        "naïve café Łódź Привет \N{GREEK SMALL LETTER ALPHA}",
        "so\N{SOFT HYPHEN}ft \N{ZERO WIDTH SPACE}hyphen \N{ZERO WIDTH NO-BREAK SPACE}here",
        "Hi \N{SLIGHTLY SMILING FACE}\N{VARIATION SELECTOR-16} there",
        "%" * 200 + " a",
        "a" * 900,
        "https://www.example.com/a/b/c?d=e&f=" + "g" * 60,
        "one " * 400,
    ],
)
def test_odd_texts_are_spoken_with_sane_marks(backend: EmbeddedBackend, text: str) -> None:
    utterances = list(backend.speak(text, "heart"))

    assert sum(len(utterance.pcm) for utterance in utterances) > 9_600
    assert all(len(utterance.pcm) < 48_000 * 45 for utterance in utterances)
    assert all(utterance.phonemes for utterance in utterances)


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=40))
def test_no_text_breaks_it(backend: EmbeddedBackend, text: str) -> None:
    reason = None
    utterances: list[Utterance] = []
    try:
        utterances = list(backend.speak(text, "heart"))
    except InvalidInput as refusal:
        reason = refusal.reason

    assert utterances or reason == Reason.TEXT_EMPTY


@pytest.mark.parametrize("text", ["你好，世界。", "Hello there. こんにちは、皆さん。 Goodbye."])
def test_a_sentence_in_another_script_is_refused_not_skipped(
    backend: EmbeddedBackend, text: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        list(backend.speak(text, "heart"))

    assert refusal.value.reason == Reason.TEXT_EMPTY
    assert refusal.value.field == "spec.script.text"
    assert "Latin letters" in refusal.value.message


def test_words_in_another_script_inside_of_a_sentence_are_left_out_and_told(
    backend: EmbeddedBackend,
) -> None:
    text = "People in Beijing say 你好 when they meet. Nothing is missing here."
    events = list(speak_text(backend, text, voice="heart", frame_rate=25))
    (notice,) = [event for event in events if isinstance(event, Notice)]

    assert notice.code == "WORDS_LEFT_OUT"
    assert '"你好"' in notice.message
    (*_, speech) = events
    assert isinstance(speech, SpokenSegment)
    assert speech.phonemes


def test_no_mark_covers_the_silence_after_a_sentence(backend: EmbeddedBackend) -> None:
    text = "Nobody filmed me. What fun that was! Sit down on the mat."
    (*_, speech) = speak_text(backend, text, voice="heart", frame_rate=25)
    assert isinstance(speech, SpokenSegment)
    for mark in speech.phonemes:
        end = speech.pcm[mark.end_sample - 2_400 : mark.end_sample].astype(np.float64)
        assert mark.end_sample - mark.first_sample <= 2_400 or np.abs(end).max() > 100, mark


def test_segments_are_loud_enough_unclipped_and_join_without_a_click(
    backend: EmbeddedBackend,
) -> None:
    for voice in ("heart", "oak"):
        *_, speech = speak_text(
            backend, "All our old oil is over there. WOW! Is it?", voice=voice, frame_rate=25
        )
        assert isinstance(speech, SpokenSegment)
        loudest = np.abs(speech.pcm.astype(np.int32)).max()

        assert 8_000 < loudest < 32_000
        assert not speech.pcm[0]
        assert not speech.pcm[-1]
        assert 2.5 < len(speech.pcm) / 48_000 < 6


def test_many_threads_speak_at_once_and_each_as_if_alone(backend: EmbeddedBackend) -> None:
    fresh = EmbeddedBackend()
    texts = [f"Sentence number {number}." for number in range(8)]

    def spoken(speaker: EmbeddedBackend, text: str) -> bytes:
        return b"".join(utterance.pcm.tobytes() for utterance in speaker.speak(text, "heart"))

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda text: spoken(fresh, text), texts))

    assert together == [spoken(backend, text) for text in texts]


def test_it_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the embedded backend must not open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert list(EmbeddedBackend().speak("Xylotomographic words, too.", "heart"))
