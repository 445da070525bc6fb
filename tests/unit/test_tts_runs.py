"""What a voice is given to say of marked text, and what its words are called then."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Notice, NoticeCode, Utterance, Voice
from s2v.core.pronouncing import Pronunciations
from s2v.core.script import LipCues
from s2v.core.timebase import SAMPLE_RATE
from s2v.testing.fakes_tts import PHONEME_SAMPLES, FakeBackend
from s2v.text.markup import Silence, Words
from s2v.text.saying import said
from s2v_tts.joining import LEAD_SAMPLES, PAUSE_SAMPLES
from s2v_tts.listening.listener import Listener
from s2v_tts.loudness import audible_range
from s2v_tts.marking import with_marks
from s2v_tts.pacing import paced
from s2v_tts.runs import TextRun, runs_of
from s2v_tts.speaking import SpeechEvent, SpokenSegment, speak_text
from s2v_tts.wording import WordingBackend


class Following(FakeBackend):
    """Pronounces as told; remembers what."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Pronunciations]] = []

    def pronounce(
        self, text: str, voice: str, pronunciations: Pronunciations
    ) -> Iterator[Utterance]:
        self.told.append((text, pronunciations))
        yield from super().speak(text, voice)

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        yield from self.pronounce(text, voice, {})


def spoken(text: str, backend: FakeBackend | None = None, **options: float) -> list[SpeechEvent]:
    return list(
        speak_text(backend or FakeBackend(), text, voice="", frame_rate=25, **options)  # type: ignore[arg-type]
    )


def speech(events: list[SpeechEvent]) -> SpokenSegment:
    last = events[-1]
    assert isinstance(last, SpokenSegment)
    return last


@pytest.mark.parametrize(
    ("text", "say_as", "language", "words"),
    [
        ("WHO", "characters", "en-US", "W H O"),
        ("a1 b", "spell-out", "en-US", "A 1 B"),
        ("2024", "digits", "en-US", "2 0 2 4"),
        ("+1 (555) 01-23", "telephone", "en-US", "plus 1, 5 5 5, 0 1, 2 3"),
        ("none", "telephone", "en-US", "none"),
        ("1", "ordinal", "en-US", "1st"),
        ("12", "ordinal", "en-GB", "12th"),
        ("XXII", "ordinal", "en-US", "22nd"),
        ("3", "ordinal", "de-DE", "3."),
        ("3", "ordinal", "ja-JP", "3"),
        ("XIV", "cardinal", "en-US", "14"),
        ("1,234", "number", "en-US", "1234"),
        ("hello", "cardinal", "en-US", "hello"),
        ("10/12/2025", "date:mdy", "en-US", "October 12th, 2025"),
        ("10/12/2025", "date:dmy", "en-US", "December 10th, 2025"),
        ("10/12/2025", "date", "en-GB", "December 10th, 2025"),
        ("2025-10-12", "date", "en-US", "October 12th, 2025"),
        ("10/12", "date:md", "en-US", "October 12th"),
        ("10/2025", "date:my", "en-US", "October, 2025"),
        ("99/99/2025", "date:mdy", "en-US", "99/99/2025"),
        ("10/12/2025", "date:mdy", "de-DE", "10/12/2025"),
        ("some day", "date", "en-US", "some day"),
        ("as it is", "", "en-US", "as it is"),
    ],
)
def test_what_a_text_is_said_to_be_is_written_out(
    text: str, say_as: str, language: str, words: str
) -> None:
    assert said(Words(text, say_as=say_as), Voice("some", language)) == words


def test_what_is_spoken_at_one_rate_is_one_run() -> None:
    pieces = [Words("a "), Words("b", alias="x y"), Silence(1.0), Words(" c", rate=2.0)]
    first, pause, second = runs_of(pieces, Voice("some", "en-US"))
    assert isinstance(first, TextRun)
    assert (first.text, first.rate, first.labels) == ("a x y", 1.0, ("b",))
    assert pause == Silence(1.0)
    assert isinstance(second, TextRun)
    assert (second.text, second.rate) == (" c", 2.0)


def test_pronunciations_are_told_for_each_time_a_word_comes() -> None:
    read = "<phoneme ph='rɛd'>read</phoneme>"
    backend = Following()
    spoken(f"I {read} what you read. And {read}!", backend)
    assert backend.told == [("I read what you read. And read!", {"read": ("rɛd", "", "rɛd")})]


def test_words_are_called_what_is_written() -> None:
    text = (
        'The <sub alias="world health group">WHO</sub>, and <say-as interpret-as="characters">abc'
        '</say-as>. And <sub alias="doctor">Dr</sub> No.'
    )
    made = speech(spoken(text))
    assert [mark.label for mark in made.words] == ["The", "WHO,", "and", "abc.", "And", "Dr", "No."]
    first, end = made.words[1].first_sample, made.words[1].end_sample
    said_there = [mark for mark in made.phonemes if first <= mark.first_sample < end]
    assert len(said_there) == len("worldhealthgroup")


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_a_pause_is_exactly_as_long_as_it_is_marked(seconds: float) -> None:
    made = speech(spoken(f"One [pause {seconds}s] two."))
    one, two = made.words
    between = made.pcm[one.end_sample : two.first_sample]
    assert len(between) == pytest.approx(seconds * SAMPLE_RATE, abs=480)
    assert not between[480:-480].any()
    assert audible_range(made.pcm[two.first_sample : two.end_sample])[0] < 480


def test_pauses_at_the_ends_take_the_place_of_ours() -> None:
    made = speech(spoken("[pause 1s] One [pause 2s]"))
    [one] = made.words
    assert one.first_sample == pytest.approx(SAMPLE_RATE, abs=480)
    ours = len(made.pcm) - one.end_sample
    assert ours == pytest.approx(2 * SAMPLE_RATE, abs=1_920 + 480)
    plain = speech(spoken("One"))
    assert plain.words[0].first_sample <= LEAD_SAMPLES
    assert len(plain.pcm) - plain.words[0].end_sample < PAUSE_SAMPLES + 1_920 + 480


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_a_voice_that_knows_no_speed_is_made_faster_and_its_marks_with_it(speed: float) -> None:
    usual, made = speech(spoken("One two.")), speech(spoken("One two.", speed=speed))
    for before, after in zip(usual.phonemes, made.phonemes, strict=True):
        assert before.label == after.label
        late = before.first_sample - usual.phonemes[0].first_sample
        assert after.first_sample - made.phonemes[0].first_sample == pytest.approx(
            late / speed, abs=2
        )
    heard = [audible_range(made.pcm[m.first_sample : m.end_sample]) for m in made.phonemes]
    assert all(first < 0.2 * PHONEME_SAMPLES / speed for first, _ in heard)


def test_faster_speech_keeps_its_pitch() -> None:
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = (np.sin(2 * np.pi * 220 * times) * 9_000).astype(np.int16)
    for speed in (0.5, 2.0):
        made = paced(Utterance(tone), speed).pcm
        assert len(made) == len(tone) / speed
        spectrum = np.abs(np.fft.rfft(made[4_800 : 52_800 // 2]))
        loudest = np.argmax(spectrum) * SAMPLE_RATE / (52_800 // 2 - 4_800)
        assert loudest == pytest.approx(220, abs=5)


@pytest.mark.parametrize(
    ("text", "speed", "rate"),
    [
        ('<prosody rate="1.5">one</prosody>', 1.0, 1.5),
        ('<prosody rate="1.5">one</prosody>', 1.2, 1.8),
        ('<prosody rate="1.5">one</prosody>', 2.0, 2.0),
        ('<prosody rate="0.6">one</prosody>', 0.5, 0.5),
    ],
)
def test_a_rate_that_is_marked_counts_beside_the_speed(
    text: str, speed: float, rate: float
) -> None:
    usual, made = speech(spoken("one")).phonemes, speech(spoken(text, speed=speed)).phonemes
    length = usual[1].first_sample - usual[0].first_sample
    assert made[1].first_sample - made[0].first_sample == pytest.approx(length / rate, abs=2)


def test_what_is_not_understood_is_told_and_the_rest_spoken() -> None:
    events = spoken("<emphasis>One</emphasis> two.")
    assert [event.code for event in events if isinstance(event, Notice)] == [
        NoticeCode.MARKUP_IGNORED
    ]
    assert [mark.label for mark in speech(events).words] == ["One", "two."]


def test_marks_alone_hold_nothing_to_say() -> None:
    with pytest.raises(InvalidInput) as refused:
        spoken("[pause 1s]<break/>")
    assert refused.value.reason is Reason.TEXT_EMPTY


def test_no_speed_leaves_speech_untouched() -> None:
    utterance = Utterance(np.arange(9, dtype=np.int16))
    assert paced(utterance, 1.0) is utterance
    nothing = replace(utterance, pcm=np.zeros(0, np.int16))
    assert paced(nothing, 2.0) is nothing


class Humming(FakeBackend):
    """Does not tell when it makes which sound."""

    @property
    def cues(self) -> LipCues:
        return LipCues.LOUDNESS

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        for utterance in super().speak(text, voice):
            yield Utterance(utterance.pcm)


def test_marks_that_are_found_in_the_sound_are_called_what_is_written() -> None:
    text = 'The <sub alias="world health group">WHO</sub> [pause 1s] hums a song.'
    voice, listener = FakeBackend().voices[0], Listener(FakeBackend(), words=None, sounds=None)
    events = speak_text(Humming(), text, voice="", frame_rate=25)
    made = speech(list(with_marks(events, listener, text=text, voice=voice)))
    assert made.cues is LipCues.TRANSCRIPT
    assert [mark.label for mark in made.words] == ["The", "WHO", "hums", "a", "song."]


def test_what_is_marked_is_normalised_and_called_what_is_written() -> None:
    text = (
        'On <say-as interpret-as="date" format="mdy">10/12/2025</say-as> I paid $5 [pause 1s] to '
        '<sub alias="Dr. No">him</sub>, **twice**, at 3:30 PM.'
    )
    backend = Following()
    made = speech(spoken(text, WordingBackend(backend)))
    assert [said for said, _ in backend.told] == [
        "On October twelfth, twenty twenty five I paid five dollars",
        "to Doctor No, twice, at three thirty p m.",
    ]
    labels = ["On", "10/12/2025", "I", "paid", "$5", "to", "him,", "twice,", "at", "3:30 PM."]
    assert [mark.label for mark in made.words] == labels


def test_words_are_pronounced_as_told_however_they_are_normalised() -> None:
    backend = Following()
    spoken("The <phoneme ph='hu'>WHO</phoneme> met.", WordingBackend(backend, {"who": "x"}))
    assert backend.told == [("The who met.", {"who": ("hu",)})]


def test_the_language_of_a_text_is_told_of_what_is_spoken() -> None:
    german = "Der Hund läuft heute durch den großen Wald und bellt laut die anderen Tiere an."
    english = "The dog runs through the large forest today and barks at all the other animals."
    marks = f'<break time="500ms"/><prosody rate="slow">{german}</prosody>'
    for text, codes in (
        (marks, [NoticeCode.LANGUAGE_MISMATCH]),
        (f'<sub alias="{english}">{german}</sub>', []),
    ):
        notices = [event.code for event in spoken(text) if isinstance(event, Notice)]
        assert notices == codes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[laughs] [pause 1s] Bye.", ["Bye."]),
        ("Bye. [pause 1s] [laughs]", ["Bye."]),
        ("[pause 1s] \N{HEAVY BLACK HEART}", ["red heart"]),
        ("I [pause 1s] \N{HEAVY BLACK HEART} [pause 1s] you", ["I", "red heart", "you"]),
    ],
)
def test_a_stretch_between_pauses_is_spoken_if_it_says_anything(text: str, told: list[str]) -> None:
    backend = Following()
    made = speech(spoken(text, WordingBackend(backend)))
    assert [said for said, _ in backend.told] == told
    assert len(made.pcm) > SAMPLE_RATE


BEIJING = "\u5317\u4eac"
MOSCOW = "\u043c\u043e\u0441\u043a\u0432\u0430"


@pytest.mark.parametrize(
    ("text", "told", "left_out"),
    [
        (f"Hello there. [pause 1s] {BEIJING} [pause 1s] Bye.", ["Hello there.", "Bye."], BEIJING),
        (
            f"Hello my good old friends. [pause 1s] So {MOSCOW}",
            ["Hello my good old friends."],
            f"So {MOSCOW}",
        ),
        (f'{BEIJING} <prosody rate="slow">Hello there.</prosody>', ["Hello there."], BEIJING),
    ],
)
def test_a_stretch_that_the_voice_cannot_say_is_left_out_and_named(
    text: str, told: list[str], left_out: str
) -> None:
    backend = Following()
    events = spoken(text, WordingBackend(backend))
    assert [said for said, _ in backend.told] == told
    [notice] = [event for event in events if isinstance(event, Notice)]
    assert notice.code is NoticeCode.WORDS_LEFT_OUT
    assert f'"{left_out}"' in notice.message


@pytest.mark.parametrize("text", [BEIJING * 4, f"[pause 1s] Hi [pause 1s] {BEIJING * 4}"])
def test_a_segment_of_mostly_another_script_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=BEIJING) as refused:
        spoken(text, WordingBackend(Following()))
    assert refused.value.reason is Reason.TEXT_EMPTY


def test_a_lexicon_says_what_the_voice_could_not() -> None:
    backend = Following()
    events = spoken(f"{BEIJING} [pause 1s] SQL", WordingBackend(backend, {BEIJING: "Beijing"}))
    assert [said for said, _ in backend.told] == ["Beijing", "S Q L"]
    assert [mark.label for mark in speech(events).words] == [BEIJING, "SQL"]
    assert not [event for event in events if isinstance(event, Notice)]


def test_characters_are_told_as_the_voice_needs_them_like_those_of_acronyms() -> None:
    class Spelling(Following):
        @property
        def voices(self) -> list[Voice]:
            return [Voice("alto", "en-US", letters={"A": "eh"})]

    backend = Spelling()
    made = spoken('AAA <say-as interpret-as="characters">CIa</say-as>.', WordingBackend(backend))
    assert [said for said, _ in backend.told] == ["eh eh eh C I eh."]
    assert [mark.label for mark in speech(made).words] == ["AAA", "CIa."]
