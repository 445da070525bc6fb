"""Let so many calls work at once and so many wait, in the order they came; send others away."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import TypeVar

from s2v.core.errors import Exhausted, Reason
from s2v.rpc.threads import iterate_in_thread

T = TypeVar("T")

_PULSE_SECONDS = 1.0
_RETRY_SECONDS = 1.0


class Places:
    """Places at work, for one event loop.

    Args:
        at_work: how many calls may work at once, each on a thread of its own.
        waiting: how many more may wait for that.
        when_stuck: called when work that was closed has not ended after `stuck_seconds`: nothing
            but the end of the process gives its place free.
    """

    def __init__(
        self,
        at_work: int,
        waiting: int,
        *,
        when_stuck: Callable[[], None] = lambda: None,
        stuck_seconds: float = 120.0,
    ) -> None:
        self._at_work = at_work
        self._most = at_work + waiting
        self._inside = 0
        self._free = asyncio.Semaphore(at_work)
        self._when_stuck = when_stuck
        self._stuck_seconds = stuck_seconds
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def inside(self) -> int:
        """How many calls work or wait."""
        return self._inside

    async def at_work(self, work: Generator[T | None], *, pulse: T) -> AsyncGenerator[T]:
        """Yield what the work yields but None; `pulse` about once a second while there is nothing.

        The work runs on a thread, in its turn. Closing this or cancelling it closes the work at its
        next yield, and the place is free as soon as that is done.

        Raises:
            Exhausted: as many calls work and wait as may (WORKERS_BUSY).
        """
        async with aclosing(self._turn()) as turn:
            async for _ in turn:
                yield pulse
        told_seconds = -_PULSE_SECONDS
        ended = asyncio.Event()
        try:
            async with aclosing(iterate_in_thread(work, ended=ended.set)) as made:
                async for item in made:
                    now_seconds = time.monotonic()
                    if item is not None:
                        yield item
                    elif now_seconds - told_seconds >= _PULSE_SECONDS:
                        yield pulse
                        told_seconds = now_seconds
        finally:
            self._leave_after(ended)

    async def _turn(self) -> AsyncGenerator[None]:
        """Take a place, yielding now and then until there is one."""
        if self._inside >= self._most:
            raise self._all_taken()
        self._inside += 1
        taking = asyncio.ensure_future(self._free.acquire())
        try:
            while not (await asyncio.wait({taking}, timeout=_PULSE_SECONDS))[0]:
                yield
        except BaseException:
            self._inside -= 1
            if not taking.cancel():  # it had come just then
                self._free.release()
            raise

    def _leave_after(self, ended: asyncio.Event) -> None:
        """Give the place free as soon as the work has ended."""
        if ended.is_set():
            self._leave()
            return
        leaving = asyncio.create_task(self._wait_and_leave(ended))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _wait_and_leave(self, ended: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._stuck_seconds):
                await ended.wait()
        except TimeoutError:
            self._when_stuck()
            await ended.wait()
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._free.release()

    def _all_taken(self) -> Exhausted:
        return Exhausted(
            Reason.WORKERS_BUSY,
            f"{self._at_work} calls are at work and {self._inside - self._at_work} wait already; "
            "try again later",
            retry_after_seconds=_RETRY_SECONDS,
        )
