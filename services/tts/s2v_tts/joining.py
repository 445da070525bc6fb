"""Put what a voice said one after the other, with the pauses that are asked for between."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from s2v.core.ports import Utterance
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.edges import ending_with_sound, faded, shifted, trimmed
from s2v_tts.loudness import audible_range

LEAD_SAMPLES = SAMPLE_RATE // 20
"""Silence kept before the first sound: the mouth opens before it is heard."""
PAUSE_SAMPLES = SAMPLE_RATE * 3 // 10
"""Silence after the last sound, so that joined segments keep the rhythm of sentences."""


@dataclass(slots=True)
class Stretches:
    """Sound with its marks, growing at its end."""

    utterances: list[Utterance] = field(default_factory=list)
    pauses: dict[int, int] = field(default_factory=dict)
    """Samples of silence that were asked for, by how many utterances came before."""

    def add(self, utterance: Utterance) -> None:
        """Take in what is said next."""
        if len(utterance.pcm):
            self.utterances.append(utterance)

    def pause(self, seconds: float) -> None:
        """Take in a pause, in place of whatever silence the voice leaves there."""
        at = len(self.utterances)
        self.pauses[at] = self.pauses.get(at, 0) + round(seconds * SAMPLE_RATE)

    def joined(self) -> Utterance:
        """Return all of it: at most LEAD_SAMPLES before its first sound, PAUSE_SAMPLES at its end.

        Pauses that were asked for are exactly as long, also at both ends.
        """
        sounds: list[npt.NDArray[np.int16]] = []
        words: list[Mark] = []
        phonemes: list[Mark] = []
        samples = marked_end = 0
        for at, utterance in enumerate(self.utterances):
            stretch = self._without_silence(at, utterance)
            samples += self.pauses.get(at, 0)
            sounds.append(np.zeros(self.pauses.get(at, 0), np.int16))
            # How long a voice says that its last sound lasts belongs to the rhythm, heard or not.
            ends = (mark.end_sample for mark in stretch.phonemes)
            marked_end = samples + max(ends, default=0)
            heard = ending_with_sound(stretch)
            words += shifted(heard.words, samples)
            phonemes += shifted(heard.phonemes, samples)
            sounds.append(stretch.pcm)
            samples += len(stretch.pcm)
        pcm = np.concatenate([np.zeros(0, np.int16), *sounds])
        last = self.pauses.get(len(self.utterances), PAUSE_SAMPLES)
        return Utterance(_ending(pcm, marked_end, last), tuple(words), tuple(phonemes))

    def _without_silence(self, at: int, utterance: Utterance) -> Utterance:
        """Return an utterance without what it has of silence where a pause is asked for."""
        before = 0 if at in self.pauses else len(utterance.pcm) if at else LEAD_SAMPLES
        after = 0 if at + 1 in self.pauses else len(utterance.pcm)
        return trimmed(utterance, before_samples=before, after_samples=after)


def _ending(
    pcm: npt.NDArray[np.int16], marked_end: int, pause_samples: int
) -> npt.NDArray[np.int16]:
    """Return the sound with exactly so much silence after its last sound."""
    _, audible_end = audible_range(pcm)
    end = max(audible_end, marked_end)
    spoken = faded(pcm[: end + pause_samples])
    return np.pad(spoken, (0, end + pause_samples - len(spoken)))
