"""The table of jobs as callers see it: each its own, and nothing that was deleted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog

from s2v.core.errors import Conflict, InvalidInput, Reason
from s2v.core.job import Job, JobSpec, JobState
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import id_in_name, reading
from s2v_gateway.records.job_rows import (
    EVENT,
    SPEC,
    Event,
    Row,
    find_job,
    job_not_found,
    read_job,
)
from s2v_gateway.records.tables import job_history, jobs

_log = structlog.get_logger()
_MAX_DIGITS = 18
_MAX_PAGE_CHARACTERS = 750_000
"""Of orders: four bytes a character at most, and a message may have 4 MiB."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something lasting that happened to a job; sequences count up from 1 without gaps."""

    sequence: int
    time: datetime
    event: Event


class JobLookup:
    """Finds jobs. Methods block; every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def find_request(
        self, caller: Caller, request_id: str, asked: JobSpec, *, retry_of: str = ""
    ) -> Job | None:
        """Return the job that an earlier call of the caller's with this id made, if there is one.

        Raises:
            Conflict: REQUEST_ID_REUSED, the earlier call asked for something else, or its job was
                deleted.
        """
        same = (
            jobs.c.tenant == caller.tenant,
            jobs.c.subject == caller.subject,
            jobs.c.request_id == request_id,
        )
        with reading(self._engine) as connection:
            row = find_job(connection, sa.and_(*same))
        if row is None:
            return None
        same_call = SPEC.load(row.asked) == asked and (row.retry_of or "") == retry_of
        if not same_call or row.delete_time is not None:
            raise Conflict(
                Reason.REQUEST_ID_REUSED,
                f"request_id {request_id!r} was used for another job; choose a new one",
                field="request_id",
            )
        return read_job(row)

    def id_of(self, caller: Caller, name: str) -> str:
        """Return the id of the caller's job of that name.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return str(_need(connection, caller, name).job_id)

    def get(self, caller: Caller, name: str) -> Job:
        """Return the caller's job of that name.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return read_job(_need(connection, caller, name))

    def count(self) -> dict[JobState, int]:
        """Return how many jobs of all callers are in each state that has any."""
        query = (
            sa.select(jobs.c.state, sa.func.count())
            .where(jobs.c.delete_time.is_(None))
            .group_by(jobs.c.state)
        )
        with reading(self._engine) as connection:
            return {JobState(state): number for state, number in connection.execute(query)}

    def page(
        self, caller: Caller, *, size: int, token: str, states: Sequence[JobState]
    ) -> tuple[list[Job], str]:
        """Return a page of the caller's jobs, the newest first, and the next page's token or "".

        A job whose row cannot be read, such as one of a later release, is left out.

        Raises:
            InvalidInput: FIELD_INVALID, the token is none of ours.
        """
        query = (
            sa.select(jobs)
            .where(jobs.c.tenant == caller.tenant, jobs.c.delete_time.is_(None))
            .order_by(jobs.c.number.desc())
            .limit(size + 1)
        )
        if token:
            query = query.where(jobs.c.number < _page_start(token))
        if states:
            query = query.where(jobs.c.state.in_([s.value for s in states]))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        shown = rows[: min(size, _fitting(rows))]
        more = len(rows) > len(shown)
        return list(_readable(shown)), str(shown[-1].number) if more else ""

    def history(self, job_id: str, *, after: int) -> list[HistoryEvent]:
        """Return what happened to a job after a sequence number."""
        query = (
            sa.select(job_history)
            .where(job_history.c.job_id == job_id, job_history.c.sequence > after)
            .order_by(job_history.c.sequence)
        )
        with reading(self._engine) as connection:
            return [
                HistoryEvent(r.sequence, r.time, EVENT.validate_json(r.event))
                for r in connection.execute(query)
            ]


def _readable(rows: Sequence[Row]) -> Iterator[Job]:
    for row in rows:
        try:
            yield read_job(row)
        except ValueError as error:
            _log.error("a job cannot be read", job_id=row.job_id, cause=str(error))


def _need(connection: sa.Connection, caller: Caller, name: str) -> Row:
    job_id = id_in_name(name, "jobs")
    row = job_id and find_job(
        connection,
        sa.and_(
            jobs.c.job_id == job_id,
            jobs.c.tenant == caller.tenant,
            jobs.c.delete_time.is_(None),
        ),
    )
    if not row:
        raise job_not_found(name)
    return row


def _fitting(rows: Sequence[Row]) -> int:
    """Return how many of the rows fit into one message, at least one."""
    characters = 0
    for index, row in enumerate(rows):
        characters += len(row.order)
        if characters > _MAX_PAGE_CHARACTERS and index:
            return index
    return len(rows)


def is_number(token: str) -> bool:
    """Tell whether a token that came from a client can be a number of ours."""
    return token.isascii() and token.isdecimal() and len(token) <= _MAX_DIGITS


def _page_start(token: str) -> int:
    if not is_number(token):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"page_token {token!r} was not given by ListJobs; leave it empty to start over",
            field="page_token",
        )
    return int(token)
