"""Which picture of a video each frame of a film shows."""

from typing import Any

import numpy as np

from s2v.core.lengths import VideoShorter
from s2v_render.engines.reference.playing import playing_of


def shown(
    times: list[float], seconds: float, frame_rate: int, frames: range, **how: Any
) -> list[int]:
    playing = playing_of(np.array(times), seconds, frame_rate, **how)
    return [playing.number(frame) for frame in frames]


def test_a_short_video_goes_forwards_and_back_without_showing_its_ends_twice() -> None:
    assert shown([0.0, 0.04, 0.08, 0.12], 0.16, 25, range(10)) == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]


def test_frames_before_the_first_one_mirror_those_after_it() -> None:
    assert shown([0.0, 0.04, 0.08, 0.12], 0.16, 25, range(-4, 1)) == [2, 3, 2, 1, 0]


def test_it_plays_at_its_own_speed_at_any_rate_of_the_film() -> None:
    thirty = [index / 30 for index in range(30)]
    assert shown(thirty, 1.0, 60, range(6)) == [0, 0, 1, 1, 2, 2]
    assert shown([index / 50 for index in range(50)], 1.0, 25, range(4)) == [0, 2, 4, 6]
    assert shown(thirty, 1.0, 25, range(25))[-1] == 29


def test_a_variable_rate_is_followed() -> None:
    assert shown([0.0, 0.5, 0.54, 0.9], 1.0, 10, range(10)) == [0, 0, 0, 0, 0, 2, 2, 2, 2, 3]


def test_a_single_picture_is_shown_for_ever() -> None:
    assert shown([0.0], 0.04, 25, range(-2, 4)) == [0] * 6


def test_it_turns_at_both_ends() -> None:
    playing = playing_of(np.array([0.0, 0.04, 0.08]), 0.12, 25)
    assert [playing.turns(frame) for frame in range(5)] == [True, False, True, False, True]


def test_a_short_video_may_begin_again_or_stand_still_at_its_end() -> None:
    times = [0.0, 0.04, 0.08]
    loop = shown(times, 0.12, 25, range(-1, 5), shorter=VideoShorter.LOOP)
    assert loop == [2, 0, 1, 2, 0, 1]
    freeze = shown(times, 0.12, 25, range(-1, 5), shorter=VideoShorter.FREEZE)
    assert freeze == [0, 0, 1, 2, 2, 2]


def test_what_begins_again_or_stands_still_moves_on_otherwise_after_its_last_picture() -> None:
    times = np.array([0.0, 0.04, 0.08])
    loop = playing_of(times, 0.12, 25, shorter=VideoShorter.LOOP)
    assert [loop.turns(frame) for frame in range(6)] == [False, False, True, False, False, True]
    freeze = playing_of(times, 0.12, 25, shorter=VideoShorter.FREEZE)
    assert [freeze.turns(frame) for frame in range(3)] == [False, False, True]


def test_a_video_may_play_faster_and_slower() -> None:
    times = [index / 25 for index in range(100)]
    slower = shown(times, 4.0, 25, range(105), speed=100 / 105)
    assert slower[0] == 0
    assert slower[-1] == 99
    assert slower == sorted(slower)
    faster = shown(times, 4.0, 25, range(95), speed=100 / 95)
    assert faster[-1] == 99
