"""Brows rise with stress, sink as speech ends, and are at rest where takes meet."""

import numpy as np

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.eyes.brows import brow_raises


def raised(loudness: Floats) -> Floats:
    return brow_raises(loudness, frames=len(loudness) // 4, frame_rate=25)


def speech_with(bursts: tuple[tuple[int, int], ...]) -> Floats:
    level = np.full(800, 0.3)
    for first, end in bursts:
        level[first:end] = 1.0
    return level


def test_brows_rise_where_the_speech_is_stressed_and_only_there() -> None:
    brows = raised(speech_with(((300, 340),)))
    assert 70 <= brows.argmax() <= 90
    assert brows.max() > 0.4
    assert np.abs(brows[20:50]).max() < 0.05


def test_even_speech_and_silence_leave_the_brows_at_rest() -> None:
    assert np.abs(raised(np.full(800, 0.7))).max() < 1e-9
    assert np.abs(raised(np.zeros(800))).max() < 1e-9


def test_brows_sink_a_little_when_speech_ends() -> None:
    level = np.full(800, 0.8)
    level[400:] = 0
    brows = raised(level)
    after = brows[100:150]
    assert -0.3 < after.min() < -0.1
    assert abs(brows[-20:]).max() < 0.02


def test_brows_are_at_rest_at_both_ends_of_a_take() -> None:
    brows = raised(speech_with(((0, 60), (740, 800))))
    assert brows[0] == brows[-1] == 0


def test_brows_never_jump() -> None:
    noise = np.random.default_rng(0).uniform(0, 1.2, 6000)
    brows = raised(noise * (np.sin(np.arange(6000) / 60) > 0))
    assert np.abs(np.diff(brows)).max() < 0.15
    assert -0.25 <= brows.min() < brows.max() <= 1
