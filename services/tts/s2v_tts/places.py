"""Let so many calls work at once and so many wait, in the order they came; send others away."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
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
    """

    def __init__(self, at_work: int, waiting: int) -> None:
        self._at_work = at_work
        self._most = at_work + waiting
        self._inside = 0
        self._free = asyncio.Semaphore(at_work)

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
        async with aclosing(iterate_in_thread(work, ended=self._leave)) as made:
            async for item in made:
                now_seconds = time.monotonic()
                if item is not None:
                    yield item
                elif now_seconds - told_seconds >= _PULSE_SECONDS:
                    yield pulse
                    told_seconds = now_seconds

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
