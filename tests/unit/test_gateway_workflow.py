"""The workflow makes a film of a script, in the right order, once."""

import asyncio

import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Film, JobSpec, Order
from s2v.core.ports import Continuity
from s2v.core.stages import Happening, Media, MediaSink
from s2v.testing.fakes_stages import FakeCheckpoints, FakeStages, artifact_of
from s2v_gateway.film.progress import ProgressMeter
from s2v_gateway.film.workflow import SPOKEN_AHEAD, make_film


def order(text: str, continuity: Continuity = Continuity.INDEPENDENT) -> Order:
    return Order(
        "0" * 32,
        JobSpec(text=text, frame_rate=25),
        artifact_of("x", "image/jpeg"),
        None,
        continuity,
    )


async def film_of(
    order_: Order,
    stages: FakeStages,
    checkpoints: FakeCheckpoints | None = None,
    *,
    media: MediaSink | None = None,
    parallel_takes: int = 4,
    happened: list[Happening] | None = None,
) -> Film:
    meter = ProgressMeter(25, lambda _: None, (happened if happened is not None else []).append)
    return await make_film(
        order_,
        stages,
        checkpoints or FakeCheckpoints(),
        meter,
        media=media,
        parallel_takes=parallel_takes,
    )


async def test_the_film_holds_every_segment_and_each_begins_where_the_one_before_ended() -> None:
    stages = FakeStages()
    film = await film_of(order("one three seventeen"), stages)
    assert film.frames == 3 + 5 + 9
    assert stages.rendered_from == {0: 0, 1: 3, 2: 8}


async def test_segments_are_rendered_side_by_side_and_joined_in_order() -> None:
    first = asyncio.Event()
    stages = FakeStages(hold={"render-0": first})
    making = asyncio.create_task(film_of(order("a b c"), stages))
    await stages.called("render-2")
    assert "join-1" not in stages.calls
    first.set()
    await making
    assert [c for c in stages.calls if c.startswith("join")] == ["join-0", "join-1", "join-2"]


async def test_a_sequential_engine_starts_each_take_from_the_state_before_it() -> None:
    stages = FakeStages()
    await film_of(order("a b c", Continuity.SEQUENTIAL), stages)
    state = lambda i: artifact_of(f"state-{i}", "application/octet-stream")  # noqa: E731
    assert stages.states == {0: None, 1: state(0), 2: state(1)}


async def test_after_a_crash_finished_work_is_not_done_again() -> None:
    checkpoints = FakeCheckpoints()
    fault = InvalidInput(Reason.FIELD_INVALID, "x")
    with pytest.raises(InvalidInput):
        await film_of(order("a b c"), FakeStages(fail={"render-2": fault}), checkpoints)
    again = FakeStages()
    film = await film_of(order("a b c"), again, checkpoints.again())
    assert film.frames == 3
    assert "render-2" in again.calls
    assert not {"cut", "speak-0", "speak-1", "speak-2", "render-0", "render-1"} & set(again.calls)


async def test_checkpoints_are_taken_in_an_order_that_depends_on_nothing_but_the_script() -> None:
    slow = asyncio.Event()
    slow.set()
    fast, held = FakeCheckpoints(), FakeCheckpoints()
    await film_of(order("a b c"), FakeStages(), fast)
    await film_of(order("a b c"), FakeStages(hold={"speak-1": slow}), held, parallel_takes=1)
    assert fast.taken == held.taken


async def test_the_first_failure_stops_everything_else() -> None:
    stages = FakeStages(
        fail={"render-0": InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")},
        hold={"render-1": asyncio.Event()},
    )
    with pytest.raises(InvalidInput) as caught:
        await film_of(order("a b c"), stages)
    assert caught.value.reason is Reason.FACE_NOT_FOUND
    assert "render-1" in stages.cancelled or "render-1" not in stages.calls


async def test_cancelling_reaches_the_stage_at_work() -> None:
    stages = FakeStages(hold={"render-0": asyncio.Event()})
    making = asyncio.create_task(film_of(order("a"), stages))
    await stages.called("render-0")
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert stages.cancelled == ["render-0"]


async def test_speaking_does_not_run_away_from_rendering() -> None:
    stages = FakeStages(hold={"render-0": asyncio.Event()})
    making = asyncio.create_task(film_of(order("a " * 50), stages, parallel_takes=1))
    await stages.called(f"speak-{SPOKEN_AHEAD}")
    for _ in range(100):
        await asyncio.sleep(0)
    assert f"speak-{SPOKEN_AHEAD + 1}" not in stages.calls
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)


async def test_media_goes_to_whoever_watches_live() -> None:
    seen: list[Media] = []

    async def keep(media: Media) -> None:
        seen.append(media)

    await film_of(order("a b"), FakeStages(), media=keep)
    assert [media.offset for media in seen] == [0, 1]
