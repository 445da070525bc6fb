# ruff: noqa: D102 (the names of the tests are sentences)
"""What every voice backend must do: subclass `BackendContract` and give it a `backend` fixture."""

from collections.abc import Generator
from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend, Utterance
from s2v.core.script import LipCues, Mark

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


def _peak(utterance: Utterance) -> int:
    return int(np.abs(utterance.pcm.astype(np.int32)).max())


def _sound(backend: Backend, text: str, voice: str) -> bytes:
    return b"".join(utterance.pcm.tobytes() for utterance in backend.speak(text, voice))


def _spoken(backend: Backend, voice: str) -> list[tuple[bytes, tuple[Mark, ...], tuple[Mark, ...]]]:
    return [(u.pcm.tobytes(), u.words, u.phonemes) for u in backend.speak(TEXT, voice)]


def _check(marks: tuple[Mark, ...], utterance: Utterance) -> None:
    assert all(mark.label for mark in marks)
    assert all(0 <= mark.first_sample < mark.end_sample for mark in marks)
    assert all(mark.end_sample <= len(utterance.pcm) for mark in marks)
    assert all(left.end_sample <= right.first_sample for left, right in pairwise(marks))
