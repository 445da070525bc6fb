"""A voice backend that hums, for tests: instant, with a phoneme for every letter."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Utterance, Voice, VoiceRecording
from s2v.core.script import LipCues, Mark
from s2v.core.timebase import SAMPLE_RATE
from s2v.text.segmentation import cut_sentences, is_speakable

PHONEME_SAMPLES = SAMPLE_RATE * 8 // 100
GAP_SAMPLES = SAMPLE_RATE // 20

_PITCHES_HZ = {"alto": 220, "bass": 110}
_AMPLITUDE = 9_000
_PLAIN_LETTERS = frozenset("abdefhijklmnopstuvwz")
"""Letters that are themselves in the International Phonetic Alphabet; others become a schwa."""


class FakeBackend:
    """A `Backend` that hums a tone for each letter, with silence before every word."""

    def __init__(self) -> None:
        self.utterances = 0
        """How many were made so far."""

    @property
    def voices(self) -> Sequence[Voice]:
        """A high and a low one."""
        return [Voice(name, "en-US", f"Hums at {hz} Hz.") for name, hz in _PITCHES_HZ.items()]

    @property
    def cues(self) -> LipCues:
        """Phonemes."""
        return LipCues.PHONEMES

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Hum a text, one utterance a sentence.

        Raises:
            InvalidInput: no letter or digit in it (TEXT_EMPTY).
        """
        _require_hummable(text)
        for sentence in filter(is_speakable, cut_sentences(text)):
            self.utterances += 1
            yield _hummed(sentence, _PITCHES_HZ[voice])


class FakeCloner(FakeBackend):
    """A `FakeBackend` that can hum like a recording, too: each recording has a pitch of its own.

    Attributes:
        clones: whether it can.
        recordings: what it was given, with the bytes of the file as they were then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clones = True
        self.recordings: list[tuple[VoiceRecording, bytes]] = []

    def speak_like(self, text: str, recording: VoiceRecording) -> Iterator[Utterance]:
        """Hum a text at a pitch between those of the two voices.

        Raises:
            InvalidInput: as `speak`.
        """
        self.recordings.append((recording, recording.path.read_bytes()))
        _require_hummable(text)
        for sentence in filter(is_speakable, cut_sentences(text)):
            self.utterances += 1
            yield _hummed(sentence, 120 + int(recording.sha256[:2], 16) // 3)


def _require_hummable(text: str) -> None:
    if not is_speakable(text):
        message = "The text holds nothing to hum; write at least one word."
        raise InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")


def _hummed(sentence: str, pitch_hz: int) -> Utterance:
    words: list[Mark] = []
    phonemes: list[Mark] = []
    end = 0
    for word in filter(is_speakable, sentence.split()):
        end += GAP_SAMPLES
        first = end
        for letter in filter(str.isalnum, word.lower()):
            label = letter if letter in _PLAIN_LETTERS else "ə"
            phonemes.append(Mark(label, end, end + PHONEME_SAMPLES))
            end += PHONEME_SAMPLES
        words.append(Mark(word, first, end))
    pcm = np.zeros(end + GAP_SAMPLES, np.int16)
    tone = _tone(pitch_hz)
    for mark in phonemes:
        pcm[mark.first_sample : mark.end_sample] = tone
    return Utterance(pcm, tuple(words), tuple(phonemes))


def _tone(pitch_hz: int) -> npt.NDArray[np.int16]:
    """Return one phoneme's hum, shape [PHONEME_SAMPLES], silent at both ends."""
    times = np.arange(PHONEME_SAMPLES) / SAMPLE_RATE
    hum = np.sin(2 * np.pi * pitch_hz * times) * np.hanning(PHONEME_SAMPLES)
    return np.rint(hum * _AMPLITUDE).astype(np.int16)
