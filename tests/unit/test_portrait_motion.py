"""The head lives by the film's clock: any take of a film moves as the whole film would."""

import numpy as np

from s2v_render.engines.portrait.loudness import loudness
from s2v_render.engines.portrait.motion import BLINK_SLOT_SECONDS, blinks, motions

SILENT = np.zeros(400)
LOUD = np.ones(400)


def test_two_takes_of_silence_move_exactly_like_one() -> None:
    whole = motions(SILENT, frames=100, first_frame=0, frame_rate=25, seed=3)
    first = motions(SILENT, frames=37, first_frame=0, frame_rate=25, seed=3)
    second = motions(SILENT, frames=63, first_frame=37, frame_rate=25, seed=3)
    assert first + second == whole


def test_speech_leaves_the_head_at_both_ends_where_silence_would() -> None:
    silent = motions(SILENT, frames=50, first_frame=80, frame_rate=25, seed=3)
    loud = motions(LOUD, frames=50, first_frame=80, frame_rate=25, seed=3)
    assert loud[0] == silent[0]
    assert loud[-1] == silent[-1]
    assert loud[25] != silent[25]


def test_equal_seeds_move_alike_and_others_differently() -> None:
    def yaws(seed: int) -> list[float]:
        moves = motions(SILENT, frames=50, first_frame=0, frame_rate=25, seed=seed)
        return [move.yaw for move in moves]

    assert yaws(5) == yaws(5)
    assert yaws(5) != yaws(6)
    assert yaws(-1) == yaws(-1)


def test_the_head_moves_slightly_and_never_jumps() -> None:
    level = loudness(np.random.default_rng(1).normal(0, 4000, 48_000 * 20).astype(np.int16))
    moves = motions(level, frames=500, first_frame=0, frame_rate=25, seed=1)
    for name, limit in (("yaw", 0.10), ("pitch", 0.10), ("roll", 0.06), ("shift_x", 0.05)):
        values = np.array([getattr(move, name) for move in moves])
        assert np.abs(values).max() < limit
        assert np.abs(np.diff(values)).max() < 0.012


def test_one_blink_falls_into_every_slot_and_shuts_the_eyes_for_a_frame() -> None:
    times = (np.arange(60 * 25) + 0.5) / 25
    lids = blinks(times, 9)
    for slot in range(int(60 / BLINK_SLOT_SECONDS)):
        inside = (times >= slot * BLINK_SLOT_SECONDS) & (times < (slot + 1) * BLINK_SLOT_SECONDS)
        assert lids[inside].max() == 1.0
        assert (lids[inside] > 0).sum() <= 9


def test_blinks_are_not_evenly_spaced() -> None:
    times = np.arange(0, 72, 0.01)
    lids = blinks(times, 4)
    onsets = times[1:][(lids[1:] > 0) & (lids[:-1] == 0)]
    assert np.diff(onsets).min() > 0.9
    assert np.diff(onsets).std() > 0.3
