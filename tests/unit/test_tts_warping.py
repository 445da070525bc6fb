"""Time warping finds the way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2v.core.steps import result
from s2v_tts.listening.spectra import Likeness
from s2v_tts.listening.warping import Corridor, around, straight, touches, warp


def likeness(frames: np.ndarray[tuple[int, ...], np.dtype[np.intp]], quiet: int = -1) -> Likeness:
    """Return frames with a direction of their own for each number; `quiet` is a pause."""
    rows = np.random.default_rng(7).normal(size=(frames.max() + 2, 24))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Likeness(rows[frames].astype(np.float32), frames == quiet)


def everywhere(left: Likeness, right: Likeness) -> Corridor:
    return straight(len(left), len(right), radius=len(right))


def test_equal_recordings_meet_on_the_diagonal_at_no_cost() -> None:
    side = likeness(np.arange(40))

    path = result(warp(side, side, everywhere(side, side)))

    assert (path.left == path.right).all()
    assert path.cost == pytest.approx(0, abs=1e-6)


def test_a_known_warp_is_recovered() -> None:
    frames = np.repeat(np.arange(60), np.random.default_rng(3).integers(1, 4, 60))
    left, right = likeness(np.arange(60)), likeness(frames)

    path = result(warp(left, right, everywhere(left, right)))

    assert (frames[path.right] == path.left).all()


def test_the_end_of_the_left_one_may_be_left_over() -> None:
    left, right = likeness(np.arange(60)), likeness(np.arange(48))

    path = result(warp(left, right, everywhere(left, right), spare=0.25))

    assert (path.left == path.right).all()
    assert path.cost == pytest.approx(0, abs=1e-6)


def test_no_more_is_left_over_than_may_be() -> None:
    left, right = likeness(np.arange(60)), likeness(np.arange(30))

    path = result(warp(left, right, everywhere(left, right), spare=0.25))

    assert path.left[-1] == 59 - int(0.25 * 59)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30), st.integers(0, 9))
def test_a_path_never_goes_back_or_jumps_and_stays_in_its_corridor(
    seed: int, left_frames: int, right_frames: int, radius: int
) -> None:
    random = np.random.default_rng(seed)
    left = likeness(random.integers(0, 9, left_frames), quiet=0)
    right = likeness(random.integers(0, 9, right_frames), quiet=0)
    corridor = straight(left_frames, right_frames, radius=right_frames // left_frames + 1 + radius)

    path = result(warp(left, right, corridor))

    steps = np.stack([np.diff(path.left), np.diff(path.right)], axis=1).tolist()
    assert all(step in ([1, 1], [1, 0], [0, 1]) for step in steps)
    assert (path.left[0], path.right[0]) == (0, 0)
    assert (path.left[-1], path.right[-1]) == (left_frames - 1, right_frames - 1)
    assert (corridor.first[path.left] <= path.right).all()
    assert (path.right < corridor.end[path.left]).all()


def test_a_pause_that_only_one_of_them_makes_is_passed_over() -> None:
    spoken = np.arange(1, 31)
    frames = np.concatenate([spoken[:12], np.zeros(50, np.intp), spoken[12:]])
    left, right = likeness(spoken), likeness(frames, quiet=0)

    path = result(warp(left, right, everywhere(left, right)))

    sounding = frames[path.right] > 0
    assert (spoken[path.left[sounding]] == frames[path.right[sounding]]).all()
    assert path.cost == pytest.approx(0, abs=1e-6)


def test_a_corridor_that_is_too_narrow_is_noticed() -> None:
    frames = np.concatenate([np.repeat(np.arange(20), 9), np.arange(20, 200)])
    left, right = likeness(np.arange(200)), likeness(frames)
    narrow, wide = straight(200, len(frames), radius=20), everywhere(left, right)

    assert touches(result(warp(left, right, narrow)), narrow)
    assert not touches(result(warp(left, right, wide)), wide)


def test_the_corridor_around_a_path_leads_over_a_jump() -> None:
    left = likeness(np.arange(1, 101))
    frames = np.concatenate([np.arange(1, 51), np.zeros(300, np.intp), np.arange(51, 101)])
    right = likeness(frames, quiet=0)
    rough = np.array([0, 49, 50, 99]), np.array([0, 49, 350, 399])

    path = result(warp(left, right, around(*rough, radius=5, frames=(100, 400))))

    assert path.cost == pytest.approx(0, abs=1e-6)


def test_long_warping_can_be_left_now_and_then() -> None:
    side = likeness(np.arange(1_000))

    assert len(list(warp(side, side, straight(1_000, 1_000, radius=5)))) >= 2_000 // 256
