"""Pictures between those of the model: where things are, and that none is seen twice."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.sampling import Between
from s2v_render.engines.wan.takes.between import between
from s2v_render.engines.wan.takes.showing import FilmFrames

Rgb = npt.NDArray[np.uint8]


def ball(column: float) -> Rgb:
    """Return a bright soft ball over a coarse pattern that stands still."""
    rows, columns = np.mgrid[0:96, 0:160].astype(np.float32)
    ground = 60 + 20 * np.sin(rows / 5) * np.sin(columns / 7)
    bright = 170 / (1 + np.exp((np.hypot(rows - 48, columns - column) - 16) / 1.5))
    return np.repeat((ground + bright)[..., None], 3, axis=-1).astype(np.uint8)


def middle(picture: Rgb) -> float:
    bright = np.maximum(picture[..., 0].astype(float) - 120, 0)
    return float((bright * np.arange(160)).sum() / bright.sum())


@pytest.mark.parametrize("share", [0.25, 0.5, 0.64])
def test_a_thing_is_where_it_would_be_at_that_moment_and_as_sharp(share: float) -> None:
    (shown,) = between(ball(70), ball(78), [share])
    truth = ball(70 + 8 * share)
    assert middle(shown) == pytest.approx(70 + 8 * share, abs=0.5)
    blended = ball(70) * (1 - share) + ball(78) * share
    error, ghosts = (np.abs(each - truth.astype(float)).mean() for each in (shown, blended))
    assert error < ghosts / 3


def test_no_time_and_no_movement_change_nothing() -> None:
    assert np.array_equal(between(ball(70), ball(78), [0.0])[0], ball(70))
    assert np.array_equal(between(ball(70), ball(70), [0.5])[0], ball(70))


@pytest.mark.parametrize("how", Between)
def test_every_film_frame_is_shown_once_however_the_pictures_come(how: Between) -> None:
    pictures = [ball(60 + 2 * number) for number in range(7)]
    showing = FilmFrames(0, 10, 25, how=how)
    batches = [*showing.of(range(3), pictures[:3]), *showing.of(range(3, 7), pictures[3:])]
    shown = np.concatenate([each.rgb for each in (*batches, *showing.last())])
    assert len(shown) == 10
    alike = sum(np.array_equal(a, b) for a, b in pairwise(shown))
    assert alike == (4 if how is Between.REPEAT else 0)


def test_a_take_goes_on_between_the_last_picture_of_the_one_before_and_its_own() -> None:
    showing = FilmFrames(3, 2, 32, how=Between.MOTION)
    showing.begin_with(1, ball(70))
    (early,), (late,) = showing.of([2], [ball(78)]), showing.last()
    assert middle(early.rgb[0]) == pytest.approx(74, abs=0.5)
    assert np.array_equal(late.rgb[0], ball(78))
