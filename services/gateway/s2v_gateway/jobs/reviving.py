"""Look now and then for unfinished jobs that nobody works on, and bring them on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.durable import DurableJobs
from s2v_gateway.records.jobs import JobRecords

LOOK_SECONDS = 15.0

_log = structlog.get_logger()


class Reviving:
    """Finds jobs that were written down and never started, or whose work got lost.

    Args:
        records: tell what has not ended.
        durable: knows how far the work of a job is.
        alarms: told of what should not have happened.
        at_work: gives the ids of the jobs that this process works on.
        give_up: ends a job whose work has ended without writing that down.
    """

    def __init__(
        self,
        records: JobRecords,
        durable: DurableJobs,
        alarms: Alarms,
        *,
        at_work: Callable[[], Collection[str]],
        give_up: Callable[[str], Awaitable[None]],
    ) -> None:
        self._records = records
        self._durable = durable
        self._alarms = alarms
        self._at_work = at_work
        self._give_up = give_up
        self._idle: set[str] = set()

    async def look_forever(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the database may be away
                _log.warning("looking for lost jobs failed", exc_info=error)

    async def look(self) -> None:
        """Bring on the jobs on which nobody worked at the last look and nobody works now.

        Between two looks every job that was about to start has started.
        """
        unfinished = await asyncio.to_thread(self._records.unfinished)
        idle = set(unfinished) - set(self._at_work())
        lost, self._idle = idle & self._idle, idle
        for job_id in lost:
            try:
                await self._revive(job_id)
            except Exception as error:  # noqa: BLE001 - the others shall go on
                self._alarms.sound(f"job {job_id} lies still", error)

    async def _revive(self, job_id: str) -> None:
        if await self._durable.has_ended(job_id):
            self._alarms.sound(f"job {job_id}: its work ended without an end of the job")
            await self._give_up(job_id)
            return
        _log.warning("a job lay still, it goes on", job_id=job_id)
        await self._durable.go_on(job_id)
