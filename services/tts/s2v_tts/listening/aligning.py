"""Find out when the words and phonemes of a known text sound in a recording of it.

The backend speaks the text, and knows exactly when it makes each sound; what it spoke is warped in
time until it fits the recording, and its marks go along.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput
from s2v.core.ports import Backend, Utterance, Voice
from s2v.core.script import Mark
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.text.languages import voices_for
from s2v_tts.edges import shifted
from s2v_tts.listening.pauses import outside_pauses, pauses
from s2v_tts.listening.spectra import (
    HOP_SAMPLES,
    Spectra,
    coarser,
    likeness,
    spectra,
    speech_likeness,
)
from s2v_tts.listening.warping import Corridor, Path, around, straight, touches, warp

WORST_COST = 0.825
"""The text fits up to here: right texts stay under 0.68 with voices that speak clearly and under
0.81 in recordings with noise, cut off or not, wrong ones lie above 0.84, mostly above 0.9."""

COARSE_HOPS = 8
_MOST_CHARACTERS = 40
"""Nobody says more in a second."""
_FINE_RADIUS_FRAMES = 60
_COARSE_RADIUS_FRAMES, _WIDEST_RADIUS_FRAMES = 250, 1000
_VERDICT_HOPS = 4
_SPARE = 0.25
"""Share of a text that may not be in the recording any more: it is cut off in its last words."""
_SHORTEST_SAMPLES = SAMPLE_RATE // 50
"""A sound that the warping squeezes to nothing still needs a moment of its own."""

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Alignment:
    """When a text sounds: marks in samples of the recording, in order and apart.

    `cost` is how far the recording is from the text, relative to how far it is from the same
    sounds in a wrong order: 0 if they are the same, about 1 if the text is something else.
    `language` is that of the voice that sounds most alike (BCP 47).
    """

    words: tuple[Mark, ...]
    phonemes: tuple[Mark, ...]
    cost: float
    language: str = ""

    @property
    def fits(self) -> bool:
        """Whether the text is what is said in the recording."""
        return self.cost <= WORST_COST


def could_be_said(text: str, pcm: Pcm) -> bool:
    """Tell whether a recording is long enough for a text; one that is not need not be aligned."""
    return len(text) <= _MOST_CHARACTERS * (1 + seconds(len(pcm)))


def align(pcm: Pcm, text: str, backend: Backend, voices: Sequence[Voice] = ()) -> Steps[Alignment]:
    """Align a recording (mono int16 at 48 kHz) of any length with what is said in it.

    Every one of the voices tries, of the backend's that speak the text's language where none are
    given; the marks are those of the one that sounds most alike.

    Raises:
        InvalidInput: none of the voices can pronounce the text (TEXT_EMPTY).
    """
    heard = yield from spectra(pcm)
    fits: list[_Fit] = []
    refusal: InvalidInput | None = None
    for voice in voices or voices_for(backend.voices, text):
        try:
            fit = yield from _fit(heard, text, backend, voice)
        except InvalidInput as error:
            refusal = error
        else:
            fits.append(fit)
    if refusal is not None and not fits:
        raise refusal
    fit = min(fits, key=lambda fit: fit.path.cost)
    silences = pauses(heard)
    cost = yield from _relative_cost(fit.spectra, heard)
    return Alignment(
        words=tuple(outside_pauses(_moved(fit.spoken.words, fit.path, len(pcm)), silences)),
        phonemes=tuple(outside_pauses(_moved(fit.spoken.phonemes, fit.path, len(pcm)), silences)),
        cost=cost,
        language=fit.voice.language,
    )


def one_utterance(stretches: Iterable[Utterance]) -> Steps[Utterance]:
    """Put stretches of speech one after the other."""
    sounds: list[Pcm] = []
    words: list[Mark] = []
    phonemes: list[Mark] = []
    samples = 0
    for stretch in stretches:
        words += shifted(stretch.words, samples)
        phonemes += shifted(stretch.phonemes, samples)
        sounds.append(stretch.pcm)
        samples += len(stretch.pcm)
        yield
    return Utterance(np.concatenate(sounds), tuple(words), tuple(phonemes))


def coarse_path(left: Spectra, right: Spectra, *, spare: float = 0.0) -> Steps[Path]:
    """Return the path between two recordings of up to hours, pauses left out of the search.

    The search begins near the diagonal, counted in speech, and widens until the path lies well
    within, or twelve times as far as people's speed wanders. `spare` is as for `warp`.
    """
    lasts = [len(left) - 1, len(right) - 1]
    ours, our_frames = speech_likeness(left)
    del left  # of an hour 7 MB
    theirs, their_frames = speech_likeness(right)
    del right
    if not (len(ours) and len(theirs)):
        return Path(np.array([0, lasts[0]]), np.array([0, lasts[1]]), cost=1.0)
    radius = _COARSE_RADIUS_FRAMES
    while True:
        corridor = straight(len(ours), len(theirs), radius=radius)
        path = yield from warp(ours, theirs, corridor, spare=spare)
        if radius >= _WIDEST_RADIUS_FRAMES or not touches(path, corridor):
            return Path(our_frames[path.left], their_frames[path.right], path.cost)
        radius *= 2


@dataclass(frozen=True, slots=True)
class _Fit:
    """What a voice made of the text, and how it fits what was heard."""

    voice: Voice
    spoken: Utterance
    spectra: Spectra
    path: Path


def _fit(heard: Spectra, text: str, backend: Backend, voice: Voice) -> Steps[_Fit]:
    spoken = yield from one_utterance(backend.speak(text, voice.name))
    ours = yield from spectra(spoken.pcm)
    path = yield from _fine_path(ours, heard)
    return _Fit(voice, spoken, ours, path)


def _fine_path(ours: Spectra, heard: Spectra) -> Steps[Path]:
    left, right = likeness(ours), likeness(heard)
    corridor = yield from _fine_corridor(ours, heard)
    path = yield from warp(left, right, corridor, spare=_SPARE)
    return path


def _fine_corridor(ours: Spectra, heard: Spectra) -> Steps[Corridor]:
    left, right = (coarser(sound, COARSE_HOPS) for sound in (ours, heard))
    rough = yield from coarse_path(left, right, spare=_SPARE)
    middle = COARSE_HOPS // 2
    return around(
        rough.left * COARSE_HOPS + middle,
        rough.right * COARSE_HOPS + middle,
        radius=_FINE_RADIUS_FRAMES,
        frames=(len(ours), len(heard)),
    )


def _relative_cost(ours: Spectra, heard: Spectra) -> Steps[float]:
    """Compare the cost with those of decoys: other texts made of the same sounds.

    The cost alone tells little: a clear voice fits a wrong text better than a noisy recording its
    own one.
    """
    ours, heard = coarser(ours, _VERDICT_HOPS), coarser(heard, _VERDICT_HOPS)
    decoys: list[float] = []
    for decoy in _decoys(ours):
        path = yield from _fine_path(decoy, heard)
        decoys.append(path.cost)
    path = yield from _fine_path(ours, heard)
    return path.cost / max(float(np.mean(decoys)), 1e-6)


def _decoys(sound: Spectra) -> Iterator[Spectra]:
    """Yield the sound backwards, its last third first, its last two thirds first, and so on."""
    levels = sound.levels_db
    third = len(levels) // 3
    backwards = levels[::-1]
    for order in (
        backwards,
        np.roll(levels, third, axis=0),
        np.roll(levels, 2 * third, axis=0),
        np.roll(backwards, len(levels) // 2, axis=0),
    ):
        yield replace(sound, levels_db=order)


def _moved(marks: Sequence[Mark], path: Path, samples: int) -> Iterator[Mark]:
    """Yield the marks at their times in the recording, none shorter than _SHORTEST_SAMPLES.

    Those of what is left over of the text are left out.
    """
    reached = int(path.left[-1] + 1) * HOP_SAMPLES
    marks = [mark for mark in marks if mark.first_sample < reached]
    left = np.unique(path.left)
    right = np.bincount(path.left, path.right)[left] / np.bincount(path.left)[left]
    edges = np.array([(mark.first_sample, mark.end_sample) for mark in marks]).reshape(-1, 2)
    moved = np.interp(edges / HOP_SAMPLES - 0.5, left, right) * HOP_SAMPLES + HOP_SAMPLES // 2
    before = 0
    for mark, (first, end) in zip(marks, np.rint(moved).astype(int).tolist(), strict=True):
        first = max(first, before)
        before = min(max(end, first + _SHORTEST_SAMPLES), samples)
        if first < before:
            yield Mark(mark.label, first, before)
