"""What tenants have and were given, held against their quotas within somebody's transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from s2v_gateway.access.quotas import Quotas, quota_exceeded
from s2v_gateway.records.database import insert_if_absent
from s2v_gateway.records.job_rows import LIVE_STATES
from s2v_gateway.records.tables import assets, daily_usage, jobs, uploads, voices

_LOCK = 0x733277
_JOBS_SECONDS = 10.0
_KEPT = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Usage:
    """Holds tenants to their quotas. What a method refuses is QUOTA_EXCEEDED.

    Who asks whether there is room and then takes it does both in one transaction; no other one of
    the tenant's comes between.
    """

    quotas: Quotas = field(default_factory=Quotas)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def check_jobs(self, connection: sa.Connection, tenant: str) -> None:
        """Refuse a job more than the tenant may have wait and run.

        Raises:
            Exhausted: QUOTA_EXCEEDED.
        """
        limit = self.quotas.of(tenant).jobs
        if not limit:
            return
        _have_others_wait(connection, tenant)
        query = sa.select(sa.func.count()).where(
            jobs.c.tenant == tenant, jobs.c.state.in_(LIVE_STATES)
        )
        if connection.execute(query).scalar_one() >= limit:
            raise quota_exceeded(
                tenant,
                "jobs",
                limit,
                f"{limit} of your jobs wait or run already, which is as many as may; wait for one "
                "to end, or cancel one",
                retry_after_seconds=_JOBS_SECONDS,
            )

    def check_room(self, connection: sa.Connection, tenant: str, size_bytes: int = 0) -> None:
        """Refuse so many bytes more than the tenant may store; films that are over it stay.

        Raises:
            Exhausted: QUOTA_EXCEEDED.
        """
        limit = self.quotas.of(tenant).stored_bytes
        if not limit:
            return
        _have_others_wait(connection, tenant)
        stored = _stored_bytes(connection, tenant, self.now())
        if stored + max(size_bytes, 1) > limit:
            raise quota_exceeded(
                tenant,
                "stored_bytes",
                limit,
                f"you store {stored} bytes, with uploads on their way, and may store {limit}; "
                "delete assets, jobs or voices",
            )

    def check_film_seconds(self, connection: sa.Connection, tenant: str) -> None:
        """Refuse work for a tenant that was given all that it may have today.

        Raises:
            Exhausted: QUOTA_EXCEEDED.
        """
        limit = self.quotas.of(tenant).film_seconds_per_day
        if not limit:
            return
        now = self.now()
        today = _is_of(tenant, now.date())
        query = sa.select(daily_usage.c.film_seconds).where(*today)
        if (connection.execute(query).scalar() or 0.0) >= limit:
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
            raise quota_exceeded(
                tenant,
                "film_seconds_per_day",
                limit,
                f"the {limit:g} seconds of film that you may have a day were made today; the next "
                "day begins at midnight UTC",
                retry_after_seconds=(midnight - now).total_seconds(),
            )

    def add_film_seconds(self, connection: sa.Connection, tenant: str, seconds: float) -> None:
        """Take down that the tenant was given a film."""
        day = self.now().date()
        more = daily_usage.update().where(*_is_of(tenant, day))
        insert_if_absent(
            connection, daily_usage, {"tenant": tenant, "day": day, "film_seconds": 0.0}
        )
        connection.execute(more.values(film_seconds=daily_usage.c.film_seconds + seconds))
        connection.execute(daily_usage.delete().where(daily_usage.c.day < day - _KEPT))


UNLIMITED = Usage()
"""Where nobody sets quotas."""


def _is_of(tenant: str, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (daily_usage.c.tenant == tenant, daily_usage.c.day == day)


def _have_others_wait(connection: sa.Connection, tenant: str) -> None:
    """Let no other transaction take of a quota of the tenant's until this one has ended.

    On SQLite a transaction that writes has the whole database anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = sa.text("SELECT pg_advisory_xact_lock(:key, hashtext(:tenant))")
        connection.execute(lock, {"key": _LOCK, "tenant": tenant})


def _stored_bytes(connection: sa.Connection, tenant: str, now: datetime) -> int:
    coming = (uploads.c.asset_id.is_(None), uploads.c.expire_time > now)
    sums = (
        sa.select(sa.func.sum(assets.c.size_bytes)).where(assets.c.tenant == tenant),
        sa.select(sa.func.sum(voices.c.size_bytes)).where(voices.c.tenant == tenant),
        sa.select(sa.func.sum(uploads.c.total_bytes)).where(uploads.c.tenant == tenant, *coming),
    )
    return sum(int(connection.execute(query).scalar() or 0) for query in sums)
