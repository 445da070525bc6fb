"""How long a film may take follows from how long others took; one odd one changes little."""

import pytest

from s2v.core.job import JobSpec
from s2v_gateway.jobs.estimating import (
    DEFAULT_WORK_SECONDS,
    USUAL_FILM_SECONDS,
    Estimate,
    Estimator,
)
from s2v_gateway.orders.expected_length import expected_seconds
from s2v_gateway.records.throughput import Throughput

SPEC = JobSpec(engine="portrait", preset="standard", width_pixels=512, height_pixels=512)
PIXELS = 512 * 512


def learnt(*rates: float, pixels: int = PIXELS, film_seconds: float = 10.0) -> Estimator:
    estimator = Estimator()
    for rate in rates:
        work_seconds = rate * film_seconds
        estimator.learn(Throughput("portrait", "standard", pixels, film_seconds, work_seconds))
    return estimator


def test_before_the_first_measurement_the_default_is_told_as_such() -> None:
    assert Estimator().estimate(SPEC, 4.0) == Estimate(4.0, 4.0 * DEFAULT_WORK_SECONDS, 0)


def test_a_film_of_unknown_length_is_taken_for_a_usual_one() -> None:
    assert Estimator().estimate(SPEC, 0.0).film_seconds == USUAL_FILM_SECONDS


def test_films_of_the_same_engine_preset_and_size_count() -> None:
    assert learnt(0.5, 0.5, 0.6).estimate(SPEC, 8.0) == Estimate(8.0, 4.0, 3)


def test_one_film_that_took_for_ever_changes_nothing() -> None:
    assert learnt(0.5, 0.5, 500.0).estimate(SPEC, 8.0).work_seconds == 4.0


def test_what_has_changed_is_believed_after_some_films() -> None:
    estimator = learnt(*[0.5] * 30, *[2.0] * 8)
    assert estimator.estimate(SPEC, 1.0).work_seconds == 2.0


def test_a_short_film_counts_little() -> None:
    estimator = learnt(0.5)
    for _ in range(3):
        estimator.learn(Throughput("portrait", "standard", PIXELS, 0.5, 5.0))
    assert estimator.estimate(SPEC, 1.0).work_seconds == 0.5


def test_another_size_is_scaled_by_its_pixels_until_it_was_measured() -> None:
    estimator = learnt(1.0, pixels=2 * PIXELS)
    assert estimator.estimate(SPEC, 1.0).work_seconds == pytest.approx(0.5)
    estimator.learn(Throughput("portrait", "standard", PIXELS, 10.0, 7.0))
    assert estimator.estimate(SPEC, 1.0) == Estimate(1.0, pytest.approx(0.7), 1)


def test_a_size_that_follows_from_the_reference_is_taken_for_a_usual_one() -> None:
    spec = JobSpec(engine="portrait", preset="standard")
    assert learnt(0.5).estimate(spec, 2.0).work_seconds == 1.0


def test_another_preset_tells_nothing() -> None:
    spec = JobSpec(engine="portrait", preset="draft")
    assert learnt(0.5).estimate(spec, 2.0).measured_films == 0


def test_a_text_is_as_long_as_it_is_spoken() -> None:
    english = "Fifteen letters"
    assert expected_seconds(JobSpec(text=english), audio_seconds=0.0) == pytest.approx(1.0)
    assert expected_seconds(JobSpec(text=english, speed=2.0), audio_seconds=0.0) == pytest.approx(
        0.5
    )
    chinese = "今天天气很好我们"
    assert expected_seconds(JobSpec(text=chinese), audio_seconds=0.0) == pytest.approx(8 / 4.5)


def test_given_sound_is_as_long_as_it_is() -> None:
    assert expected_seconds(JobSpec(audio="assets/a"), audio_seconds=7.5) == 7.5
