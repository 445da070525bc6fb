"""Rows of the table of jobs, to values and back."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from s2v.core.captions import SegmentCaptions
from s2v.core.errors import NotFound, Reason
from s2v.core.job import (
    Film,
    FilmStats,
    Job,
    JobSpec,
    JobState,
    Order,
    Progress,
    Stage,
)
from s2v.core.ports import Notice
from s2v.core.script import LipCues
from s2v.rpc.errors import status_from_bytes
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.tables import jobs
from s2v_gateway.records.versioned import Versioned

Row = sa.Row[Any]

ORDER = Versioned(Order)
SPEC = Versioned(JobSpec)
PROGRESS = TypeAdapter(Progress)
STAGE_SECONDS = TypeAdapter(dict[Stage, float])
NOTICES = TypeAdapter(tuple[Notice, ...])
DEATHS = TypeAdapter(dict[str, int])
FILM = TypeAdapter(Film)
STATS = TypeAdapter(FilmStats)
Event = JobState | Notice | SegmentCaptions | FilmStats
EVENT: TypeAdapter[Event] = TypeAdapter(Event)

LIVE_STATES = [state.value for state in JobState if not state.terminal]

_JOB = sa.select(jobs).where(jobs.c.job_id == sa.bindparam("job_id"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job as it lies in the table, with what is needed to work on it.

    `number` grows with every job that is accepted; `run_seconds` is how long it has held a place,
    `deaths` tells how often a service has died at which piece of its work.
    """

    job: Job
    order: Order
    caller: Caller
    deleted: bool
    deaths: dict[str, int]
    number: int
    run_seconds: float


def dump(adapter: TypeAdapter[Any], value: object) -> str:
    """Spell a value as JSON."""
    return adapter.dump_json(value).decode()


def find_job(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Row | None:
    """Return the one row that fits, deleted or not."""
    return connection.execute(sa.select(jobs).where(where)).one_or_none()


def need_job(connection: sa.Connection, job_id: str) -> Row:
    """Return a job's row.

    Raises:
        NotFound: JOB_NOT_FOUND.
    """
    row = connection.execute(_JOB, {"job_id": job_id}).one_or_none()
    if row is None:
        raise job_not_found(f"jobs/{job_id}")
    return row


def job_not_found(name: str) -> NotFound:
    """Return the error for a name that none of the caller's jobs has."""
    return NotFound(
        Reason.JOB_NOT_FOUND,
        f"there is no job {name!r}; it was deleted, has expired, or never was one of yours",
        field="name",
    )


def read_job(row: Row) -> Job:
    """Read a job."""
    order = ORDER.load(row.order)
    return Job(
        job_id=row.job_id,
        spec=order.spec,
        state=JobState(row.state),
        create_time=row.create_time,
        progress=PROGRESS.validate_json(row.progress),
        film=FILM.validate_json(row.film) if row.film else None,
        error=status_from_bytes(row.error) if row.error else None,
        notices=NOTICES.validate_json(row.notices),
        lip_cues=LipCues(row.lip_cues) if row.lip_cues else None,
        stage_seconds=STAGE_SECONDS.validate_json(row.stage_seconds),
        start_time=row.start_time,
        end_time=row.end_time,
        stats=STATS.validate_json(row.stats) if row.stats else None,
        with_media=row.with_media,
        retry_of=row.retry_of or "",
    )


def read_accepted(row: Row) -> Accepted:
    """Read a job together with its order."""
    return Accepted(
        read_job(row),
        ORDER.load(row.order),
        Caller(row.tenant, row.subject),
        deleted=row.delete_time is not None,
        deaths=DEATHS.validate_json(row.deaths),
        number=row.number,
        run_seconds=row.run_seconds,
    )
