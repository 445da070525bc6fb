"""Have a text spoken faster or slower.

Every voice is paced afterwards, also where its network has an input for that: hibari's is coarse
(1.74 where 2 is asked for), is understood less and leads its own marks (benchmarks/results).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from s2v.core.ports import Backend, Utterance
from s2v.core.pronouncing import Pronounces, Pronunciations
from s2v.core.script import Mark
from s2v.media.chain import Chain
from s2v.media.pcm import to_float, to_int16


def delivered(
    backend: Backend, text: str, voice: str, *, speed: float, pronunciations: Pronunciations
) -> Iterator[Utterance]:
    """Yield what a voice says, so much faster, with words pronounced as told where it can.

    Raises:
        InvalidInput: as `Backend.speak`.
    """
    if pronunciations and isinstance(backend, Pronounces):
        utterances = backend.pronounce(text, voice, pronunciations)
    else:
        utterances = backend.speak(text, voice)
    for utterance in utterances:
        yield paced(utterance, speed)


def paced(utterance: Utterance, speed: float) -> Utterance:
    """Return speech so much faster (0.5 to 2), its pitch kept and its marks where they belong."""
    if speed == 1 or not len(utterance.pcm):
        return utterance
    samples = round(len(utterance.pcm) / speed)
    tempo = Chain([("atempo", f"{speed:.6f}")])
    sound = np.concatenate([tempo.filtered(to_float(utterance.pcm)), tempo.rest()])[:samples]
    return replace(
        utterance,
        pcm=to_int16(np.pad(sound, (0, samples - len(sound)))),
        words=_paced(utterance.words, speed),
        phonemes=_paced(utterance.phonemes, speed),
    )


def _paced(marks: tuple[Mark, ...], speed: float) -> tuple[Mark, ...]:
    return tuple(
        replace(
            mark,
            first_sample=round(mark.first_sample / speed),
            end_sample=round(mark.end_sample / speed),
        )
        for mark in marks
    )
