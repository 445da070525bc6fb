"""How the head lives: turns, nods, breathing, glances and blinks.

A speaker's head rests in one posture, turns to the next within a second, and rests again. When it
does and where it turns to depend on the film's seed and the time in the film only, so that segments
rendered apart fit together. Speech makes the turns wider and adds nods; both come down to those of
silence at both ends of a take.
"""

from dataclasses import dataclass

import numpy as np

from s2v.face.arrays import Floats
from s2v.lipsync.loudness import PER_SECOND, at, faded_ends, smoothed
from s2v_render.engines.portrait.eyes.blinking import blinks
from s2v_render.engines.portrait.eyes.brows import brow_raises
from s2v_render.engines.portrait.eyes.gaze import gazes

FADE_SECONDS = 0.5
_BREATH_SECONDS, _BREATH_HEIGHT = 3.8, 0.012
_WAVES, _USUAL_PACE = 5, 2.8
_CALM, _LIVELY, _LIVELIEST = 0.40, 1.80, 1.05
_POSTURE_SECONDS = 1.9
"""One turn begins in every slot of this length, and ends before the next slot does."""
_LATEST_TURN = 0.75
_FASTEST_TURN_SECONDS, _SLOWEST_TURN_SECONDS = 0.95, 1.5
_TURN = np.radians((6.0, 3.0, 2.4))
"""How far the head turns in lively speech: yaw, pitch, roll."""
_FACING = 0.3
"""How often a posture faces the viewer."""
_LEAN = -0.18
"""How much of a turn to the side becomes a tilt."""
_NOD_RADIANS = 0.055
_LIVELINESS_SECONDS, _SETTLING_SECONDS = 2.4, 0.9
_WORD_SECONDS = 0.3
_POSTURES, _WAVERING, _SWAYING, _SKEWING = 2, 3, 6, 7
_LEAST_SKEW, _MOST_SKEW, _SKEW_WANDER, _SKEW_HERTZ = 0.25, 0.6, 0.3, 0.5
_SWAY_HERTZ, _SWAY_LIFT = 1.0, 5.0
_SWAY = np.radians((1.1, 1.05))
"""How far the head sways with the flow of speech, in yaw and pitch; a fifth of lively speech is
enough for all of it."""


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
        brow: how far the brows are raised, -0.25..1.
        gaze_x: how far the irises are moved to the right, in units of the eye distance.
        gaze_y: how far downwards.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    blink: float = 0.0
    breath: float = 0.0
    brow: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0


STILL = Motion()


def motions(
    loudness: Floats,
    *,
    frames: int,
    first_frame: int,
    frame_rate: int,
    seed: int,
    liveliness: float,
) -> list[Motion]:
    """Return the motion of every frame of a take that starts at `first_frame` of the film.

    A liveliness of 1 is a usual speaker's, 1.5 a lively one's; at 0 nothing but the mouth moves.
    """
    if liveliness == 0:
        return [STILL] * frames
    lift = _liveliness(loudness, frames, frame_rate=frame_rate)
    times = (first_frame + np.arange(frames) + 0.5) / frame_rate
    random = np.random.default_rng(_entropy(seed, slot=0, stream=_WAVERING))
    energy = np.minimum(_CALM + _LIVELY * lift, _LIVELIEST)
    turns = postures(times, seed) * energy[:, None]
    turns[:, :2] += _sways(times, seed) * np.minimum(_SWAY_LIFT * lift, 1)[:, None]
    yaw = turns[:, 0] + _wander(random, times, frequency=0.33, amplitude=0.008)
    pitch = turns[:, 1] + _wander(random, times, frequency=0.40, amplitude=0.006)
    pitch += _NOD_RADIANS * _stresses(loudness, frames, frame_rate=frame_rate)
    roll = (
        turns[:, 2] + _LEAN * turns[:, 0] + _wander(random, times, frequency=0.25, amplitude=0.005)
    )
    shift_x = _wander(random, times, frequency=0.22, amplitude=0.016)
    shift_y = _wander(random, times, frequency=0.30, amplitude=0.008)
    breath = _BREATH_HEIGHT * np.sin(2 * np.pi * times / _BREATH_SECONDS)
    brow = brow_raises(loudness, frames=frames, frame_rate=frame_rate)
    speech = at(
        smoothed(loudness, int(_WORD_SECONDS * PER_SECOND)), times - first_frame / frame_rate
    )
    shut = blinks(times, seed, speech)
    moves = liveliness * np.stack([yaw, pitch, roll, shift_x, shift_y], axis=1)
    gaze = gazes(times, seed, turns=moves[:, :2], speech=speech, liveliness=liveliness)
    columns = (moves, np.stack([shut, breath, np.minimum(liveliness, 1) * brow], axis=1), gaze)
    return [Motion(*map(float, row)) for row in np.concatenate(columns, axis=1)]


def postures(times: Floats, seed: int) -> Floats:
    """Return the head's yaw, pitch and roll in lively speech at times of the film, [n, 3]."""
    slots = np.floor(times / _POSTURE_SECONDS).astype(int)
    turns = np.empty((len(times), 3))
    for slot in np.unique(slots):
        now = slots == slot
        before, last, this = (_posture(int(slot) + back, seed) for back in (-2, -1, 0))
        turns[now] = before.turn
        turns[now] += last.share(times[now])[:, None] * (last.turn - before.turn)
        turns[now] += this.share(times[now])[:, None] * (this.turn - last.turn)
    return turns


def skews(times: Floats, seed: int) -> Floats:
    """Return by how much the left side of the mouth does more than the right one, -1..1.

    Each film's speaker has a stronger side, and uses it now more and now less.
    """
    random = np.random.default_rng(_entropy(seed, slot=0, stream=_SKEWING))
    own = random.uniform(_LEAST_SKEW, _MOST_SKEW) * random.choice((-1, 1))
    wander = _wander(random, times, frequency=_SKEW_HERTZ, amplitude=_SKEW_WANDER)
    skew: Floats = np.clip(own + wander, -1, 1)
    return skew


@dataclass(frozen=True, slots=True)
class _Posture:
    """Where the head turns to, and from when to when, in seconds of the film."""

    turn: Floats
    start: float
    end: float

    def share(self, times: Floats) -> Floats:
        """Return how much of the turn is done, as smoothly as muscles do it."""
        s = np.clip((times - self.start) / (self.end - self.start), 0, 1)
        done: Floats = s**3 * (10 - 15 * s + 6 * s**2)
        return done


def _posture(slot: int, seed: int) -> _Posture:
    random = np.random.default_rng(_entropy(seed, slot=slot + 2, stream=_POSTURES))
    start = (slot + random.uniform(0, _LATEST_TURN)) * _POSTURE_SECONDS
    length = random.uniform(_FASTEST_TURN_SECONDS, _SLOWEST_TURN_SECONDS)
    side = random.uniform(0.4, 1.0) * random.choice((-1, 1))
    if random.uniform() < _FACING:
        side = random.uniform(-0.15, 0.15)
    turn = _TURN * (side, *random.uniform(-1, 1, 2))
    return _Posture(turn, start, start + length)


def _entropy(seed: int, *, slot: int, stream: int) -> tuple[int, int, int]:
    return (seed % 2**64, slot, stream)


def _sways(times: Floats, seed: int) -> Floats:
    """Return how far lively speech sways the head at times of the film, yaw and pitch, [n, 2]."""
    random = np.random.default_rng(_entropy(seed, slot=0, stream=_SWAYING))
    sways = [_wander(random, times, frequency=_SWAY_HERTZ, amplitude=reach) for reach in _SWAY]
    return np.stack(sways, axis=1)


def _wander(
    random: np.random.Generator, times: Floats, *, frequency: float, amplitude: float
) -> Floats:
    """Return smooth noise, as fast for every seed: a few sines around a frequency in hertz."""
    paces, phases, weights = random.uniform((0.5, 0.0, 0.5), (1.8, 1.0, 1.5), (_WAVES, 3)).T
    waves = weights * np.sin(2 * np.pi * (frequency * np.outer(times, paces) + phases))
    speed = np.linalg.norm(weights * paces)
    noise: Floats = amplitude * waves.sum(axis=1) * (_USUAL_PACE / speed / (_WAVES / 2))
    return noise


def _liveliness(loudness: Floats, frames: int, *, frame_rate: int) -> Floats:
    """Return how lively the speech is, coming from and going back to 0.

    It changes over sentences only: a head that rested in a posture would else swing with the words.
    """
    slow = smoothed(loudness, int(_LIVELINESS_SECONDS * PER_SECOND))
    middles = (np.arange(frames) + 0.5) / frame_rate
    return at(slow, middles) * faded_ends(
        frames, frame_rate=frame_rate, fade_seconds=_SETTLING_SECONDS
    )


def _stresses(loudness: Floats, frames: int, *, frame_rate: int) -> Floats:
    """Return how much louder each moment is than what is around it; 0 at both ends."""
    beat = smoothed(loudness, int(0.5 * PER_SECOND)) - smoothed(loudness, int(1.6 * PER_SECOND))
    middles = (np.arange(frames) + 0.5) / frame_rate
    stresses: Floats = np.clip(at(beat, middles), -0.5, 0.5)
    return stresses * faded_ends(frames, frame_rate=frame_rate, fade_seconds=FADE_SECONDS)
