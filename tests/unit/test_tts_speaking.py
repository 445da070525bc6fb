from collections.abc import Generator, Iterator, Sequence
from typing import cast

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Notice, NoticeCode, Utterance, Voice, Working
from s2v.core.script import LipCues, Mark
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE, samples_per_frame
from s2v.testing.fakes_tts import GAP_SAMPLES, PHONEME_SAMPLES, FakeBackend
from s2v_tts.backends import REGISTRY
from s2v_tts.joining import LEAD_SAMPLES, PAUSE_SAMPLES
from s2v_tts.listening.listener import Listener
from s2v_tts.speaking import (
    SpeechEvent,
    SpokenSegment,
    find_voice,
    speak_audio,
    speak_text,
)

TEXT = "Good morning to all of you. It is late!"


class Recording:
    """A backend that plays what it is given."""

    def __init__(self, *utterances: Utterance) -> None:
        self._utterances = utterances

    @property
    def voices(self) -> Sequence[Voice]:
        return [Voice("tape", "en-US")]

    @property
    def cues(self) -> LipCues:
        return LipCues.LOUDNESS

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        yield from self._utterances


def tone(seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.full(round(seconds * SAMPLE_RATE), 5_000, np.int16)


def silence(seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def deaf() -> Listener:
    return Listener(FakeBackend(), words=None, sounds=None)


def speech_of(events: list[SpeechEvent]) -> SpokenSegment:
    speech = events[-1]
    assert isinstance(speech, SpokenSegment)
    return speech


@pytest.mark.parametrize("frame_rate", FRAME_RATES)
def test_speech_lasts_whole_frames(frame_rate: int) -> None:
    speech = speech_of(list(speak_text(FakeBackend(), TEXT, voice="alto", frame_rate=frame_rate)))
    given = speech_of(list(speak_audio(tone(1.2345), deaf(), transcript="", frame_rate=frame_rate)))

    assert len(speech.pcm) % samples_per_frame(frame_rate) == 0
    assert len(given.pcm) % samples_per_frame(frame_rate) == 0


def test_whoever_waits_can_leave_after_each_stretch_and_the_speech_comes_last() -> None:
    events = list(speak_text(FakeBackend(), TEXT, voice="alto", frame_rate=25))
    speech = speech_of(events)

    assert events[:-1] == [Working(), Working()]
    assert speech.cues == LipCues.PHONEMES
    assert " ".join(mark.label for mark in speech.words) == TEXT


def test_every_mark_lies_on_its_sound() -> None:
    speech = speech_of(list(speak_text(FakeBackend(), TEXT, voice="bass", frame_rate=25)))

    for mark in speech.phonemes:
        assert mark.end_sample - mark.first_sample == PHONEME_SAMPLES
        middle = (mark.first_sample + mark.end_sample) // 2
        assert np.abs(speech.pcm[middle - 1_000 : middle + 1_000]).max() > 5_000
    for left, right in zip(speech.words, speech.words[1:], strict=False):
        pause = speech.pcm[left.end_sample : right.first_sample]
        assert len(pause) >= GAP_SAMPLES
        assert not pause.any()


def test_long_silences_at_the_edges_are_trimmed_and_a_pause_is_left_at_the_end() -> None:
    pcm = np.concatenate([silence(0.9), tone(0.5), silence(2.0)])
    mark = Mark("a", round(0.9 * SAMPLE_RATE), round(1.4 * SAMPLE_RATE))
    backend = Recording(Utterance(pcm, (mark,), (mark,)))

    speech = speech_of(list(speak_text(backend, "a", voice="", frame_rate=25)))
    (loud,) = np.nonzero(speech.pcm)

    assert speech.words[0].first_sample == LEAD_SAMPLES
    assert loud[0] == LEAD_SAMPLES
    assert loud[-1] + 1 == speech.words[0].end_sample
    assert 0 <= len(speech.pcm) - speech.words[0].end_sample - PAUSE_SAMPLES < 1_920


def test_a_pause_is_added_where_the_backend_leaves_none() -> None:
    speech = speech_of(
        list(speak_text(Recording(Utterance(tone(0.5))), "a", voice="", frame_rate=25))
    )

    assert not speech.pcm[-PAUSE_SAMPLES:].any()


def test_joined_segments_do_not_click() -> None:
    backend = Recording(Utterance(tone(0.5)), Utterance(tone(0.5)))
    speech = speech_of(list(speak_text(backend, "a", voice="", frame_rate=25)))
    twice = np.concatenate([speech.pcm, speech.pcm]).astype(np.int32)

    assert np.abs(np.diff(twice)).max() < 50


def test_what_a_mark_covers_is_kept_however_quiet() -> None:
    pcm = np.concatenate([silence(0.5), tone(0.5), silence(0.5)])
    marks = (Mark("h", 4_800, 24_000), Mark("a", 24_000, 48_000), Mark("h", 48_000, 60_000))
    speech = speech_of(
        list(speak_text(Recording(Utterance(pcm, (), marks)), "a", voice="", frame_rate=25))
    )

    assert speech.phonemes[0].first_sample == LEAD_SAMPLES
    assert speech.phonemes[-1].end_sample + PAUSE_SAMPLES <= len(speech.pcm)


def test_a_mark_before_a_pause_ends_with_what_is_heard_of_it() -> None:
    pcm = np.concatenate([tone(0.3), silence(0.7), tone(0.3), silence(0.3)])
    first, second = Mark("a", 0, 38_400), Mark("o", 48_000, 76_800)
    backend = Recording(Utterance(pcm, (first, second), (first, second)))

    speech = speech_of(list(speak_text(backend, "a o", voice="", frame_rate=25)))

    assert [mark.end_sample for mark in speech.phonemes] == [14_400, 62_400]
    assert speech.words == speech.phonemes
    assert len(speech.pcm) == 76_800 + PAUSE_SAMPLES + 1_920 - (76_800 + PAUSE_SAMPLES) % 1_920


def test_a_mark_that_is_not_heard_keeps_a_little_of_its_time() -> None:
    marks = (Mark("a", 0, 24_000), Mark("t", 24_000, 43_200))
    pcm = np.concatenate([tone(0.5), silence(0.5)])
    speech = speech_of(
        list(speak_text(Recording(Utterance(pcm, (), marks)), "at", voice="", frame_rate=25))
    )

    assert speech.phonemes == (marks[0], Mark("t", 24_000, 26_400))


def test_words_that_are_left_out_are_told_once() -> None:
    backend = Recording(
        Utterance(tone(0.5), left_out=("\N{GREEK SMALL LETTER ALPHA}", "b")),
        Utterance(tone(0.5), left_out=tuple("cdefg")),
    )
    events = list(speak_text(backend, "a", voice="", frame_rate=25))
    (notice,) = [event for event in events if isinstance(event, Notice)]

    assert notice.code == "WORDS_LEFT_OUT"
    assert '"\N{GREEK SMALL LETTER ALPHA}", "b", "c", "d", "e" and 2 more' in notice.message
    assert "Latin letters" in notice.message


def test_stretches_of_a_backend_follow_each_other_without_a_gap() -> None:
    stretches = [tone(0.2), tone(0.3), tone(0.4)]
    backend = Recording(*(Utterance(pcm, (Mark("a", 0, 100),)) for pcm in stretches))
    speech = speech_of(list(speak_text(backend, "a", voice="", frame_rate=25)))

    assert [mark.first_sample for mark in speech.words] == [0, 9_600, 24_000]
    assert (speech.pcm[9_000:40_000] == 5_000).all()


def test_closing_the_events_stops_the_backend() -> None:
    backend = FakeBackend()
    events = cast(
        Generator[SpeechEvent],
        speak_text(backend, "One one one. " * 50, voice="alto", frame_rate=25),
    )
    next(events)
    events.close()

    assert backend.utterances == 1


def test_an_unknown_voice_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        list(speak_text(FakeBackend(), TEXT, voice="soprano", frame_rate=25))

    assert refusal.value.reason == Reason.VOICE_UNKNOWN
    assert refusal.value.field == "spec.voice"
    assert "soprano" in refusal.value.message
    assert "alto, bass" in refusal.value.message


def test_no_voice_is_the_first_voice() -> None:
    assert find_voice(FakeBackend(), "").name == "alto"


def test_given_sound_stays_as_it_is_and_is_padded() -> None:
    pcm = np.arange(10_800, dtype=np.int16)
    events = list(speak_audio(pcm, deaf(), transcript="", frame_rate=25))
    speech = speech_of(events)

    assert (speech.pcm[:10_800] == pcm).all()
    assert not speech.pcm[10_800:].any()
    assert (speech.words, speech.phonemes, speech.cues) == ((), (), LipCues.LOUDNESS)
    assert [event.code for event in events if isinstance(event, Notice)] == [
        NoticeCode.LOUDNESS_ONLY
    ]


def test_the_embedded_backend_is_registered() -> None:
    assert "embedded" in REGISTRY.names
