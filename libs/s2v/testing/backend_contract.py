# ruff: noqa: D102 (the names of the tests are sentences)
"""What every voice backend must do: subclass `BackendContract` and give it a `backend` fixture.

Those that can sound like recordings subclass `ClonerContract`, too.
"""

import hashlib
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend, Cloner, Utterance, VoiceRecording
from s2v.core.script import LipCues, Mark
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import wav_bytes

TEXT = "Hello everyone, my baby bought a big balloon. It is blue! Do you like it?"
FULL_SCALE = 32_767


class BackendContract:
    """The suite; a subclass adds a fixture `backend`, shared between tests or not."""

    def test_every_voice_has_a_name_of_its_own_and_a_language(self, backend: Backend) -> None:
        names = [voice.name for voice in backend.voices]

        assert names
        assert len(set(names)) == len(names)
        assert all(voice.name and voice.language for voice in backend.voices)

    def test_every_voice_speaks(self, backend: Backend) -> None:
        for voice in backend.voices:
            utterances = list(backend.speak(TEXT, voice.name))

            assert sum(len(utterance.pcm) for utterance in utterances) > 48_000
            assert max(_peak(utterance) for utterance in utterances) > FULL_SCALE // 100

    def test_sound_is_mono_int16_and_does_not_clip(self, backend: Backend) -> None:
        for voice in backend.voices:
            for utterance in backend.speak(TEXT, voice.name):
                assert utterance.pcm.dtype == np.int16
                assert utterance.pcm.ndim == 1
                assert _peak(utterance) < FULL_SCALE

    def test_voices_differ(self, backend: Backend) -> None:
        spoken = {_sound(backend, TEXT, voice.name) for voice in backend.voices}

        assert len(spoken) == len(backend.voices)

    def test_the_same_text_sounds_the_same(self, backend: Backend) -> None:
        for voice in backend.voices:
            assert _spoken(backend, voice.name) == _spoken(backend, voice.name)

    def test_marks_are_in_order_apart_and_within_the_sound(self, backend: Backend) -> None:
        for voice in backend.voices:
            for utterance in backend.speak(TEXT, voice.name):
                _check(utterance.words, utterance)
                _check(utterance.phonemes, utterance)

    def test_phonemes_are_there_if_promised(self, backend: Backend) -> None:
        (*utterances,) = backend.speak(TEXT, backend.voices[0].name)
        promised = backend.cues == LipCues.PHONEMES

        assert all(bool(utterance.phonemes) == promised for utterance in utterances)

    def test_words_if_any_are_those_of_the_text(self, backend: Backend) -> None:
        utterances = backend.speak(TEXT, backend.voices[0].name)
        labels = [mark.label for utterance in utterances for mark in utterance.words]

        assert not labels or " ".join(labels).split() == TEXT.split()

    @pytest.mark.parametrize("text", ["", "  \n", "...", "?!", "\N{SLIGHTLY SMILING FACE}"])
    def test_nothing_to_pronounce_is_refused_with_a_remedy(
        self, backend: Backend, text: str
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            list(backend.speak(text, backend.voices[0].name))

        assert refusal.value.reason == Reason.TEXT_EMPTY
        assert refusal.value.field == "spec.script.text"
        assert "write" in refusal.value.message

    def test_closing_the_iterator_stops_and_leaves_the_backend_usable(
        self, backend: Backend
    ) -> None:
        voice = backend.voices[0].name
        utterances = cast(Generator[Utterance], backend.speak(TEXT, voice))
        next(utterances)
        utterances.close()

        assert list(utterances) == []
        assert list(backend.speak("Hello again.", voice))


class ClonerContract:
    """What a backend must do that sounds like recordings; a subclass adds a fixture `cloner`."""

    def test_it_says_that_it_can(self, cloner: Cloner) -> None:
        assert isinstance(cloner, Cloner)
        assert cloner.clones

    def test_it_speaks_like_a_recording(self, cloner: Cloner, tmp_path: Path) -> None:
        utterances = list(cloner.speak_like(TEXT, _recording(tmp_path, 220)))

        assert sum(len(utterance.pcm) for utterance in utterances) > 48_000
        for utterance in utterances:
            assert utterance.pcm.dtype == np.int16
            _check(utterance.words, utterance)
            _check(utterance.phonemes, utterance)

    def test_other_recordings_make_other_voices_and_equal_ones_the_same(
        self, cloner: Cloner, tmp_path: Path
    ) -> None:
        one, other = (_recording(tmp_path, pitch_hz) for pitch_hz in (220, 330))
        spoken = [_cloned(cloner, recording) for recording in (one, other, one)]

        assert spoken[0] == spoken[2] != spoken[1]

    @pytest.mark.parametrize("text", ["", "  \n", "...", "?!"])
    def test_nothing_to_pronounce_is_refused(
        self, cloner: Cloner, tmp_path: Path, text: str
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            list(cloner.speak_like(text, _recording(tmp_path, 220)))

        assert refusal.value.reason == Reason.TEXT_EMPTY


def _recording(folder: Path, pitch_hz: int) -> VoiceRecording:
    times = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    data = wav_bytes(np.rint(9_000 * np.sin(2 * np.pi * pitch_hz * times)).astype(np.int16))
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / sha256
    path.write_bytes(data)
    return VoiceRecording(path, sha256, TEXT, "en-US")


def _cloned(cloner: Cloner, recording: VoiceRecording) -> bytes:
    return b"".join(one.pcm.tobytes() for one in cloner.speak_like(TEXT, recording))


def _peak(utterance: Utterance) -> int:
    return int(np.abs(utterance.pcm.astype(np.int32)).max(initial=0))


def _sound(backend: Backend, text: str, voice: str) -> bytes:
    return b"".join(utterance.pcm.tobytes() for utterance in backend.speak(text, voice))


def _spoken(backend: Backend, voice: str) -> tuple[bytes, list[Mark]]:
    """Return the sound and its marks, however they were cut into stretches."""
    sound = b""
    marks: list[Mark] = []
    for utterance in backend.speak(TEXT, voice):
        before = len(sound) // 2
        marks += [
            Mark(mark.label, before + mark.first_sample, before + mark.end_sample)
            for mark in (*utterance.words, *utterance.phonemes)
        ]
        sound += utterance.pcm.tobytes()
    return sound, marks


def _check(marks: tuple[Mark, ...], utterance: Utterance) -> None:
    assert all(mark.label for mark in marks)
    assert all(0 <= mark.first_sample < mark.end_sample for mark in marks)
    assert all(mark.end_sample <= len(utterance.pcm) for mark in marks)
    assert all(left.end_sample <= right.first_sample for left, right in pairwise(marks))
