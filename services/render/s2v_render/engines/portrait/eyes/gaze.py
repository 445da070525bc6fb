"""Where the eyes look: at the viewer while the head turns, about their face, and now and then away.

As with the head, when and where depends on the film's seed and the time in the film only, but for
a glance away, which waits for a pause of the speech.
"""

import numpy as np

from s2v.face.arrays import Floats

_IRIS_DEPTH = 0.115
"""How far the iris lies before the middle of the eyeball, in eye distances (10 of 88 mm)."""
_HELD = 0.9
"""How much of a turn of the head the eyes take back."""
_LOOK_SECONDS = 0.8
"""In every slot of this length the eyes jump to another place on the viewer's face once."""
_LOOK = np.radians((1.6, 0.9))
"""How far beside the middle that is: to the side, and up or down."""
_GLANCE_SLOT_SECONDS = 3.0
_GLANCES = 0.6
"""In how many slots the eyes also look away."""
_SHORTEST_GLANCE, _LONGEST_GLANCE = 0.4, 0.9
_NEAREST, _FARTHEST = np.radians((5.0, 9.0))
_GLANCE_UP, _GLANCE_DOWN = np.radians((-2.0, 3.5))
_CANDIDATES = 6
_SACCADE_SECONDS = 0.05
_LOOKS, _AWAY = 4, 5
"""Streams of random numbers."""


def gazes(times: Floats, seed: int, *, turns: Floats, speech: Floats, liveliness: float) -> Floats:
    """Return how far the irises are moved in the eyes, to the right and down, in eye distances.

    `times` are rising seconds of the film, `turns` the head's yaw and pitch in radians, [n, 2];
    `speech` is the loudness at these times; `liveliness` 0..1.5 stretches what the eyes do by
    themselves. Returns [n, 2].
    """
    eyes = liveliness * (_looks(times, seed) + _glances(times, seed, speech))
    eyes += _HELD * turns * (1, -1)
    moved: Floats = _IRIS_DEPTH * np.sin(eyes)
    return moved


def _looks(times: Floats, seed: int) -> Floats:
    """Return where on the viewer's face the eyes look, radians to the right and down, [n, 2]."""
    slots = np.floor(times / _LOOK_SECONDS).astype(int)
    looks = np.empty((len(times), 2))
    for slot in np.unique(slots):
        now = slots == slot
        (_, before), (jump, after) = (_look(int(slot) + back, seed) for back in (-1, 0))
        looks[now] = before + _jumped(times[now] - jump)[:, None] * (after - before)
    return looks


def _look(slot: int, seed: int) -> tuple[float, Floats]:
    random = np.random.default_rng((seed % 2**64, slot + 1, _LOOKS))
    jump = (slot + random.uniform(0, 0.9)) * _LOOK_SECONDS
    return jump, _LOOK * random.uniform(-1, 1, 2)


def _glances(times: Floats, seed: int, speech: Floats) -> Floats:
    """Return how far the eyes look away from the viewer, radians to the right and down, [n, 2]."""
    slots = np.floor(times / _GLANCE_SLOT_SECONDS).astype(int)
    away = np.zeros((len(times), 2))
    for slot in np.unique(slots):
        random = np.random.default_rng((seed % 2**64, int(slot), _AWAY))
        if random.uniform() > _GLANCES:
            continue
        lasts = random.uniform(_SHORTEST_GLANCE, _LONGEST_GLANCE)
        first = slot * _GLANCE_SLOT_SECONDS
        latest = first + _GLANCE_SLOT_SECONDS - lasts - _SACCADE_SECONDS
        starts = random.uniform(first, latest, _CANDIDATES)
        to = random.choice((-1, 1)) * random.uniform(_NEAREST, _FARTHEST)
        whole = times[0] <= first and times[-1] >= first + _GLANCE_SLOT_SECONDS
        start = starts[np.interp(starts, times, speech).argmin()] if whole else starts[0]
        now = slots == slot
        share = _jumped(times[now] - start) - _jumped(times[now] - start - lasts)
        away[now] = share[:, None] * (to, random.uniform(_GLANCE_UP, _GLANCE_DOWN))
    return away


def _jumped(seconds: Floats) -> Floats:
    """Return how much of a saccade is done so long after its start."""
    done: Floats = np.clip(seconds / _SACCADE_SECONDS, 0, 1)
    return done
