"""What the lip-sync meter makes of a mouth that was tracked, without looking at pictures."""

from dataclasses import replace

import numpy as np
import pytest

from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Floats
from s2v.lipsync.meter import Observed, judge, wanted_openings

FPS = 25
SPF = samples_per_frame(FPS)
SOUNDS = "abaimuspoimawibu"


def marks(sounds: str = SOUNDS, frames: int = 5) -> list[Mark]:
    return [
        Mark(sound, at * frames * SPF, (at + 1) * frames * SPF) for at, sound in enumerate(sounds)
    ]


def perfect(frame_rate: int = FPS) -> Floats:
    frames = len(SOUNDS) * 5 * frame_rate // FPS
    return wanted_openings(marks(), frames=frames, frame_rate=frame_rate)


def seen(openings: Floats, widths: Floats | None = None, frame_rate: int = FPS) -> Observed:
    return Observed(openings, np.ones(len(openings)) if widths is None else widths, frame_rate)


def test_a_perfect_mouth_measures_perfectly() -> None:
    found = judge(seen(perfect()), marks())
    assert found.opening_correlation == pytest.approx(1.0)
    assert found.lag_milliseconds == pytest.approx(0.0, abs=1.0)
    assert found.closures == 5
    assert found.closure_recall == 1.0


def test_size_and_rest_of_a_mouth_do_not_matter() -> None:
    smiling = judge(seen(0.6 * perfect() + 0.025), marks())
    assert smiling.opening_correlation == pytest.approx(1.0)
    assert smiling.closure_recall == 1.0


def test_a_mouth_that_never_shuts_has_closed_on_nothing() -> None:
    assert judge(seen(np.maximum(perfect(), 0.08)), marks()).closure_recall == 0.0


@pytest.mark.parametrize("frame_rate", [25, 50])
def test_a_lag_between_two_frames_is_told_to_a_fraction_of_a_frame(frame_rate: int) -> None:
    wanted = perfect(frame_rate)
    times = np.arange(len(wanted))
    late = np.interp(times - 1.5, times, wanted)
    found = judge(seen(late, frame_rate=frame_rate), marks())
    assert found.lag_milliseconds == pytest.approx(1500 / frame_rate, abs=250 / frame_rate)


def test_frames_without_a_face_are_left_out_wherever_they_are() -> None:
    openings = perfect()
    openings[18:28] = openings[-5:] = np.nan
    found = judge(seen(openings), marks())
    assert found.opening_correlation == pytest.approx(1.0, abs=0.02)
    assert found.face_share == pytest.approx(1 - 15 / len(openings))
    assert found.closures == 4


def test_the_mouth_is_narrower_for_oo_than_for_ee() -> None:
    widths = np.full(len(SOUNDS) * 5, 0.6)
    for at, sound in enumerate(SOUNDS):
        widths[at * 5 : at * 5 + 5] = {"u": 0.48, "w": 0.48}.get(sound, 0.6)
    found = judge(seen(perfect(), widths), marks())
    assert found.rounded_over_wide == pytest.approx(0.8)
    assert judge(seen(perfect()), marks("aaaa")).rounded_over_wide == 0.0


def test_silence_agrees_with_nothing() -> None:
    found = judge(seen(perfect()), [])
    assert found.opening_correlation == 0.0
    assert (found.best_correlation, found.lag_milliseconds) == (0.0, 0.0)
    assert (found.closures, found.closure_recall) == (0, 0.0)


def test_the_shortest_films_can_be_measured() -> None:
    for frames in (1, 2, 9):
        assert judge(seen(perfect()[:frames]), marks()).frames == frames


def test_a_smile_that_comes_and_goes_slowly_does_not_count() -> None:
    drift = 0.1 * np.sin(np.arange(len(perfect())) / 15)
    found = judge(seen(perfect() + drift), marks())
    assert found.opening_correlation > 0.95


def test_of_several_faces_the_one_that_speaks_is_judged() -> None:
    rng = np.random.default_rng(1)
    listens = seen(0.01 * rng.random(len(perfect())))
    both = replace(listens, others=(seen(perfect()),))
    found = judge(both, marks())
    assert found.best_correlation == pytest.approx(1.0)
    assert found.closure_recall == 1.0


def test_a_face_that_is_hardly_seen_is_not_judged() -> None:
    passing = perfect()
    passing[20:] = np.nan
    both = replace(seen(np.roll(perfect(), 30)), others=(seen(passing),))
    assert judge(both, marks()).face_share == 1.0


def test_chance_reaches_further_in_a_short_film_than_in_a_long_one() -> None:
    def chance(length: int) -> float:
        sounds = "".join(np.random.default_rng(3).choice(list(SOUNDS), length))
        lips = wanted_openings(marks(sounds), frames=length * 5, frame_rate=FPS)
        return judge(seen(lips), marks(sounds)).chance_correlation

    assert chance(80) == pytest.approx(chance(20) / 2, rel=0.2)


def test_other_lips_hardly_ever_reach_what_chance_may() -> None:
    rng = np.random.default_rng(2)
    over = 0
    for _ in range(60):
        sounds = "".join(rng.permutation(list(SOUNDS)))
        lips = wanted_openings(marks(sounds), frames=len(perfect()), frame_rate=FPS)
        found = judge(seen(lips[::-1].copy()), marks())
        over += found.best_correlation > found.chance_correlation
    assert over <= 3
