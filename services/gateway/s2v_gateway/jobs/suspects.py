"""Work under which a service has died is done again, but not for ever, and not beside others."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog

from s2v.core.errors import Reason, Unavailable
from s2v.core.stages import ServiceDied
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import JobRecords

T = TypeVar("T")

MOST_DEATHS = 2
"""After so many deaths of whoever works on it, a piece of work is taken for what kills them."""
_ALONE_SECONDS = 20.0
"""Long enough for a service to come back and die again."""
_SERVICES = {"cut": "tts", "speak": "tts", "render": "render"}  # the others are the compositor's
_log = structlog.get_logger()


class Turns:
    """Lets work that is tried again begin one piece after the other, service by service.

    All that a service was at is suspected when it dies. What killed it dies alone the next time, so
    that work of others is not blamed for it.
    """

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn of a piece of work of that name; the next ones wait for a while."""
        taken = [self._locks[_SERVICES.get(name.partition("-")[0], "compositor")]]
        await taken[0].acquire()

        def release() -> None:
            if taken:
                taken.pop().release()

        over = asyncio.get_running_loop().call_later(_ALONE_SECONDS, release)
        try:
            yield
        finally:
            over.cancel()
            release()


@dataclass(frozen=True, slots=True)
class Suspects:
    """The work of one job, and how often whoever worked on it has died.

    Attributes:
        job_id: of the job.
        deaths: by the name of the piece of work, as far as they are written down.
        records: where they are written down, for the time after a restart of the gateway.
        turns: shared by all jobs.
    """

    job_id: str
    deaths: dict[str, int]
    records: JobRecords
    turns: Turns

    async def survived(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do a piece of work, and once more if a service dies of it.

        Raises:
            Unavailable: it did so too often (WORKER_LOST).
            S2VError: whatever the work raises.
        """
        while (deaths := self.deaths.get(name, 0)) < MOST_DEATHS:
            async with AsyncExitStack() as turn:
                if deaths:
                    await turn.enter_async_context(self.turns.turn(name))
                try:
                    return await work()
                except ServiceDied as death:
                    _log.warning("service died at work", work=name, cause=str(death))
                    self.deaths[name] = deaths + 1
                    await written(self.records.note_deaths, self.job_id, self.deaths)
        raise Unavailable(
            Reason.WORKER_LOST,
            f"a service died {MOST_DEATHS} times at work on this ({name}); its log may tell why",
        )
