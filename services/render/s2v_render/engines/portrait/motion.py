"""How the head lives: sway, nods, breathing and blinks.

Everything but the nods depends on the film's seed and the time in the film only, so that segments
rendered apart fit together; the nods follow the speech and come to rest at both ends of a take.
"""

from dataclasses import dataclass

import numpy as np

from s2v_render.engines.portrait.arrays import Floats
from s2v_render.engines.portrait.loudness import PER_SECOND, at, faded_ends, smoothed

FADE_SECONDS = 0.5
BLINK_SLOT_SECONDS = 3.6
"""One blink falls into every slot of this length."""

_EARLIEST_BLINK, _LATEST_BLINK = 0.4, 3.0
_BLINK_TIMES = (0.0, 0.03, 0.08, 0.15, 0.20, 0.26, 0.32)
_BLINK_LIDS = (0.0, 0.35, 1.0, 1.0, 0.60, 0.20, 0.0)
_BREATH_SECONDS, _BREATH_HEIGHT = 3.8, 0.012
_WAVES = 5
_CALM, _LIVELY = 0.45, 0.75
_NOD_RADIANS = 0.030


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the head is and how the lids stand.

    Attributes:
        yaw: turn to the side, radians.
        pitch: nod, radians, down positive.
        roll: tilt, radians, clockwise positive.
        shift_x: to the right, in units of the eye distance.
        shift_y: downwards, in units of the eye distance.
        blink: 0 as in the photo, 1 shut.
        breath: how far the shoulders are lifted, in units of the eye distance.
        brow: how far the brows are raised, 0..1.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    blink: float = 0.0
    breath: float = 0.0
    brow: float = 0.0


STILL = Motion()


def motions(
    loudness: Floats, *, frames: int, first_frame: int, frame_rate: int, seed: int
) -> list[Motion]:
    """Return the motion of every frame of a take that starts at `first_frame` of the film."""
    lift = _liveliness(loudness, frames, frame_rate)
    times = (first_frame + np.arange(frames) + 0.5) / frame_rate
    random = np.random.default_rng(_entropy(seed, 0))
    energy = _CALM + _LIVELY * lift
    yaw = _wander(random, times, 0.33, 0.035) * energy
    pitch = _wander(random, times, 0.40, 0.020) * energy + _NOD_RADIANS * lift
    roll = _wander(random, times, 0.25, 0.018) * energy
    shift_x = _wander(random, times, 0.22, 0.018)
    shift_y = _wander(random, times, 0.30, 0.010)
    breath = _BREATH_HEIGHT * np.sin(2 * np.pi * times / _BREATH_SECONDS)
    brow = 0.5 * np.clip((lift - 0.55) * 1.6, 0, 1)
    columns = (yaw, pitch, roll, shift_x, shift_y, blinks(times, seed), breath, brow)
    return [Motion(*map(float, row)) for row in np.stack(columns, axis=1)]


def blinks(times: Floats, seed: int) -> Floats:
    """Return how far the lids are shut, 0..1, at times of the film in seconds."""
    slots = np.floor(times / BLINK_SLOT_SECONDS).astype(int)
    starts = {int(slot): _blink_start(int(slot), seed) for slot in np.unique(slots)}
    since = times - np.array([starts[int(slot)] for slot in slots])
    lids: Floats = np.interp(since, _BLINK_TIMES, _BLINK_LIDS)
    return lids


def _blink_start(slot: int, seed: int) -> float:
    random = np.random.default_rng(_entropy(seed, slot + 1))
    return slot * BLINK_SLOT_SECONDS + float(random.uniform(_EARLIEST_BLINK, _LATEST_BLINK))


def _entropy(seed: int, stream: int) -> tuple[int, int]:
    return (seed % 2**64, stream)


def _wander(
    random: np.random.Generator, times: Floats, frequency: float, amplitude: float
) -> Floats:
    """Return smooth noise: a few sines around a frequency in hertz."""
    total = np.zeros(len(times))
    for _ in range(_WAVES):
        pace, phase, weight = random.uniform((0.5, 0.0, 0.5), (1.8, 1.0, 1.5))
        total += weight * np.sin(2 * np.pi * (frequency * pace * times + phase))
    return amplitude * total / (_WAVES / 2)


def _liveliness(loudness: Floats, frames: int, frame_rate: int) -> Floats:
    """Return the slow loudness of each frame, coming from and going back to 0."""
    slow = smoothed(loudness, int(0.7 * PER_SECOND))
    middles = (np.arange(frames) + 0.5) / frame_rate
    return at(slow, middles) * faded_ends(frames, frame_rate, FADE_SECONDS)
