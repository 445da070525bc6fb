"""Who gets a worker, and when one whose device is elsewhere rests."""

import asyncio

import pytest

from s2v.core.errors import Exhausted, Reason, Unavailable
from s2v.core.registry import Registry
from s2v_render.workers.config import Elsewhere, WorkerConfig
from s2v_render.workers.crew import Crew
from s2v_render.workers.seat import Seat, WorkerDiedError, WorkerState

BROKEN = Unavailable(Reason.RENDER_FAILED, "it failed")
GONE = Unavailable(Reason.SERVICE_UNAVAILABLE, "it is gone")


class FakeSeat(Seat):
    """A worker without a process, whose device answers what the test says."""

    def __init__(self, group: str, rest_seconds: float = 0.0) -> None:
        elsewhere = Elsewhere(f"device {group}", group, failures=2, rest_seconds=rest_seconds)
        config = WorkerConfig(Registry({}), store_url="", elsewhere=elsewhere)
        super().__init__(f"worker-{group}", config, is_local=False)
        self.answers = ""
        self.is_dead = False
        self.checks = 0
        self.checked = asyncio.Event()

    async def check(self) -> str:
        self.checks += 1
        self.checked.set()
        if self.is_dead:
            raise WorkerDiedError("dead")
        return self.answers

    async def revive(self) -> None:
        self.is_dead = False
        self.restarts += 1


def a_crew(*seats: FakeSeat, max_waiting: int = 2) -> Crew:
    crew = Crew(seats, max_waiting=max_waiting)
    for seat in seats:
        crew.leave(seat)
    return crew


async def soon(crew: Crew) -> asyncio.Task[Seat]:
    """Begin to wait for a worker."""
    waiting = asyncio.create_task(crew.lease())
    await asyncio.sleep(0)
    return waiting


async def test_the_one_of_the_group_is_leased_unless_it_has_failed() -> None:
    a, b = FakeSeat("a"), FakeSeat("b")
    crew = a_crew(a, b)

    assert await crew.lease(near="b") is b
    crew.leave(b)
    assert await crew.lease(near="b", failed=[b]) is a
    assert await crew.lease(near="b", failed=[b]) is b
    assert (a.state, b.state) == (WorkerState.BUSY, WorkerState.BUSY)
    assert crew.groups == ["a", "b"]


async def test_who_waits_first_is_served_first_and_the_waiting_room_has_an_end() -> None:
    a = FakeSeat("a")
    crew = a_crew(a)
    await crew.lease()
    first, second = await soon(crew), await soon(crew)

    with pytest.raises(Exhausted) as caught:
        await crew.lease()
    assert (caught.value.reason, crew.waiting) == (Reason.WORKERS_BUSY, 2)
    crew.leave(a)
    assert await first is a
    assert not second.done()
    crew.leave(a)
    assert await second is a


async def test_who_stops_waiting_makes_room_even_with_the_worker_in_hand() -> None:
    a = FakeSeat("a")
    crew = a_crew(a)
    await crew.lease()
    first, second = await soon(crew), await soon(crew)

    crew.leave(a)
    first.cancel()

    assert await second is a
    assert crew.waiting == 0
    assert first.cancelled()


async def test_one_that_is_away_rests_and_one_that_fails_does_so_the_second_time() -> None:
    a, b = FakeSeat("a"), FakeSeat("b")
    crew = a_crew(a, b)
    for seat, error in ((a, GONE), (b, BROKEN)):
        assert await crew.lease() is seat
        seat.failed(error)
        crew.leave(seat)

    assert (a.state, a.problem) == (WorkerState.AWAY, "it is gone")
    assert (b.state, b.problem) == (WorkerState.IDLE, "")
    assert crew.problem == ""
    await crew.lease()
    b.failed(BROKEN)
    crew.leave(b)
    assert b.state is WorkerState.AWAY
    assert crew.problem == "it is gone it failed"


async def test_what_ends_well_is_no_failure_in_a_row() -> None:
    a = FakeSeat("a")
    for _ in range(3):
        a.failed(BROKEN)
        a.served()
        assert a.problem == ""


async def test_when_all_are_away_nobody_waits() -> None:
    a = FakeSeat("a")
    crew = a_crew(a)
    await crew.lease()
    waiting = await soon(crew)

    a.failed(GONE)
    crew.leave(a)

    for refused in (waiting, crew.lease()):
        with pytest.raises(Unavailable, match="it is gone") as caught:
            await refused
        assert caught.value.reason is Reason.SERVICE_UNAVAILABLE


async def test_a_closed_crew_refuses_everybody() -> None:
    crew = a_crew(FakeSeat("a"))
    await crew.lease()
    waiting = await soon(crew)

    crew.close(GONE)

    for refused in (waiting, crew.lease()):
        with pytest.raises(Unavailable, match="it is gone"):
            await refused


async def tended(crew: Crew, seat: FakeSeat) -> None:
    """Look after a worker once."""
    tending = asyncio.create_task(crew.tend(seat, every_seconds=0.0))
    await seat.checked.wait()
    seat.checked.clear()
    await asyncio.sleep(0)
    tending.cancel()


async def test_one_without_a_take_that_does_not_answer_is_not_leased() -> None:
    a, b = FakeSeat("a"), FakeSeat("b")
    crew = a_crew(a, b)
    a.answers = "it does not answer"

    await tended(crew, a)

    assert (a.state, a.problem) == (WorkerState.AWAY, "it does not answer")
    assert await crew.lease(near="a") is b


async def test_one_that_answers_again_comes_back_and_fails_at_once_if_it_fails_again() -> None:
    a = FakeSeat("a")
    crew = a_crew(a)
    await crew.lease()
    a.failed(BROKEN)
    a.failed(BROKEN)
    crew.leave(a)

    await tended(crew, a)

    assert (a.state, a.problem) == (WorkerState.IDLE, "")
    await crew.lease()
    a.failed(BROKEN)
    crew.leave(a)
    assert a.state is WorkerState.AWAY


async def test_a_rest_has_its_length() -> None:
    a = FakeSeat("a", rest_seconds=600)
    crew = a_crew(a)
    await crew.lease()
    a.failed(GONE)
    crew.leave(a)
    tending = asyncio.create_task(crew.tend(a, every_seconds=0.0))

    for _ in range(5):
        await asyncio.sleep(0)

    assert (a.checks, a.state) == (0, WorkerState.AWAY)
    tending.cancel()


async def test_one_that_died_at_rest_is_started_again() -> None:
    a = FakeSeat("a")
    crew = a_crew(a)
    await crew.lease()
    a.failed(GONE)
    crew.leave(a)
    a.is_dead = True

    tending = asyncio.create_task(crew.tend(a, every_seconds=0.0))
    while a.state is not WorkerState.IDLE:  # noqa: ASYNC110 (it tells nobody)
        await asyncio.sleep(0)
    tending.cancel()

    assert (a.restarts, a.problem) == (1, "")
