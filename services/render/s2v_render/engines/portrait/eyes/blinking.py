"""When the lids shut: by the film's clock and seed, and rather in a pause than in a word."""

from dataclasses import dataclass

import numpy as np

from s2v.face.arrays import Floats

SLOT_SECONDS = 3.6
"""Every slot of this length may have one blink or two in quick succession."""

_EARLIEST, _LATEST = 0.15, 2.75
"""When in a slot the first one may start, so that none reaches into the next slot."""
_CANDIDATES = 5
"""Speech chooses among so many moments of a slot; silence takes the first."""
_TIMES = (0.0, 0.025, 0.05, 0.075, 0.10, 0.145, 0.18, 0.215, 0.25, 0.28, 0.31)
_LIDS = (0.0, 0.10, 0.45, 0.88, 1.0, 1.0, 0.78, 0.45, 0.20, 0.06, 0.0)
"""Lids fall in a tenth of a second, stay shut for a frame at 25 a second, and rise slower."""
_HALF, _TWICE, _NONE = 0.14, 0.12, 0.20
"""How many slots have a blink that does not quite shut the eyes, two, or, every other one, none."""
_LEAST_HALF, _MOST_HALF = 0.55, 0.80
_SECOND_AFTER = 0.42
_STREAM = 1


@dataclass(frozen=True, slots=True)
class _Blink:
    """One blink that starts at a second of the film and shuts the lids by a depth 0..1."""

    start: float
    depth: float

    def lids(self, times: Floats) -> Floats:
        """Return how far the lids are shut at times of the film."""
        shut: Floats = self.depth * np.interp(times - self.start, _TIMES, _LIDS)
        return shut

    def lasts_over(self, time: float) -> bool:
        """Tell whether the lids are on their way at a time of the film."""
        return self.start < time < self.start + _TIMES[-1]


def blinks(times: Floats, seed: int, speech: Floats) -> Floats:
    """Return how far the lids are shut, 0..1, at rising times of the film in seconds.

    `speech` is the loudness at these times. It moves a blink only within a slot that lies wholly
    between the first and the last time. One that goes on over either of them is left out, as it is
    in the neighbouring take, so that no film begins or ends with shut eyes.
    """
    lids = np.zeros(len(times))
    slots = np.floor(times / SLOT_SECONDS).astype(int)
    for slot in np.unique(slots):
        now = slots == slot
        for blink in _blinks(int(slot), seed=seed, times=times, speech=speech):
            if not any(map(blink.lasts_over, (times[0], times[-1]))):
                lids[now] = np.maximum(lids[now], blink.lids(times[now]))
    return lids


def _blinks(slot: int, *, seed: int, times: Floats, speech: Floats) -> list[_Blink]:
    random = np.random.default_rng((seed % 2**64, slot, _STREAM))
    moments = slot * SLOT_SECONDS + random.uniform(_EARLIEST, _LATEST, _CANDIDATES)
    kind, depth = random.uniform(), float(random.uniform(_LEAST_HALF, _MOST_HALF))
    if slot % 2 and kind > 1 - _NONE:
        return []
    start = float(moments[0])
    if times[0] <= slot * SLOT_SECONDS and times[-1] >= (slot + 1) * SLOT_SECONDS:
        start = float(moments[np.interp(moments, times, speech).argmin()])
    if kind < _HALF:
        return [_Blink(start, depth)]
    if kind < _HALF + _TWICE:
        return [_Blink(start, 1.0), _Blink(start + _SECOND_AFTER, depth)]
    return [_Blink(start, 1.0)]
