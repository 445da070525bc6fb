"""Pictures between those of the model: where things are, and that none is seen twice."""

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
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
    with FilmFrames(0, 10, 25, how=how) as showing:
        batches = [*showing.of(range(3), pictures[:3]), *showing.of(range(3, 7), pictures[3:])]
        shown = np.concatenate([each.rgb for each in (*batches, *showing.last())])
    assert len(shown) == 10
    alike = sum(np.array_equal(a, b) for a, b in pairwise(shown))
    assert alike == (4 if how is Between.REPEAT else 0)


def test_a_take_goes_on_between_the_last_picture_of_the_one_before_and_its_own() -> None:
    with FilmFrames(3, 2, 32, how=Between.MOTION) as showing:
        showing.begin_with(1, ball(70))
        assert not list(showing.of([2], [ball(78)]))
        (early,), (late,) = showing.go_on(), showing.last()
    assert middle(early.rgb[0]) == pytest.approx(74, abs=0.5)
    assert np.array_equal(late.rgb[0], ball(78))


def moments(threads: int = 1, *, unseen: bool = False, how: Between = Between.MOTION) -> list[Rgb]:
    """Return what is shown after each of some batches of two pictures, and at the end."""
    with FilmFrames(0, 40, 25, how=how, threads=threads, unseen=unseen) as showing:
        shown = [
            [each.rgb for each in showing.of([k, k + 1], [ball(40 + k), ball(41 + k)])]
            for k in range(0, 20, 2)
        ]
        shown.append([each.rgb for each in (*showing.go_on(), *showing.last())])
    return [np.concatenate([np.empty((0, 96, 160, 3), np.uint8), *each]) for each in shown]


def test_more_threads_draw_the_same_pictures_which_come_at_the_same_moments() -> None:
    alone, together = moments(), moments(threads=4)
    assert len(alone[0]) == 0
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_what_nobody_sees_comes_as_often_and_is_not_drawn() -> None:
    seen, unseen = moments(), moments(unseen=True)
    assert [len(each) for each in seen] == [len(each) for each in unseen]
    repeated = np.concatenate(moments(how=Between.REPEAT))
    assert np.array_equal(np.concatenate(unseen), repeated)
    assert not np.array_equal(np.concatenate(seen), repeated)


def test_what_need_not_be_drawn_comes_at_once() -> None:
    with FilmFrames(0, 4, 16, how=Between.MOTION) as showing:
        (first,) = showing.of(range(3), [ball(70), ball(71), ball(72)])
        assert len(first.rgb) == 2


def test_leaving_ends_the_threads_and_what_they_were_to_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import s2v_render.engines.wan.takes.showing as module

    begun, may_end = threading.Event(), threading.Event()
    drawn: list[int] = []

    def slowly(before: Rgb, after: Rgb, shares: Sequence[float]) -> list[Rgb]:
        begun.set()
        may_end.wait(60)
        drawn.append(1)
        return [before for _ in shares]

    monkeypatch.setattr(module, "between", slowly)
    with FilmFrames(0, 40, 25, how=Between.MOTION) as showing:
        assert not list(showing.of(range(9), [ball(40 + k) for k in range(9)]))
        assert begun.wait(60)
        (batch,) = showing._pending
        leaving = threading.Thread(target=showing.__exit__, args=(None, None, None))
        leaving.start()
        last = batch.parts[-1]
        assert isinstance(last, Future)
        with pytest.raises(CancelledError):
            last.result(60)
        may_end.set()
        leaving.join(60)
    assert drawn == [1]
    assert not any(thread.name.startswith("between") for thread in threading.enumerate())
