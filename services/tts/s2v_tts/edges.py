"""Tidy the edges of speech: no long silences, no clicks where stretches are joined."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from s2v.core.ports import Utterance
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.loudness import audible_range

_FADE_SAMPLES = SAMPLE_RATE // 200
_DYING_DBFS = -45.0
"""Speech that dies away is not heard as a sound any more below this level."""
_SHORTEST_SAMPLES = SAMPLE_RATE // 20


def trimmed(utterance: Utterance, *, before_samples: int, after_samples: int) -> Utterance:
    """Return the utterance with at most so much silence before and after its sound.

    What a mark covers is sound, however quiet. The marks move with the sound. An utterance that
    holds no sound stays as it is.
    """
    first, end = _sounding_range(utterance)
    if first == end:
        return utterance
    first = max(first - before_samples, 0)
    end = min(end + after_samples, len(utterance.pcm))
    return replace(
        utterance,
        pcm=utterance.pcm[first:end],
        words=shifted(utterance.words, -first),
        phonemes=shifted(utterance.phonemes, -first),
    )


def ending_with_sound(utterance: Utterance) -> Utterance:
    """Return the utterance with the marks before its pauses no longer than what is heard of them.

    A voice may count the silence after a sound as part of it, half a second at times. The sound
    stays as it is, and 50 ms of a mark remain.
    """
    ends = {
        mark.end_sample: _heard_end(mark, utterance.pcm)
        for mark in _before_pauses(utterance.phonemes)
    }
    return replace(
        utterance,
        words=_ended(utterance.words, ends),
        phonemes=_ended(utterance.phonemes, ends),
    )


def faded(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return a copy that begins and ends at zero, with 5 ms ramps."""
    ramp = np.linspace(0, 1, min(_FADE_SAMPLES, len(pcm) // 2), endpoint=False)
    smooth = pcm.copy()
    smooth[: len(ramp)] = np.rint(pcm[: len(ramp)] * ramp)
    smooth[len(pcm) - len(ramp) :] = np.rint(pcm[len(pcm) - len(ramp) :] * ramp[::-1])
    return smooth


def shifted(marks: tuple[Mark, ...], samples: int) -> tuple[Mark, ...]:
    """Return the marks so much later."""
    return tuple(
        replace(
            mark, first_sample=mark.first_sample + samples, end_sample=mark.end_sample + samples
        )
        for mark in marks
    )


def _before_pauses(marks: Sequence[Mark]) -> list[Mark]:
    parted = [left for left, right in pairwise(marks) if left.end_sample < right.first_sample]
    return [*parted, *marks[-1:]]


def _heard_end(mark: Mark, pcm: npt.NDArray[np.int16]) -> int:
    _, length = audible_range(pcm[mark.first_sample : mark.end_sample], _DYING_DBFS)
    return min(mark.first_sample + max(length, _SHORTEST_SAMPLES), mark.end_sample)


def _ended(marks: tuple[Mark, ...], ends: Mapping[int, int]) -> tuple[Mark, ...]:
    return tuple(
        replace(mark, end_sample=ends.get(mark.end_sample, mark.end_sample)) for mark in marks
    )


def _sounding_range(utterance: Utterance) -> tuple[int, int]:
    ranges = [audible_range(utterance.pcm)]
    ranges += [(mark.first_sample, mark.end_sample) for mark in utterance.phonemes]
    ranges = [(first, end) for first, end in ranges if first < end]
    if not ranges:
        return 0, 0
    return min(first for first, _ in ranges), max(end for _, end in ranges)
