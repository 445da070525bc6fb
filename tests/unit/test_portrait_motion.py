"""The head lives by the film's clock: any take of a film moves as the whole film would."""

import numpy as np
import pytest

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.eyes.gaze import gazes
from s2v_render.engines.portrait.motion import STILL, Motion, motions, postures

SILENT = np.zeros(400)
LOUD = np.ones(400)


def test_two_takes_of_silence_move_exactly_like_one() -> None:
    whole = motions(SILENT, frames=100, first_frame=0, frame_rate=25, seed=3, liveliness=1.0)
    first = motions(SILENT, frames=37, first_frame=0, frame_rate=25, seed=3, liveliness=1.0)
    second = motions(SILENT, frames=63, first_frame=37, frame_rate=25, seed=3, liveliness=1.0)
    assert first + second == whole


def test_speech_leaves_the_head_at_both_ends_where_silence_would() -> None:
    silent = motions(SILENT, frames=50, first_frame=80, frame_rate=25, seed=3, liveliness=1.0)
    loud = motions(LOUD, frames=50, first_frame=80, frame_rate=25, seed=3, liveliness=1.0)
    assert loud[0] == silent[0]
    assert loud[-1] == silent[-1]
    assert loud[25] != silent[25]


def test_equal_seeds_move_alike_and_others_differently() -> None:
    def yaws(seed: int) -> list[float]:
        moves = motions(SILENT, frames=50, first_frame=0, frame_rate=25, seed=seed, liveliness=1.0)
        return [move.yaw for move in moves]

    assert yaws(5) == yaws(5)
    assert yaws(5) != yaws(6)
    assert yaws(-1) == yaws(-1)


def test_speech_turns_the_head_by_what_looks_alive_and_never_jumps() -> None:
    usual, widest = [], []
    for seed in range(8):
        values = yaw_pitch_roll(lively_speech(seconds=20), seed)
        assert np.abs(np.diff(values, axis=0)).max() < 1.2
        usual.append(np.abs(values).mean(axis=0))
        widest.append(np.abs(values).max(axis=0))
    assert (np.mean(usual, axis=0) > (2.0, 0.8, 0.8)).all()
    assert (np.mean(widest, axis=0) > (5.0, 2.5, 1.5)).all()
    assert (np.max(widest, axis=0) < (8.6, 6.0, 5.0)).all()


def test_the_head_rests_between_its_turns() -> None:
    speeds = np.abs(np.diff(np.degrees(postures(np.arange(0, 60, 0.04), 3)[:, 0]))) / 0.04
    assert np.percentile(speeds, 30) < 0.5
    assert speeds.max() > 10


def test_the_head_settles_in_silence() -> None:
    silent = yaw_pitch_roll(SILENT, 3, frames=1000)
    speaking = yaw_pitch_roll(lively_speech(seconds=40), 3, frames=1000)
    assert np.abs(silent).mean() < 0.7 * np.abs(speaking).mean()


def test_turns_do_not_come_back_in_time() -> None:
    for seed in range(4):
        yaw = yaw_pitch_roll(SILENT, seed, frames=3000)[:, 0]
        yaw = yaw - yaw.mean()
        echo = np.correlate(yaw, yaw, "full")[len(yaw) - 1 :] / (yaw @ yaw)
        assert echo[75:1500].max() < 0.5


def test_postures_do_not_depend_on_where_a_take_begins() -> None:
    times = (np.arange(500) + 0.5) / 25
    whole = postures(times, 5)
    parts = [postures(times[start : start + 37], 5) for start in range(0, 500, 37)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.abs(np.diff(whole, axis=0)).max() < np.radians(1.2)


def lively_speech(seconds: int) -> Floats:
    """Return the loudness of words of a third of a second, some stressed, and a few pauses."""
    random = np.random.default_rng(2)
    words = random.uniform(0.2, 1.0, seconds * 3) * (random.uniform(size=seconds * 3) > 0.15)
    return np.convolve(np.repeat(words, 34)[: seconds * 100], np.hanning(25) / 12, "same")


def yaw_pitch_roll(loudness: Floats, seed: int, frames: int = 500) -> Floats:
    """Return the head's turns in degrees, [frames, 3]."""
    moves = motions(
        loudness, frames=frames, first_frame=0, frame_rate=25, seed=seed, liveliness=1.0
    )
    return np.degrees([(move.yaw, move.pitch, move.roll) for move in moves])


def test_speakers_heads_are_as_fast_as_those_of_real_ones() -> None:
    speeds = []
    for seed in range(8):
        turns = yaw_pitch_roll(lively_speech(seconds=20), seed)[:, :2]
        speeds.append(np.median(np.linalg.norm(np.diff(turns, axis=0), axis=1)) * 25)
    assert 5 < np.median(speeds) < 8


def test_the_eyes_take_back_what_the_head_turns() -> None:
    moves = motions(
        lively_speech(seconds=20), frames=500, first_frame=0, frame_rate=25, seed=4, liveliness=1.0
    )
    yaw, gaze = (np.array([getattr(move, name) for move in moves]) for name in ("yaw", "gaze_x"))
    assert np.corrcoef(yaw, gaze)[0, 1] > 0.4
    eye_width = 0.31
    for values in (gaze, [move.gaze_y for move in moves]):
        low, high = np.percentile(values, (5, 95)) / eye_width
        assert 0.02 < high - low < 0.158


def test_the_eyes_jump_and_look_away_in_pauses() -> None:
    speech = np.ones(1200)
    speech[500:600] = 0
    times = np.arange(0, 12, 0.04)
    turns = np.zeros((len(times), 2))
    away = []
    for seed in range(40):
        level = np.interp(times, np.arange(1200) / 100, speech)
        eyes = gazes(times, seed, turns=turns, speech=level, liveliness=1.0)[:, 0]
        assert np.count_nonzero(np.abs(np.diff(eyes)) > 1e-4) > 10
        away.extend(times[np.abs(eyes) > 0.008])
    around = np.histogram(away, bins=(3.0, 4.6, 6.0))[0]
    assert around[1] > 2 * around[0]


def test_liveliness_scales_all_but_the_lids() -> None:
    def moves(liveliness: float) -> list[Motion]:
        return motions(
            LOUD, frames=100, first_frame=0, frame_rate=25, seed=3, liveliness=liveliness
        )

    assert moves(0.0) == [STILL] * 100
    half, usual = moves(0.5), moves(1.0)
    assert [2 * move.yaw for move in half] == pytest.approx([move.yaw for move in usual])
    assert [move.blink for move in half] == [move.blink for move in usual]
    most = np.abs([move.yaw for move in moves(1.5)]).max()
    assert most == pytest.approx(1.5 * np.abs([move.yaw for move in usual]).max())
