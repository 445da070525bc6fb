from collections.abc import Iterator, Sequence

import numpy as np

from s2v.core.ports import Notice, NoticeCode, Utterance, Voice, Working
from s2v.core.script import LipCues
from s2v.core.steps import Steps
from s2v.media.pcm import Pcm
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.listening.listener import Heard, Listener
from s2v_tts.marking import with_marks
from s2v_tts.speaking import SpeechEvent, SpokenSegment, speak_text

TEXT = "Good morning to all of you. It is late!"


class Unmarked(FakeBackend):
    """Hums without telling when."""

    @property
    def voices(self) -> Sequence[Voice]:
        return [Voice("alto", "en-GB"), Voice("bass", "zh")]

    @property
    def cues(self) -> LipCues:
        return LipCues.LOUDNESS

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        for utterance in super().speak(text, voice):
            yield Utterance(utterance.pcm)


class Deaf(Listener):
    """Notes what it shall hear, and hears nothing."""

    def __init__(self) -> None:
        super().__init__(FakeBackend(), words=None, sounds=None)
        self.transcripts: list[str] = []

    def listen(self, pcm: Pcm, transcript: str) -> Steps[Heard]:
        self.transcripts.append(transcript)
        yield
        return Heard(LipCues.LOUDNESS)


def marked(listener: Listener, voice: Voice) -> list[SpeechEvent]:
    events = speak_text(Unmarked(), TEXT, voice=voice.name, frame_rate=25)
    return list(with_marks(events, listener, text=TEXT, voice=voice))


def test_a_voice_without_marks_gets_those_of_its_text_where_they_sound() -> None:
    [*_, plain] = speak_text(FakeBackend(), TEXT, voice="alto", frame_rate=25)
    [*before, speech] = marked(
        Listener(FakeBackend(), words=None, sounds=None), Voice("alto", "en-GB")
    )

    assert isinstance(speech, SpokenSegment)
    assert isinstance(plain, SpokenSegment)
    assert speech.cues is LipCues.TRANSCRIPT
    assert [mark.label for mark in speech.words] == TEXT.split()
    distances = [
        abs(ours.first_sample - theirs.first_sample)
        for ours, theirs in zip(speech.phonemes, plain.phonemes, strict=True)
    ]
    assert np.median(distances) < 48_000 * 0.05
    assert {type(event) for event in before} == {Working}


def test_lips_that_only_loudness_moves_are_told_of_once() -> None:
    listener = Deaf()
    events = marked(listener, Voice("alto", "en-US"))

    assert [event.code for event in events if isinstance(event, Notice)] == [
        NoticeCode.LOUDNESS_ONLY
    ]
    assert isinstance(events[-1], SpokenSegment)
    assert events[-1].cues is LipCues.LOUDNESS
    assert listener.transcripts == [TEXT]


def test_a_text_in_another_language_is_not_aligned_as_if_it_were_english() -> None:
    listener = Deaf()
    marked(listener, Voice("bass", "zh"))

    assert listener.transcripts == [""]


def test_marks_that_a_voice_tells_stay_as_they_are() -> None:
    events = list(speak_text(FakeBackend(), TEXT, voice="alto", frame_rate=25))
    listener = Deaf()

    assert list(with_marks(iter(events), listener, text=TEXT, voice=Voice("alto", "en-US"))) == (
        events
    )
    assert listener.transcripts == []
