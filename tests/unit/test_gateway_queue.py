"""Whoever waits for a place gets one, and is told where it stands."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from s2v.core.job import Priority, Waiting
from s2v_gateway.jobs.line import Candidate
from s2v_gateway.jobs.queue import Queue


def job(name: str, number: int = 1, *, tenant: str = "red", resumes: bool = False) -> Candidate:
    return Candidate(name, tenant, Priority.NORMAL, number, 10.0, resumes)


class _Told:
    """What the queue told, and whether something new was."""

    def __init__(self) -> None:
        self.positions: list[tuple[str, int]] = []
        self._news = asyncio.Event()

    def __call__(self, job_id: str, waiting: Waiting) -> None:
        self.positions.append((job_id, waiting.position))
        self._news.set()

    async def until(self, job_id: str, position: int) -> None:
        while (job_id, position) not in self.positions:
            self._news.clear()
            await self._news.wait()


@pytest.fixture
async def told() -> _Told:
    return _Told()


@pytest.fixture
async def queue(told: _Told) -> Queue:
    queue = Queue(1, per_tenant=0, tell=told)
    queue.open()
    return queue


async def holding(queue: Queue, candidate: Candidate, left: asyncio.Event) -> None:
    async with queue.place(candidate):
        await left.wait()


async def test_a_place_is_given_on(queue: Queue) -> None:
    async with queue.place(job("a")):
        assert queue.waiting("a") is None
        second = asyncio.create_task(holding(queue, job("b", 2), asyncio.Event()))
        await asyncio.sleep(0)
        waiting = queue.waiting("b")
        assert waiting is not None
        assert waiting.position == 1
    await asyncio.sleep(0)
    assert queue.waiting("b") is None
    assert not second.done()
    second.cancel()


async def test_who_is_cancelled_while_it_waits_is_no_more_in_the_line(queue: Queue) -> None:
    async with queue.place(job("a")):
        waits = [
            asyncio.create_task(holding(queue, job(name, number), asyncio.Event()))
            for number, name in enumerate("bc", 2)
        ]
        await asyncio.sleep(0)
        waits[0].cancel()
        await asyncio.wait({waits[0]})
        waiting = queue.waiting("c")
        assert waiting is not None
        assert waiting.position == 1
    waits[1].cancel()


async def test_who_was_called_and_cancelled_in_the_same_moment_gives_its_place_back(
    queue: Queue,
) -> None:
    async with queue.place(job("a")):
        second = asyncio.create_task(holding(queue, job("b", 2), asyncio.Event()))
        await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait({second})
    async with asyncio.timeout(5), queue.place(job("c", 3)):
        pass


async def test_positions_are_told_when_they_change(queue: Queue, told: _Told) -> None:
    async with queue.place(job("a")):
        for number, name in enumerate("bc", 2):
            queue.come(job(name, number))
        await told.until("c", 2)
    queue.leave("b")
    await asyncio.sleep(0)
    assert queue.waiting("c") is None
    assert told.positions == [("b", 1), ("c", 2)]


async def test_a_job_that_lined_up_before_its_work_began_is_there_once(queue: Queue) -> None:
    queue.come(job("a"))
    queue.come(job("a"))
    async with asyncio.timeout(5), queue.place(job("a")):
        queue.leave("a")  # it is not the one who came early any more
        queue.come(job("b", 2))
        waiting = queue.waiting("b")
        assert waiting is not None
        assert waiting.position == 1


async def test_nobody_is_called_before_everybody_is_there(told: _Told) -> None:
    queue = Queue(1, per_tenant=0, tell=told)
    queue.come(job("new", 1))
    queue.come(job("old", 2, resumes=True))
    queue.open()
    assert queue.waiting("old") is None
    assert queue.waiting("new") is not None


async def test_the_guess_follows_what_those_who_work_still_need(queue: Queue) -> None:
    async with AsyncExitStack() as places:
        await places.enter_async_context(queue.place(job("a"), lambda: 500.0))
        assert queue.would_wait_seconds(job("b", 2)) == 500.0
    assert queue.would_wait_seconds(job("b", 2)) == 0.0
    assert queue.waiting("b") is None


async def test_nobody_is_called_when_the_process_goes_down(queue: Queue) -> None:
    async with queue.place(job("a")):
        second = asyncio.create_task(holding(queue, job("b", 2), asyncio.Event()))
        await asyncio.sleep(0)
        queue.close()
    await asyncio.sleep(0)
    assert queue.waiting("b") is not None
    second.cancel()
