"""Blinks over ten minutes of film: as often, as long and as uneven as a person's."""

import numpy as np
import pytest

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.eyes.blinking import SLOT_SECONDS, blinks

SEEDS = (0, 1, 7, 2**63)
MINUTES = 10


def shut(seed: int, frame_rate: int = 100) -> Floats:
    times = (np.arange(MINUTES * 60 * frame_rate) + 0.5) / frame_rate
    return blinks(times, seed, np.zeros(len(times)))


def spans(lids: Floats) -> list[tuple[int, int]]:
    """Return first and end index of every time that the lids are not at rest."""
    moving = np.diff(np.r_[0, lids > 0, 0].astype(int))
    return list(zip(np.flatnonzero(moving > 0), np.flatnonzero(moving < 0), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_people_blink_twelve_to_twenty_times_a_minute_at_uneven_intervals(seed: int) -> None:
    starts = np.array([first for first, _ in spans(shut(seed))]) / 100
    assert 12 <= len(starts) / MINUTES <= 20
    intervals = np.diff(starts)
    assert 0.3 * intervals.mean() < intervals.std() < intervals.mean()
    assert intervals.min() > 0.3
    assert intervals.max() < 3 * SLOT_SECONDS


@pytest.mark.parametrize("seed", SEEDS)
def test_a_blink_takes_a_third_of_a_second_and_shuts_faster_than_it_opens(seed: int) -> None:
    lids = shut(seed)
    for first, end in spans(lids):
        assert 0.28 <= (end - first) / 100 <= 0.33
        deepest = np.flatnonzero(lids[first:end] >= 0.99 * lids[first:end].max())
        assert deepest[0] < end - first - deepest[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_some_blinks_are_half_and_some_come_twice(seed: int) -> None:
    lids = shut(seed)
    found = spans(lids)
    depths = np.array([lids[first:end].max() for first, end in found])
    assert 0.08 < (depths < 0.9).mean() < 0.40
    assert depths.min() > 0.5
    intervals = np.diff([first for first, _ in found])
    assert 0.03 < (intervals < 60).mean() < 0.25


@pytest.mark.parametrize("frame_rate", [25, 30, 50, 60])
def test_every_frame_rate_shows_a_whole_blink_shut_for_a_frame(frame_rate: int) -> None:
    lids = shut(7, frame_rate)
    fine = shut(7)
    whole = sum(fine[first:end].max() > 0.99 for first, end in spans(fine))
    assert sum(lids[first:end].max() > 0.99 for first, end in spans(lids)) == whole


def test_blinks_fall_into_pauses_rather_than_into_speech() -> None:
    times = (np.arange(MINUTES * 60 * 25) + 0.5) / 25
    speech = (np.sin(times * 2.1) > -0.3).astype(float)
    lids = blinks(times, 7, speech)
    in_pauses = np.mean([speech[first] == 0 for first, _ in spans(lids)])
    assert in_pauses > 1.5 * np.mean(speech == 0)


def test_a_blink_that_would_go_on_over_a_border_of_takes_is_in_neither_of_them() -> None:
    times = (np.arange(60 * 25) + 0.5) / 25
    noise = np.random.default_rng(0).uniform(size=len(times))
    for border in range(25, 60 * 25 - 25, 7):
        for part in (slice(border), slice(border, None)):
            lids = blinks(times[part], 3, noise[part])
            assert lids[0] == lids[-1] == 0
            assert all((end - first) / 25 > 0.2 for first, end in spans(lids))
