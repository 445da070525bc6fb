"""Marks found in given sound lie where the voice that spoke it made its sounds."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from s2v.api.tts.v1 import speech_service_pb2
from s2v.core.artifact import WAV
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import NoticeCode, Utterance
from s2v.core.script import LipCues, Mark
from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE
from s2v.lipsync.loudness import loudness
from s2v.lipsync.visemes import mouths_of_phonemes
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.rpc.convert import artifact_to_proto, notice_from_proto, speech_from_proto
from s2v.testing.fakes_store import InMemoryStore
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.aligning import Pcm, align, one_utterance
from s2v_tts.listening.listener import Listener
from s2v_tts.listening.recognising import installed_sound_recogniser, installed_word_recogniser
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer

FRAME_RATE = 50
TEXT = (
    "My brother bought a big purple balloon for the baby. When the storm broke, we ran back to "
    "the house and shut all of the windows."
)
OTHER = (
    "The committee will publish its report before the end of June. Could you tell me where the "
    "nearest chemist is? I have a terrible headache."
)

needs_asr = pytest.mark.skipif(
    installed_word_recogniser() is None, reason="the extra asr is not installed"
)
needs_multilingual = pytest.mark.skipif(
    installed_sound_recogniser() is None, reason="the extra multilingual is not installed"
)


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


@pytest.fixture(scope="module")
def listener(backend: EmbeddedBackend) -> Listener:
    return Listener.installed(backend)


@cache
def recorded(backend: EmbeddedBackend, text: str, voice: str) -> Utterance:
    """Return what another speaker might say: faster here, slower there, with pauses and noise."""
    spoken = result(one_utterance(backend.speak(text, voice)))
    random = np.random.default_rng(5)
    knots = np.linspace(0, len(spoken.pcm), 12)
    paces = np.concatenate([[0.0], np.diff(knots) * random.uniform(0.8, 1.3, 11)])
    times = SAMPLE_RATE / 2 + np.cumsum(paces)
    moments = np.arange(int(times[-1]) + SAMPLE_RATE)
    sources = np.interp(moments, times, knots, left=0, right=len(spoken.pcm) - 1)
    pcm = np.interp(sources, np.arange(len(spoken.pcm)), spoken.pcm)
    pcm += random.normal(0, 10, len(pcm))

    def moved(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        edges = [(m.first_sample, m.end_sample) for m in marks]
        there = np.interp(edges, knots, times).astype(int).tolist()
        return tuple(Mark(m.label, *edge) for m, edge in zip(marks, there, strict=True))

    heard = pcm.astype(np.int16)
    heard.flags.writeable = False
    return Utterance(heard, moved(spoken.words), moved(spoken.phonemes))


def opening(phonemes: tuple[Mark, ...], pcm: Pcm) -> list[float]:
    frames = len(pcm) * FRAME_RATE // SAMPLE_RATE
    mouths = mouths_of_phonemes(phonemes, loudness(pcm), frames=frames, frame_rate=FRAME_RATE)
    return [mouth.gap for mouth in mouths]


def correlation(found: tuple[Mark, ...], truth: Utterance) -> float:
    pair = opening(found, truth.pcm), opening(truth.phonemes, truth.pcm)
    return float(np.corrcoef(*pair)[0, 1])


@pytest.mark.parametrize("voice", ["heart", "oak"])
def test_a_known_text_is_found_to_the_frame(backend: EmbeddedBackend, voice: str) -> None:
    truth = recorded(backend, TEXT, voice)

    found = result(align(truth.pcm, TEXT, backend))

    errors = [
        abs(ours.first_sample - theirs.first_sample) / SAMPLE_RATE
        for ours, theirs in zip(found.phonemes, truth.phonemes, strict=True)
    ]
    assert found.fits
    assert np.median(errors) <= 0.010
    assert np.percentile(errors, 95) <= 0.040
    assert correlation(found.phonemes, truth) >= 0.88


@pytest.mark.parametrize("share", [0.8, 0.83, 0.86, 0.89, 0.92, 0.95, 0.98])
def test_a_recording_may_be_cut_off_in_its_last_words(
    backend: EmbeddedBackend, share: float
) -> None:
    truth = recorded(backend, TEXT, "oak")
    spoken_end = truth.phonemes[-1].end_sample
    pcm = truth.pcm[: round(share * spoken_end)]

    found = result(align(pcm, TEXT, backend))

    assert found.cost <= 0.42  # up to 0.52 where every word had to be found
    heard = [mark for mark in truth.phonemes if mark.end_sample <= len(pcm) - SAMPLE_RATE // 5]
    errors = [
        abs(ours.first_sample - theirs.first_sample) / SAMPLE_RATE
        for ours, theirs in zip(found.phonemes, heard, strict=False)
    ]
    assert len(errors) == len(heard)
    assert np.percentile(errors, 95) <= 0.040
    assert len(found.phonemes) <= len(heard) + 12


@pytest.mark.parametrize("voice", ["heart", "oak"])
def test_another_text_is_not_taken_for_what_is_said(backend: EmbeddedBackend, voice: str) -> None:
    pcm = recorded(backend, TEXT, voice).pcm

    assert not result(align(pcm, OTHER, backend)).fits
    assert not result(align(pcm, "Good evening.", backend)).fits


def test_a_wrong_transcript_is_told_and_the_next_way_taken(backend: EmbeddedBackend) -> None:
    alone = Listener(backend, words=None, sounds=None)

    heard = result(alone.listen(recorded(backend, TEXT, "oak").pcm, OTHER))

    assert heard.cues is LipCues.LOUDNESS
    assert [notice.code for notice in heard.notices] == [
        NoticeCode.TRANSCRIPT_MISMATCH,
        NoticeCode.LOUDNESS_ONLY,
    ]
    assert "Correct the transcript, or have it recognised" in heard.notices[1].message


def speech_servicer(
    backend: EmbeddedBackend, listener: Listener, store: InMemoryStore, folder: Path
) -> SpeechServicer:
    return SpeechServicer(
        Backends({"embedded": backend}),
        listener,
        store,
        given=GivenSounds(Reader(), folder),
        speaking=Places(1, 0),
        cutting=Places(1, 0),
    )


@needs_asr
@pytest.mark.parametrize("voice", ["heart", "oak"])
def test_english_words_are_recognised_and_found(
    backend: EmbeddedBackend, listener: Listener, voice: str
) -> None:
    truth = recorded(backend, TEXT, voice)

    heard = result(listener.listen(truth.pcm, ""))

    assert heard.cues is LipCues.WORDS
    assert heard.words
    assert not heard.notices
    assert correlation(heard.phonemes, truth) >= 0.85


@needs_multilingual
def test_sounds_are_recognised_without_words(backend: EmbeddedBackend) -> None:
    truth = recorded(backend, TEXT, "heart")
    listener = Listener(backend, words=None, sounds=installed_sound_recogniser())

    heard = result(listener.listen(truth.pcm, ""))

    assert heard.cues is LipCues.SOUNDS
    assert correlation(heard.phonemes, truth) >= 0.5


@needs_asr
@needs_multilingual
def test_what_is_no_english_is_not_taken_for_words(listener: Listener) -> None:
    random = np.random.default_rng(2)
    syllables = np.repeat(random.uniform(0, 1, 40), SAMPLE_RATE // 8)
    babble = random.normal(0, 4_000, len(syllables)) * syllables

    heard = result(listener.listen(babble.astype(np.int16), ""))

    assert heard.cues in (LipCues.SOUNDS, LipCues.LOUDNESS)


async def test_the_service_refuses_a_transcript_longer_than_an_hour_of_speech(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    store = InMemoryStore()
    sound = store.put([wav_bytes(recorded(backend, TEXT, "oak").pcm)], WAV)
    deaf = Listener(backend, words=None, sounds=None)
    servicer = speech_servicer(backend, deaf, store, tmp_path)
    request = speech_service_pb2.CutScriptRequest(
        audio=artifact_to_proto(sound), frame_rate=25, transcript="a" * 100_001
    )

    with pytest.raises(InvalidInput) as refusal:
        await servicer.CutScript(request, None)  # type: ignore[arg-type]

    assert refusal.value.reason is Reason.TEXT_TOO_LONG
    assert refusal.value.field == "spec.script.transcript"


@pytest.mark.parametrize("given", [TEXT, OTHER])
async def test_the_service_parts_a_transcript_and_tells_which_way_it_went(
    backend: EmbeddedBackend, given: str, tmp_path: Path
) -> None:
    store = InMemoryStore()
    truth = recorded(backend, TEXT, "oak")
    sound = store.put([wav_bytes(truth.pcm)], WAV)
    deaf = Listener(backend, words=None, sounds=None)
    servicer = speech_servicer(backend, deaf, store, tmp_path)
    request = speech_service_pb2.CutScriptRequest(
        audio=artifact_to_proto(sound), frame_rate=25, transcript=given
    )

    cut = await servicer.CutScript(request, None)  # type: ignore[arg-type]

    assert " ".join(segment.text for segment in cut.segments) == given
    for segment in cut.segments:
        speak = speech_service_pb2.SpeakRequest(
            segment=segment, frame_rate=25, decoded_audio=cut.decoded_audio
        )
        answers = [answer async for answer in servicer.Speak(speak, None)]  # type: ignore[arg-type]
        notices = [answer.notice for answer in answers if answer.HasField("notice")]
        codes = [notice_from_proto(notice).code for notice in notices]
        speech = speech_from_proto(answers[-1].speech)
        if given == TEXT:
            assert (speech.cues, codes) == (LipCues.TRANSCRIPT, [])
            assert " ".join(word.label for word in speech.words) == segment.text
        else:
            assert speech.cues is LipCues.LOUDNESS
            assert codes == [NoticeCode.TRANSCRIPT_MISMATCH, NoticeCode.LOUDNESS_ONLY]
