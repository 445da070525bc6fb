"""Work under which a service has died is done again, but not for ever, and not beside others."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog

from s2v.core.errors import Reason, Unavailable
from s2v.core.stages import ServiceDied
from s2v.rpc.metrics import INPUTS_GIVEN_UP, SERVICE_DEATHS
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import JobRecords

T = TypeVar("T")

MOST_DEATHS = 2
"""After so many deaths with nothing else at work, a piece of work is taken for what kills."""
MOST_DEATHS_IN_COMPANY = 10
"""After so many deaths that others may have caused, it is given up all the same."""
_SERVICES = {"cut": "tts", "speak": "tts", "render": "render"}  # the others are the compositor's
_ALONE_SECONDS = {"tts": 20.0, "render": 20.0, "compositor": 6.0}
"""Long enough for a service to come back and die again; composing lasts as long as its job."""
_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Presence:
    """That a piece of work is at a service; `alone` if nothing else has been beside it."""

    alone: bool


class Turns:
    """Knows what is at each service, and has what is suspected begin there alone.

    All that a service was at is suspected when it dies: of what was there in company nobody knows
    whether it was the reason. What kills a service dies alone the next times.
    """

    def __init__(self) -> None:
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._present: defaultdict[str, set[Presence]] = defaultdict(set)

    @asynccontextmanager
    async def turn(self, name: str, *, suspected: bool) -> AsyncIterator[Presence]:
        """Let a piece of work of that name begin; behind a suspected one the door is shut a while.

        Who comes later waits until it has ended or its time alone is over, in the order of coming.
        """
        service = _service_at(name)
        door, present = self._doors[service], self._present[service]
        await door.acquire()
        shut = [door]

        def open_door() -> None:
            if shut:
                shut.pop().release()

        for other in present:
            other.alone = False
        presence = Presence(alone=not present)
        present.add(presence)
        alone_seconds = _ALONE_SECONDS[service] if suspected else 0.0
        over = asyncio.get_running_loop().call_later(alone_seconds, open_door)
        try:
            yield presence
        finally:
            present.discard(presence)
            over.cancel()
            open_door()


@dataclass(frozen=True, slots=True)
class Suspects:
    """The work of one job, and how often whoever worked on it has died.

    Attributes:
        job_id: of the job.
        deaths: by piece of work, as far as they are written down.
        records: where they are written down, for the time after a restart of the gateway.
        turns: shared by all jobs.
    """

    job_id: str
    deaths: dict[str, int]
    records: JobRecords
    turns: Turns

    async def survived(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do a piece of work, and again if a service dies of it or beside it.

        Raises:
            Unavailable: it did so too often (WORKER_LOST).
            S2VError: whatever the work raises.
        """
        service = _service_at(name)
        while not self._is_given_up(name):
            async with self.turns.turn(name, suspected=self._is_suspected(name)) as presence:
                try:
                    return await work()
                except ServiceDied as death:
                    where = f"{name}@{death.progress}" if presence.alone else f"{name}*"
                    is_blamed = death.progress is not None
                    SERVICE_DEATHS.labels(service).inc()
                    _log.warning("service died at work", work=where, cause=str(death))
            if not is_blamed:
                continue
            # Written when it has left, so that who comes next is not taken to be beside it.
            self.deaths[where] = self.deaths.get(where, 0) + 1
            await written(self.records.note_deaths, self.job_id, self.deaths)
        INPUTS_GIVEN_UP.labels(service).inc()
        raise Unavailable(
            Reason.WORKER_LOST,
            f"a service died again and again at work on this ({name}); its log may tell why",
        )

    def _is_suspected(self, name: str) -> bool:
        return any(where.startswith((f"{name}@", f"{name}*")) for where in self.deaths)

    def _is_given_up(self, name: str) -> bool:
        if self.deaths.get(f"{name}*", 0) >= MOST_DEATHS_IN_COMPANY:
            return True
        alone = (n for where, n in self.deaths.items() if where.startswith(f"{name}@"))
        return max(alone, default=0) >= MOST_DEATHS


def _service_at(name: str) -> str:
    """Return the service that does a piece of work of that name."""
    return _SERVICES.get(name.partition("-")[0], "compositor")
