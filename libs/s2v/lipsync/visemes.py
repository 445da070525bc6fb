"""Turn speech sounds into one mouth a frame.

Sounds blend by dominance (Cohen and Massaro, 1993): each pulls the mouth towards its own shape,
strongest at its middle, fading before and after. What the eye forgives least comes last and is
hard: lips that must meet do meet, on the frame nearest to the middle of the sound.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from s2v.core.script import Mark
from s2v.core.timebase import seconds
from s2v.face.arrays import Floats
from s2v.lipsync.loudness import PER_SECOND, at, faded_ends, smoothed
from s2v.lipsync.phones import (
    GLIDES,
    LENGTH_MARK,
    PHONES,
    REST,
    SILENCE,
    STRESS_MARKS,
    Mouth,
    Phone,
    scaled_gap,
)

FADE_SECONDS = 0.08
"""How fast the mouth comes out of rest at a take's start, and goes back at its end."""

_RATE = 200
_AMPLITUDE = 1.25
_STRESS = 1.25
_OPEN_GAP = 0.05
_PAUSE_SECONDS = 0.12
_BEFORE_ROUND_SECONDS = 0.110
"""How early the jaw begins to go where a rounded sound wants it."""
_SUPPORT_SECONDS = 0.5
_CLOSURE_RAMP_SECONDS = 0.055
_BITE_RAMP_SECONDS = 0.060
_BITE_GAP = 0.018
_HELD_SECONDS = 0.07
_AUDIBLE = 0.06
_ASLEEP = 0.15
"""How far the mouth stays open in silence longer than the stop in a plosive."""
_GLIDE_STARTS = 0.55
_FULL_SECONDS, _LEAST_REACHED = 0.065, 0.55
"""How long a sound lasts that insists on all of its lips and tongue, and how much it does at least.
The jaw's gap does not hurry."""
_QUIET, _LOUDER = 0.82, 0.22
"""How far lips and tongue go in quiet speech, and how much further in loud one."""
_FIELDS = tuple(field.name for field in fields(Mouth))
_GAP = _FIELDS.index("gap")
_SKIRTS = np.array(
    [
        (0.060, 0.050),
        (0.120, 0.075),
        (0.080, 0.065),
        (0.050, 0.045),
        (0.045, 0.040),
        (0.060, 0.050),
        (0.060, 0.050),
        (0.040, 0.035),
        (0.060, 0.050),
    ]
)[:, :, None]
"""How long before and after a sound each part of the mouth is on its way, in the fields' order:
protruding lips go first, the tip of the tongue is the quickest."""
_INSISTENCE = np.array([0, 0, 0, 15, 30, 0, 0, 4, 0], float)[:, None]
"""How much more a sound insists on what is unlike the mouth at rest."""
_REST_ROW = np.array(astuple(REST))


@dataclass(frozen=True, slots=True)
class _TimedPhone:
    """A phone from `start` to `end` seconds."""

    phone: Phone
    start: float
    end: float


def mouths_of_phonemes(
    phonemes: Sequence[Mark], loudness: Floats, *, frames: int, frame_rate: int
) -> list[Mouth]:
    """Return the mouth of every frame of a take from its phoneme marks.

    The first and the last frame are at rest. `loudness` (see `loudness.loudness`) opens the mouth
    a little wider where the speech is loud.
    """
    sounds = list(_sounds(phonemes, frames / frame_rate))
    times = np.arange(frames * _RATE // frame_rate + 2) / _RATE
    curves = _blended(sounds, times)
    curves["gap"] *= 0.72 + 0.45 * at(loudness, times)
    curves["gap"] *= at(_awake(loudness), times)
    effort = np.minimum(_QUIET + _LOUDER * at(loudness, times), 1)
    for name in ("rounding", "widening", "upper_raise", "lower_drop"):
        curves[name] *= effort
    width = int(0.05 * _RATE) | 1
    curves = {name: smoothed(values, width) for name, values in curves.items()}
    _apply_closures(curves, sounds, times)
    middles = (np.arange(frames) + 0.5) / frame_rate
    sampled: dict[str, Floats] = {
        name: np.interp(middles, times, values) for name, values in curves.items()
    }
    _shut_nearest_frames(sampled, sounds, frame_rate=frame_rate)
    return _faded(np.stack([sampled[name] for name in _FIELDS], axis=1), frame_rate)


def _awake(loudness: Floats) -> Floats:
    """Return 1 near sound and less in silence, whatever sound the marks claim is held there."""
    reach = int(_HELD_SECONDS * PER_SECOND)
    padded = np.pad(loudness, reach, mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    awake: Floats = np.clip(near / _AUDIBLE, _ASLEEP, 1)
    return awake


def mouths_of_loudness(loudness: Floats, *, frames: int, frame_rate: int) -> list[Mouth]:
    """Return the mouth of every frame when nothing but the loudness of the speech is known."""
    middles = (np.arange(frames) + 0.5) / frame_rate
    level = at(smoothed(loudness, 5), middles)
    rows = np.tile(_REST_ROW, (frames, 1))
    rows[:, _FIELDS.index("gap")] = 0.11 * np.clip(level - 0.08, 0, 1) ** 0.8
    rows[:, _FIELDS.index("widening")] = 0.25 * np.clip(level, 0, 1)
    return _faded(rows, frame_rate)


def timed_symbols(phonemes: Sequence[Mark]) -> Iterator[tuple[str, float, float]]:
    """Yield single symbols and their start and end in seconds.

    A label of several sounds is shared out evenly; stress marks last no time. Lengths, and marks
    above and below a symbol ("ɔ̃"), lips do not show.
    """
    for mark in phonemes:
        symbols = "".join(filter(_is_shown, mark.label)) or " "
        start, end = seconds(mark.first_sample), seconds(mark.end_sample)
        lengths = np.array([symbol not in STRESS_MARKS for symbol in symbols], float)
        borders = start + np.cumsum([0.0, *lengths]) * (end - start) / max(lengths.sum(), 1)
        for symbol, left, right in zip(symbols, borders[:-1], borders[1:], strict=True):
            yield symbol, float(left), float(right)


def _is_shown(symbol: str) -> bool:
    return symbol != LENGTH_MARK and not unicodedata.combining(symbol)


def _faded(rows: Floats, frame_rate: int) -> list[Mouth]:
    weights = faded_ends(len(rows), frame_rate=frame_rate, fade_seconds=FADE_SECONDS)[:, None]
    return [Mouth(*map(float, row)) for row in _REST_ROW + weights * (rows - _REST_ROW)]


def _sounds(phonemes: Sequence[Mark], duration: float) -> Iterator[_TimedPhone]:
    """Resolve stress and length marks, turn punctuation and gaps into silence, split glides."""
    end = 0.0
    for sound in _resolved(phonemes):
        if sound.start - end > _PAUSE_SECONDS:
            yield _TimedPhone(SILENCE, end, sound.start)
        end = max(end, sound.end)
        yield sound
    if duration > end:
        yield _TimedPhone(SILENCE, end, duration)


def _resolved(phonemes: Sequence[Mark]) -> Iterator[_TimedPhone]:
    stressed_from: float | None = None
    for symbol, start, end in timed_symbols(phonemes):
        if symbol in STRESS_MARKS:
            stressed_from = start if stressed_from is None else stressed_from
            continue
        if symbol not in PHONES:
            if end - start >= _PAUSE_SECONDS or symbol.isalpha():
                yield _TimedPhone(SILENCE, start, end)
            continue
        begin = start if stressed_from is None else stressed_from
        yield from _spoken(symbol, begin, end, stressed=stressed_from is not None)
        stressed_from = None


def _spoken(symbol: str, start: float, end: float, *, stressed: bool) -> Iterator[_TimedPhone]:
    phone = PHONES[symbol]
    stress = _STRESS if stressed and phone.mouth.gap > _OPEN_GAP else 1.0
    phone = scaled_gap(phone, _AMPLITUDE * stress)
    if symbol not in GLIDES:
        yield _TimedPhone(phone, start, end)
        return
    turn = start + (end - start) * _GLIDE_STARTS
    glide = PHONES[GLIDES[symbol]]
    yield _TimedPhone(Phone(phone.mouth, phone.dominance * 1.1), start, turn)
    yield _TimedPhone(Phone(glide.mouth, glide.dominance * 0.9), turn, end)


def _blended(sounds: Sequence[_TimedPhone], times: Floats) -> dict[str, Floats]:
    total = np.full((len(_FIELDS), len(times)), 1e-6)
    sums = _REST_ROW[:, None] * total
    for sound in sounds:
        first = max(0, int((sound.start - _SUPPORT_SECONDS) * _RATE))
        last = int((sound.end + _SUPPORT_SECONDS) * _RATE) + 1
        shape = np.array(astuple(sound.phone.mouth))[:, None]
        weight = _dominance(sound, times[first:last])
        weight *= 1 + _INSISTENCE * np.abs(shape - _REST_ROW[:, None])
        total[:, first:last] += weight
        sums[:, first:last] += shape * weight
    return dict(zip(_FIELDS, sums / total, strict=True))


def _dominance(sound: _TimedPhone, times: Floats) -> Floats:
    """Return flat-topped bells, [fields, times]: exponential skirts around the middle 40 %."""
    start, end, strength = sound.start, sound.end, sound.phone.dominance
    if sound.phone is SILENCE:
        length = end - start
        inset = min(0.05, length * 0.3)
        start, end = start + inset, end - inset
        strength = 0.7 + 2.5 * min(length, 0.4)
    middle, half = (start + end) / 2, (end - start) / 2
    early = middle - 0.4 * half - times
    late = times - (middle + 0.4 * half)
    skirts = _SKIRTS.copy()
    if sound.phone.mouth.rounding > 0.4:
        skirts[_GAP, 0] = _BEFORE_ROUND_SECONDS
    before, after = np.moveaxis(skirts + 0.35 * half, 1, 0)
    strengths = np.full((len(_FIELDS), 1), strength)
    strengths[_GAP + 1 :] *= np.clip(2 * half / _FULL_SECONDS, _LEAST_REACHED, 1)
    bells: Floats = strengths * np.exp(
        -1.4 * np.maximum(np.maximum(early / before, late / after), 0)
    )
    return bells


def _apply_closures(
    curves: dict[str, Floats], sounds: Sequence[_TimedPhone], times: Floats
) -> None:
    openness = np.ones(len(times))
    bite = np.zeros(len(times))
    for sound in sounds:
        if sound.phone.closes:
            end = max(sound.end - 0.012, sound.start + 0.02)
            away = np.maximum(np.maximum(sound.start - times, times - end), 0)
            ramp = np.clip(away / _CLOSURE_RAMP_SECONDS, 0, 1) ** 0.8
            openness = np.minimum(openness, ramp)
        if sound.phone.bites:
            away = np.maximum(np.maximum(sound.start - times, times - sound.end), 0)
            bite = np.maximum(bite, np.clip(1 - away / _BITE_RAMP_SECONDS, 0, 1))
    gap = curves["gap"] * openness
    curves["gap"] = gap - np.maximum(gap - _BITE_GAP, 0) * bite
    curves["lower_drop"] = curves["lower_drop"] * openness * (1 - bite)
    curves["upper_raise"] = np.maximum(curves["upper_raise"] * openness, 0.016 * bite)
    curves["tuck"] = np.maximum(curves["tuck"], bite)
    curves["press"] = np.maximum(curves["press"], 0.8 * (1 - openness))
    curves["widening"] = curves["widening"] * (0.5 + 0.5 * openness)


def _shut_nearest_frames(
    sampled: dict[str, Floats], sounds: Sequence[_TimedPhone], *, frame_rate: int
) -> None:
    """Shut the lips on the frame nearest to each closure, which sampling may have missed."""
    last = len(sampled["gap"]) - 1
    for sound in sounds:
        if not sound.phone.closes:
            continue
        frame = min(max(int((sound.start + sound.end) / 2 * frame_rate), 0), last)
        for name in ("gap", "upper_raise", "lower_drop"):
            sampled[name][frame] = 0.0
        sampled["press"][frame] = max(sampled["press"][frame], 0.6)
