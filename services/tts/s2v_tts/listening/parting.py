"""Part a transcript among the segments of the sound in which it is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend
from s2v.core.script import Segment
from s2v.core.steps import Steps
from s2v.core.timebase import seconds
from s2v.text.languages import voices_for
from s2v.text.segmentation import cut_sentences
from s2v_tts.listening.aligning import COARSE_HOPS, coarse_path, could_be_said, one_utterance
from s2v_tts.listening.spectra import HOP_SAMPLES, Floats, Spectra, spectra

_FRAME_SAMPLES = HOP_SAMPLES * COARSE_HOPS


@dataclass(frozen=True, slots=True)
class _Word:
    """A word and the frame of its middle, counted from the start of what our voice says."""

    label: str
    frame: float


def part_transcript(
    transcript: str,
    pcm: npt.NDArray[np.int16],
    segments: Sequence[Segment],
    backend: Backend,
    voice: str = "",
) -> Steps[tuple[Segment, ...]]:
    """Give each segment of a sound (mono int16 at 48 kHz) the words that are said in it.

    Our voice, the first that speaks its language where none is named, speaks the transcript, and
    where its words lie in the sound is found to about a tenth of a second; no word is lost, whether
    it can be pronounced or not, and whether the transcript fits or not: that is found out when a
    segment is aligned. An hour takes about a minute of processor time and far less memory than the
    sound.

    Raises:
        InvalidInput: nobody says so much in so little time (TEXT_TOO_LONG).
    """
    _require_time(transcript, pcm)
    words: list[_Word] = []
    levels: list[Floats] = []
    frames = 0
    voice = voice or voices_for(backend.voices, transcript)[0].name
    for sentence in cut_sentences(transcript):
        said, sounds = yield from _spoken(sentence, backend, voice)
        words += [replace(word, frame=frames + word.frame) for word in said]
        levels.append(sounds.levels_db)
        frames += len(sounds)
    path = yield from coarse_path(_joined(levels), (yield from spectra(pcm, hops=COARSE_HOPS)))
    middles = [word.frame for word in words]
    times = np.interp(middles, path.left + 0.5, path.right + 0.5) * _FRAME_SAMPLES
    return _parted([word.label for word in words], times, segments)


def _require_time(transcript: str, pcm: npt.NDArray[np.int16]) -> None:
    if not could_be_said(transcript, pcm):
        raise InvalidInput(
            Reason.TEXT_TOO_LONG,
            f"The transcript has {len(transcript)} characters, more than anybody says in the "
            f"{seconds(len(pcm)):.1f} seconds that the sound lasts; give only what is said in it.",
            field="spec.script.transcript",
        )


def _spoken(sentence: str, backend: Backend, voice: str) -> Steps[tuple[list[_Word], Spectra]]:
    """Speak a sentence; one that cannot be pronounced is one word without any sound."""
    try:
        utterance = yield from one_utterance(backend.speak(sentence, voice))
    except InvalidInput:
        silence = yield from spectra(np.zeros(0, np.int16), hops=COARSE_HOPS)
        return [_Word(sentence, 0.0)], silence
    words = [
        _Word(mark.label, (mark.first_sample + mark.end_sample) / 2 / _FRAME_SAMPLES)
        for mark in utterance.words
    ]
    sounds = yield from spectra(utterance.pcm, hops=COARSE_HOPS)
    return words, sounds


def _joined(levels: list[Floats]) -> Spectra:
    """Put levels one after the other, and let go of them."""
    joined = Spectra(np.concatenate(levels), _FRAME_SAMPLES)
    levels.clear()
    return joined


def _parted(
    labels: Sequence[str], times: npt.NDArray[np.float64], segments: Sequence[Segment]
) -> tuple[Segment, ...]:
    ends = [segment.end_sample for segment in segments[:-1]]
    owners = np.searchsorted(ends, times, side="right").tolist()
    said: list[list[str]] = [[] for _ in segments]
    for label, owner in zip(labels, owners, strict=True):
        said[owner].append(label)
    return tuple(
        replace(segment, text=" ".join(words))
        for segment, words in zip(segments, said, strict=True)
    )
