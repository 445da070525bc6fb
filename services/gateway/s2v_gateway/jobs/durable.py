"""Work and checkpoints that survive a crash, kept by DBOS in SQLite or PostgreSQL."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import sqlalchemy
from dbos import DBOS, DBOSConfig, SetWorkflowID
from ulid import ULID

from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.plain import PlainSerializer
from s2v_gateway.records.database import postgres_url
from s2v_gateway.records.versioned import Versioned

T = TypeVar("T")

# DBOS runs only what its own application version started, and a job shall go on in whatever release
# comes back up. So this one version is for ever; which list of steps a job follows, its order tells
# (`Order.steps`), and how an outcome is read, its schema version.
_APPLICATION_VERSION = "1"
# On Python 3.12 DBOS takes unixepoch('subsec') for granted, which the SQLite of Debian 12 and of
# Ubuntu 22.04 does not know.
_FIRST_WITH_SUBSEC = (3, 42)
_UNFINISHED = ["PENDING", "ENQUEUED"]
_LOOK_SECONDS = 0.05
_LOOKS_ALONE = 100
_BUSY_SECONDS = 30.0
_CONNECTIONS = 20
_END_IDLE_TRANSACTIONS = "-c idle_in_transaction_session_timeout=60s"

Work = Callable[[str], Awaitable[None]]


class DurableCheckpoints:
    """The checkpoints of the workflow that calls it (`s2v_gateway.film.workflow.Checkpoints`)."""

    def take(self, name: str) -> "_DurableCheckpoint":
        """Take the next checkpoint: draws its number now, so that it may run at any later time."""
        return _DurableCheckpoint(name, DBOS.reserve_step())


class _DurableCheckpoint:
    """One DBOS step; its outcome is kept as JSON with the version of its schema."""

    def __init__(self, name: str, step: Any) -> None:
        self._name = name
        self._step = step

    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        """Do the work, keep its outcome; or return the outcome that was kept."""
        outcomes = Versioned(kind)

        async def step() -> str:
            return outcomes.dump(await work())

        return outcomes.load(await self._step.run_async({"name": self._name}, step))


class DurableJobs:
    """Runs `work(job_id)` to its end, over crashes and restarts, once for each job.

    There is one per process: DBOS keeps its state in the process.

    Args:
        database: where DBOS keeps how far each job is (`open_checkpoints`); stays the caller's.
        work: called with the id of a job.
        max_threads: what DBOS may use for work that blocks; it makes these the event loop's, too.
    """

    def __init__(self, database: sqlalchemy.Engine, work: Work, *, max_threads: int) -> None:
        config = DBOSConfig(
            name="s2v",
            system_database_url=database.url.render_as_string(hide_password=False),
            system_database_engine=database,
            serializer=PlainSerializer(),
            application_version=_APPLICATION_VERSION,
            executor_id=f"gateway-{ULID()}",
            log_level="WARNING",
            max_executor_threads=max_threads,
        )
        DBOS(config=config)

        @DBOS.workflow(name="film", max_recovery_attempts=None)
        async def film(job_id: str) -> None:
            await work(job_id)

        self._film = film

    async def launch(self) -> None:
        """Open the database and go on with what is not finished; call it on the event loop.

        Whoever holds the database's lock is its only executor: what others began is this one's now.
        """
        DBOS.launch()
        unfinished = await DBOS.list_workflows_async(
            status=_UNFINISHED, load_input=False, load_output=False
        )
        for workflow in unfinished:
            await DBOS.resume_workflow_async(workflow.workflow_id)

    async def start(self, job_id: str) -> None:
        """Start the work of a job; does nothing if it was started before."""
        with SetWorkflowID(job_id):
            await DBOS.start_workflow_async(self._film, job_id)

    async def has_ended(self, job_id: str) -> bool:
        """Tell whether the work of a job has ended, well or not."""
        status = await DBOS.get_workflow_status_async(job_id)
        return status is not None and status.status not in _UNFINISHED

    async def go_on(self, job_id: str) -> None:
        """Start the work of a job, or go on with it, that nobody works on."""
        if await DBOS.get_workflow_status_async(job_id) is None:
            await self.start(job_id)
        else:
            await DBOS.resume_workflow_async(job_id)

    async def outcomes(self, job_id: str) -> str:
        """Return the outcomes that a job's checkpoints have kept, as JSON one after the other."""
        steps = await DBOS.list_workflow_steps_async(job_id)
        return "".join(str(step["output"]) for step in steps)

    async def forget(self, job_id: str, *, at_work: Callable[[], bool]) -> None:
        """Drop every record of a job, once its work has ended.

        Work that is not at an end and that nobody does, as after an end that could not be written
        down, is started again, which ends it.
        """
        alone = 0
        while (status := await DBOS.get_workflow_status_async(job_id)) is not None:
            if status.status not in _UNFINISHED:
                await DBOS.delete_workflows_async([job_id])
                return
            await asyncio.sleep(_LOOK_SECONDS)
            alone = 0 if at_work() else alone + 1
            if alone == _LOOKS_ALONE:
                await DBOS.resume_workflow_async(job_id)
                alone = 0


def open_checkpoints(database_url: str, alarms: Alarms, *, name: str = "") -> sqlalchemy.Engine:
    """Open the database of `DurableJobs` as DBOS would, but tell of its errors and wait for room.

    Args:
        database_url: as for `s2v_gateway.records.database.open_database`.
        alarms: told when that database fails.
        name: of the gateway, for its connections to PostgreSQL.
    """
    url = sqlalchemy.make_url(database_url)
    if url.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        sqlalchemy.event.listen(engine, "connect", _set_up_sqlite)
    else:
        engine = sqlalchemy.create_engine(
            postgres_url(url, name),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": f"{url.query.get('options', '')} {_END_IDLE_TRANSACTIONS}",
            },
        )
    sqlalchemy.event.listen(engine, "handle_error", alarms.hear)
    sqlalchemy.event.listen(engine, "handle_error", _wait_for_room)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # or two writers meet halfway
    connection.execute("PRAGMA foreign_keys=ON")
    if sqlite3.sqlite_version_info < _FIRST_WITH_SUBSEC:
        connection.create_function("unixepoch", 1, lambda _: time.time())


def _wait_for_room(context: sqlalchemy.ExceptionContext) -> None:
    """Name a full disk by what DBOS waits for: it would end the job otherwise."""
    error = context.original_exception
    if getattr(error, "sqlite_errorname", None) == "SQLITE_FULL":
        raise sqlalchemy.exc.TimeoutError("the disk of the gateway's database is full") from error
