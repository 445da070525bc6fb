"""Blocking generators beside the event loop: on which thread, and when they have ended."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from s2v.rpc.threads import iterate_in_thread


class Work:
    """Yields which thread it is on, and notes on which it was closed."""

    def __init__(self) -> None:
        self.closed_on = 0
        self.stands, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def items(self) -> Generator[int]:
        try:
            while True:
                if not self.may_go_on.is_set():
                    self.stands.set()
                assert self.may_go_on.wait(60)
                yield threading.get_ident()
        finally:
            self.closed_on = threading.get_ident()


async def first_two(work: Work, thread: ThreadPoolExecutor | None) -> list[int]:
    ended = asyncio.Event()
    async with aclosing(iterate_in_thread(work.items(), thread=thread, ended=ended.set)) as items:
        found = [await anext(items), await anext(items)]
    await ended.wait()
    return found


async def test_all_of_it_runs_on_a_thread_of_its_own() -> None:
    work = Work()
    found = await first_two(work, None)
    assert {*found, work.closed_on} == {found[0]}
    assert found[0] != threading.get_ident()


async def test_a_given_thread_runs_one_after_the_other() -> None:
    with ThreadPoolExecutor(1) as thread:
        ident = await asyncio.wrap_future(thread.submit(threading.get_ident))
        for work in (Work(), Work()):
            assert {*await first_two(work, thread), work.closed_on} == {ident}


async def test_it_has_ended_when_it_is_closed_not_when_it_is_left() -> None:
    work, ended = Work(), asyncio.Event()
    with ThreadPoolExecutor(1) as thread:
        items = iterate_in_thread(work.items(), thread=thread, ended=ended.set)
        await anext(items)
        work.may_go_on.clear()
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.to_thread(work.stands.wait)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert not ended.is_set()
        assert not work.closed_on
        work.may_go_on.set()
        await ended.wait()
    assert work.closed_on


async def test_it_has_ended_when_it_comes_to_its_end_or_fails() -> None:
    def failing() -> Generator[int]:
        yield 1
        raise ValueError

    for generator, wanted in ((iter_of(2), [0, 1]), (failing(), [1])):
        found, ended = [], asyncio.Event()
        try:
            async for item in iterate_in_thread(generator, ended=ended.set):
                assert not ended.is_set()
                found.append(item)
        except ValueError:
            pass
        assert (found, ended.is_set()) == (wanted, True)


def iter_of(count: int) -> Generator[int]:
    yield from range(count)
