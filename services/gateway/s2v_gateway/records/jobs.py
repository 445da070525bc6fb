"""The table of jobs and the history of what happened to them."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from s2v.core.errors import Conflict, Exhausted, InvalidInput, NotFound, Reason, S2VError
from s2v.core.job import Film, FilmStats, Job, JobSpec, JobState, Order, Progress, Stage
from s2v.core.ports import Notice
from s2v.core.script import LipSync
from s2v.rpc.errors import status_bytes, status_from_bytes
from s2v_gateway.records.database import UtcDateTime, metadata, reading

_jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.String(32), nullable=False, unique=True),
    sa.Column("request_id", sa.String(200), unique=True),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("order", sa.Text, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("progress", sa.Text, nullable=False),
    sa.Column("stage_seconds", sa.Text, nullable=False),
    sa.Column("notices", sa.Text, nullable=False),
    sa.Column("lip_sync", sa.String(16)),
    sa.Column("film", sa.Text),
    sa.Column("error", sa.LargeBinary),
    sa.Column("create_time", UtcDateTime, nullable=False),
    sa.Column("start_time", UtcDateTime),
    sa.Column("end_time", UtcDateTime),
    sa.Column("stats", sa.Text),
    sqlite_autoincrement=True,
)
_history = sa.Table(
    "job_history",
    metadata,
    sa.Column("job_id", sa.String(32), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("time", UtcDateTime, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
)

_ORDER = TypeAdapter(Order)
_SPEC = TypeAdapter(JobSpec)
_PROGRESS = TypeAdapter(Progress)
_STAGE_SECONDS = TypeAdapter(dict[Stage, float])
_NOTICES = TypeAdapter(tuple[Notice, ...])
_FILM = TypeAdapter(Film)
_STATS = TypeAdapter(FilmStats)
_EVENT: TypeAdapter["JobState | Notice"] = TypeAdapter(JobState | Notice)
_MAX_DIGITS = 18
_MAX_PAGE_CHARACTERS = 750_000
"""Of orders: four bytes a character at most, and a message may have 4 MiB."""
_LIVE_STATES = [s.value for s in JobState if not s.terminal]


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something lasting that happened to a job; sequences count up from 1 without gaps."""

    sequence: int
    time: datetime
    event: JobState | Notice


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job as it lies in the table, with what is needed to work on it."""

    job: Job
    order: Order
    live: bool


class Jobs:
    """Jobs in a database. Methods block; every method is one transaction."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        max_queued_jobs: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._max_queued_jobs = max_queued_jobs
        self._now = now

    def find_request(self, request_id: str, asked: JobSpec) -> Job | None:
        """Return the job that an earlier call with this id made, if there is one.

        Raises:
            Conflict: REQUEST_ID_REUSED, the earlier call asked for something else.
        """
        with reading(self._engine) as connection:
            row = _find(connection, _jobs.c.request_id == request_id)
        if row is None:
            return None
        if _SPEC.validate_json(row.asked) != asked:
            raise Conflict(
                Reason.REQUEST_ID_REUSED,
                f"request_id {request_id!r} was used for another job; choose a new one",
                field="request_id",
            )
        return _job(row)

    def accept(self, order: Order, *, asked: JobSpec, request_id: str, live: bool) -> Job:
        """Write down a job; once this returns it is never lost.

        Raises:
            Exhausted: QUEUE_FULL.
            Conflict: REQUEST_ID_REUSED, another call with this id was faster.
        """
        values = {
            "job_id": order.job_id,
            "request_id": request_id or None,
            "asked": _dump(_SPEC, asked),
            "order": _dump(_ORDER, order),
            "live": live,
            "state": JobState.QUEUED.value,
            "progress": _dump(_PROGRESS, Progress()),
            "stage_seconds": "{}",
            "notices": "[]",
            "create_time": self._now(),
        }
        try:
            with self._engine.begin() as connection:
                self._check_room(connection)
                connection.execute(_jobs.insert().values(values))
                self._append(connection, order.job_id, JobState.QUEUED)
                return _job(_need(connection, order.job_id))
        except sa.exc.IntegrityError as error:
            raise Conflict(
                Reason.REQUEST_ID_REUSED,
                f"request_id {request_id!r} is in use by another call; try again",
                field="request_id",
                retry_after_seconds=0.1,
            ) from error

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return _job(_need(connection, job_id))

    def accepted(self, job_id: str) -> Accepted:
        """Return a job together with its order.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return _accepted(_need(connection, job_id))

    def unfinished(self) -> list[Accepted]:
        """Return every job that has not ended, the oldest first."""
        query = sa.select(_jobs).where(_jobs.c.state.in_(_LIVE_STATES)).order_by(_jobs.c.number)
        with reading(self._engine) as connection:
            return [_accepted(row) for row in connection.execute(query)]

    def count(self) -> dict[JobState, int]:
        """Return how many jobs are in each state that has any."""
        query = sa.select(_jobs.c.state, sa.func.count()).group_by(_jobs.c.state)
        with reading(self._engine) as connection:
            return {JobState(state): number for state, number in connection.execute(query)}

    def page(self, *, size: int, token: str, states: Sequence[JobState]) -> tuple[list[Job], str]:
        """Return a page of jobs, the newest first, and the token of the next page or "".

        Raises:
            InvalidInput: FIELD_INVALID, the token is none of ours.
        """
        query = sa.select(_jobs).order_by(_jobs.c.number.desc()).limit(size + 1)
        if token:
            query = query.where(_jobs.c.number < _page_start(token))
        if states:
            query = query.where(_jobs.c.state.in_([s.value for s in states]))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        fitting = _fitting(rows)
        more = len(rows) > min(size, fitting)
        rows = rows[: min(size, fitting)]
        return [_job(row) for row in rows], str(rows[-1].number) if more else ""

    def history(self, job_id: str, after: int) -> list[HistoryEvent]:
        """Return what happened to a job after a sequence number."""
        query = (
            sa.select(_history)
            .where(_history.c.job_id == job_id, _history.c.sequence > after)
            .order_by(_history.c.sequence)
        )
        with reading(self._engine) as connection:
            return [
                HistoryEvent(r.sequence, r.time, _EVENT.validate_json(r.event))
                for r in connection.execute(query)
            ]

    def move(self, job_id: str, *, to: JobState, only_from: Sequence[JobState]) -> bool:
        """Put a job into another state if it is in one of the given ones; tell whether it was."""
        now = self._now()
        values: dict[str, object] = {"state": to.value}
        if to is JobState.RUNNING:
            values["start_time"] = sa.func.coalesce(_jobs.c.start_time, now)
        return self._move(job_id, to, only_from, values)

    def succeed(self, job_id: str, film: Film, progress: Progress) -> bool:
        """End a job with its film; tell whether it had not ended before."""
        values: dict[str, object] = {
            "film": _dump(_FILM, film),
            "progress": _dump(_PROGRESS, progress),
        }
        return self._end(job_id, JobState.SUCCEEDED, values)

    def fail(self, job_id: str, error: S2VError, *, cancelled: bool = False) -> bool:
        """End a job with an error; tell whether it had not ended before."""
        state = JobState.CANCELLED if cancelled else JobState.FAILED
        return self._end(job_id, state, {"error": status_bytes(error)})

    def note_progress(
        self, job_id: str, progress: Progress, stage_seconds: dict[Stage, float]
    ) -> None:
        """Keep how far a job is."""
        values = {
            "progress": _dump(_PROGRESS, progress),
            "stage_seconds": _dump(_STAGE_SECONDS, stage_seconds),
        }
        with self._engine.begin() as connection:
            connection.execute(
                _jobs.update()
                .where(_jobs.c.job_id == job_id, _jobs.c.state.in_(_LIVE_STATES))
                .values(values)
            )

    def note_lip_sync(self, job_id: str, lip_sync: LipSync) -> None:
        """Keep what drives the mouth."""
        with self._engine.begin() as connection:
            connection.execute(
                _jobs.update().where(_jobs.c.job_id == job_id).values(lip_sync=lip_sync.value)
            )

    def note_stats(self, job_id: str, stats: FilmStats) -> None:
        """Keep what was measured on the film."""
        with self._engine.begin() as connection:
            connection.execute(
                _jobs.update().where(_jobs.c.job_id == job_id).values(stats=_dump(_STATS, stats))
            )

    def note(self, job_id: str, notice: Notice) -> bool:
        """Keep a notice; tell whether it is new."""
        with self._engine.begin() as connection:
            known = _NOTICES.validate_json(_need(connection, job_id).notices)
            if notice in known:
                return False
            connection.execute(
                _jobs.update()
                .where(_jobs.c.job_id == job_id)
                .values(notices=_dump(_NOTICES, (*known, notice)))
            )
            self._append(connection, job_id, notice)
        return True

    def _end(self, job_id: str, state: JobState, values: dict[str, object]) -> bool:
        values |= {"state": state.value, "end_time": self._now()}
        unfinished = [s for s in JobState if not s.terminal]
        return self._move(job_id, state, unfinished, values)

    def _move(
        self,
        job_id: str,
        state: JobState,
        only_from: Sequence[JobState],
        values: dict[str, object],
    ) -> bool:
        update = (
            _jobs.update()
            .where(_jobs.c.job_id == job_id, _jobs.c.state.in_([s.value for s in only_from]))
            .values(values)
        )
        with self._engine.begin() as connection:
            moved = connection.execute(update).rowcount == 1
            if moved:
                self._append(connection, job_id, state)
        return moved

    def _append(self, connection: sa.Connection, job_id: str, event: JobState | Notice) -> None:
        latest = sa.select(sa.func.max(_history.c.sequence)).where(_history.c.job_id == job_id)
        connection.execute(
            _history.insert().values(
                job_id=job_id,
                sequence=(connection.execute(latest).scalar() or 0) + 1,
                time=self._now(),
                event=_dump(_EVENT, event),
            )
        )

    def _check_room(self, connection: sa.Connection) -> None:
        query = sa.select(sa.func.count()).where(_jobs.c.state.in_(_LIVE_STATES))
        if (connection.execute(query).scalar() or 0) >= self._max_queued_jobs:
            raise Exhausted(
                Reason.QUEUE_FULL,
                f"{self._max_queued_jobs} jobs wait or run already; try again later",
                retry_after_seconds=10.0,
            )


def new_job_id() -> str:
    """Make an id for a job: 32 hex digits."""
    return uuid.uuid4().hex


def job_id_of(name: str) -> str:
    """Return the id in a job's public name.

    Raises:
        NotFound: JOB_NOT_FOUND, the name is not of the form jobs/ID.
    """
    collection, _, job_id = name.partition("/")
    if collection != "jobs" or not job_id:
        raise NotFound(
            Reason.JOB_NOT_FOUND, f"no job {name!r}; names look like jobs/1f0c…", field="name"
        )
    return job_id


def _find(connection: sa.Connection, where: sa.ColumnElement[bool]) -> sa.Row[tuple[object]] | None:
    return connection.execute(sa.select(_jobs).where(where)).one_or_none()


def _need(connection: sa.Connection, job_id: str) -> sa.Row[tuple[object]]:
    row = _find(connection, _jobs.c.job_id == job_id)
    if row is None:
        raise NotFound(Reason.JOB_NOT_FOUND, f"no job jobs/{job_id}", field="name")
    return row


def _job(row: "sa.Row[tuple[object]]") -> Job:
    order = _ORDER.validate_json(row.order)
    return Job(
        job_id=row.job_id,
        spec=order.spec,
        state=JobState(row.state),
        create_time=row.create_time,
        progress=_PROGRESS.validate_json(row.progress),
        film=_FILM.validate_json(row.film) if row.film else None,
        error=status_from_bytes(row.error) if row.error else None,
        notices=_NOTICES.validate_json(row.notices),
        lip_sync=LipSync(row.lip_sync) if row.lip_sync else None,
        stage_seconds=_STAGE_SECONDS.validate_json(row.stage_seconds),
        start_time=row.start_time,
        end_time=row.end_time,
        stats=_STATS.validate_json(row.stats) if row.stats else None,
    )


def _accepted(row: "sa.Row[tuple[object]]") -> Accepted:
    return Accepted(_job(row), _ORDER.validate_json(row.order), row.live)


def _dump(adapter: TypeAdapter[Any], value: object) -> str:
    return adapter.dump_json(value).decode()


def _fitting(rows: Sequence[sa.Row[Any]]) -> int:
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
