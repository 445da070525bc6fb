"""Checkpoints that survive a crash, kept by DBOS in SQLite or PostgreSQL."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import sqlalchemy
from dbos import DBOS, DBOSConfig, SetWorkflowID
from pydantic import TypeAdapter

T = TypeVar("T")

# On Python 3.12 DBOS takes unixepoch('subsec') for granted, which the SQLite of Debian 12 and of
# Ubuntu 22.04 does not know.
_FIRST_WITH_SUBSEC = (3, 42)

Work = Callable[[str], Awaitable[None]]


class DurableCheckpoints:
    """The checkpoints of the workflow that calls it (`s2v_gateway.film.workflow.Checkpoints`)."""

    def take(self, name: str) -> "_DurableCheckpoint":
        """Take the next checkpoint: draws its number now, so that it may run at any later time."""
        return _DurableCheckpoint(name, DBOS.reserve_step())


class _DurableCheckpoint:
    """One DBOS step; its outcome is kept as JSON."""

    def __init__(self, name: str, step: Any) -> None:
        self._name = name
        self._step = step

    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        """Do the work, keep its outcome; or return the outcome that was kept."""
        adapter = TypeAdapter(kind)

        async def step() -> str:
            return adapter.dump_json(await work()).decode()

        return adapter.validate_json(await self._step.run_async({"name": self._name}, step))


class DurableJobs:
    """Runs `work(job_id)` to its end, over crashes and restarts, once for each job.

    There is one per process: DBOS keeps its state in the process.
    """

    def __init__(self, database_url: str, work: Work) -> None:
        if sqlite3.sqlite_version_info < _FIRST_WITH_SUBSEC:
            sqlalchemy.event.listen(sqlalchemy.Pool, "connect", _teach_subsec)
        # One version and one executor for ever: a job goes on in whatever release comes back up.
        config = DBOSConfig(
            name="s2v",
            system_database_url=database_url,
            application_version="1",
            executor_id="gateway",
            log_level="WARNING",
        )
        DBOS(config=config)

        @DBOS.workflow(name="film", max_recovery_attempts=None)
        async def film(job_id: str) -> None:
            await work(job_id)

        self._film = film

    def launch(self) -> None:
        """Open the database and go on with what was not finished; call it on the event loop."""
        DBOS.launch()

    async def start(self, job_id: str) -> None:
        """Start the work of a job; does nothing if it was started before."""
        with SetWorkflowID(job_id):
            await DBOS.start_workflow_async(self._film, job_id)

    async def outcomes(self, job_id: str) -> str:
        """Return the outcomes that a job's checkpoints have kept, as JSON one after the other."""
        steps = await DBOS.list_workflow_steps_async(job_id)
        return "".join(str(step["output"]) for step in steps)


def _teach_subsec(connection: object, _: object) -> None:
    """Make unixepoch('subsec') known to a connection, if it is one to SQLite."""
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", 1, lambda _: time.time())
