"""Jobs that nobody shall find any more, until nothing of them is left."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa

from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import id_in_name, insert_if_absent, reading
from s2v_gateway.records.job_rows import LIVE_STATES, Row, job_not_found
from s2v_gateway.records.tables import (
    assets,
    job_artifacts,
    job_history,
    job_reels,
    jobs,
    script_pieces,
    uploads,
    webhooks,
)


class Deletions:
    """What of jobs is to go. Methods block; every method is one transaction."""

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def mark(self, caller: Caller, name: str) -> str:
        """Hide the caller's job of that name from everybody, and its film; return its id.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        job_id = id_in_name(name, "jobs")
        mine = (jobs.c.job_id == job_id, jobs.c.tenant == caller.tenant)
        if job_id is None or self._mark(*mine) is None:
            raise job_not_found(name)
        return job_id

    def mark_ended(self, job_id: str) -> Caller | None:
        """Hide a job that has ended; return its owner if that is new."""
        row = self._mark(jobs.c.job_id == job_id, jobs.c.state.not_in(LIVE_STATES))
        return None if row is None else Caller(row.tenant, row.subject)

    def marked(self) -> list[str]:
        """Return the ids of the jobs that are hidden and still there."""
        query = sa.select(jobs.c.job_id).where(jobs.c.delete_time.is_not(None))
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def ended_before(self, time: datetime) -> list[str]:
        """Return the ids of the jobs that ended before a time."""
        query = sa.select(jobs.c.job_id).where(jobs.c.end_time < time, jobs.c.delete_time.is_(None))
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def not_ended(self, job_ids: Collection[str], *, before: datetime) -> set[str]:
        """Return those of the jobs that had not ended before a time."""
        query = sa.select(jobs.c.job_id).where(
            jobs.c.job_id.in_(list(job_ids)),
            sa.or_(jobs.c.state.in_(LIVE_STATES), jobs.c.end_time >= before),
        )
        with reading(self._engine) as connection:
            return set(connection.scalars(query))

    def purge(self, job_id: str) -> set[str]:
        """Drop every row of a job, its films' among them; return the digests it had."""
        with self._engine.begin() as connection:
            films = _forget_films(connection, job_id)
            held = connection.scalars(
                job_artifacts.delete()
                .where(job_artifacts.c.job_id == job_id)
                .returning(job_artifacts.c.sha256)
            ).all()
            for table in (job_history, job_reels, script_pieces, webhooks, jobs):
                connection.execute(table.delete().where(table.c.job_id == job_id))
        return films | set(held)

    def _mark(self, *where: sa.ColumnElement[bool]) -> Row | None:
        """Hide a job; return whose it is if that is new."""
        update = jobs.update().where(*where, jobs.c.delete_time.is_(None))
        hide = update.values(delete_time=self._now()).returning(
            jobs.c.job_id, jobs.c.tenant, jobs.c.subject
        )
        with self._engine.begin() as connection:
            hidden = connection.execute(hide).one_or_none()
            if hidden is not None:
                # Their bytes are the job's own until they go with it; nobody finds them any more.
                for sha256 in _forget_films(connection, hidden.job_id):
                    held = {"job_id": hidden.job_id, "sha256": sha256}
                    insert_if_absent(connection, job_artifacts, held)
        return hidden


def _forget_films(connection: sa.Connection, job_id: str) -> set[str]:
    """Drop the assets that a job has made; return their digests."""
    films = connection.execute(
        assets.delete().where(assets.c.job_id == job_id).returning(assets.c.id, assets.c.sha256)
    ).all()
    gone = [film.id for film in films]
    connection.execute(uploads.delete().where(uploads.c.asset_id.in_(gone)))
    return {film.sha256 for film in films}
