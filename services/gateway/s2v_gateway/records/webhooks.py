"""The table of webhooks: what is to be told where, and how that got on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
import structlog
from ulid import ULID

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Job, Order
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import reading
from s2v_gateway.records.job_lookup import is_number
from s2v_gateway.records.job_rows import LIVE_STATES, read_job
from s2v_gateway.records.tables import jobs, webhooks

_log = structlog.get_logger()


class WebhookState(StrEnum):
    """Where a delivery stands; the same names as in the contract."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """What is told of a job, and how that got on; `next_time` is set while it is to be sent."""

    delivery_id: str
    job_id: str
    url: str
    state: WebhookState
    attempts: int
    last_error: str
    next_time: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, with the job as it ended."""

    delivery_id: str
    tenant: str
    url: str
    attempts: int
    job: Job


def add_webhook(connection: sa.Connection, caller: Caller, order: Order, *, now: datetime) -> None:
    """Write down, together with a job, that its end is to be told."""
    values = {
        "id": str(ULID()),
        "job_id": order.job_id,
        "tenant": caller.tenant,
        "url": order.spec.webhook_url,
        "state": WebhookState.WAITING.value,
        "attempts": 0,
        "next_time": now,
        "last_error": "",
    }
    connection.execute(webhooks.insert().values(values))


class WebhookRecords:
    """Webhooks in a database. Methods block; every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def due(self, now: datetime, *, most: int) -> list[Due]:
        """Return deliveries of jobs that have ended whose time has come, the longest due first."""
        query = (
            sa.select(jobs, webhooks.c.id, webhooks.c.url, webhooks.c.attempts)
            .join(webhooks, webhooks.c.job_id == jobs.c.job_id)
            .where(
                webhooks.c.state == WebhookState.WAITING.value,
                webhooks.c.next_time <= now,
                jobs.c.state.not_in(LIVE_STATES),
                jobs.c.delete_time.is_(None),
            )
            .order_by(webhooks.c.next_time)
            .limit(most)
        )
        found = []
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                try:
                    job = read_job(row)
                except ValueError as error:
                    _log.error("a job cannot be read", job_id=row.job_id, cause=str(error))
                    continue
                found.append(Due(row.id, row.tenant, row.url, row.attempts, job))
        return found

    def delivered(self, due: Due) -> None:
        """Write down that a delivery was taken."""
        self._note(due, state=WebhookState.DELIVERED.value, last_error="")

    def failed(self, due: Due, error: str, next_time: datetime | None) -> None:
        """Write down that an attempt failed, and when the next one is; None gives it up."""
        state = WebhookState.GIVEN_UP if next_time is None else WebhookState.WAITING
        values = {"next_time": next_time} if next_time is not None else {}
        self._note(due, state=state.value, last_error=error, **values)

    def unwanted(self, due: Due, error: str) -> None:
        """Give up whatever of the tenant's still is to go to where one delivery went."""
        with self._engine.begin() as connection:
            connection.execute(
                webhooks.update()
                .where(
                    webhooks.c.tenant == due.tenant,
                    webhooks.c.url == due.url,
                    webhooks.c.state == WebhookState.WAITING.value,
                )
                .values(state=WebhookState.GIVEN_UP.value, last_error=error)
            )
        self.failed(due, error, None)

    def page(
        self, caller: Caller, *, size: int, token: str, states: Sequence[WebhookState]
    ) -> tuple[list[WebhookDelivery], str]:
        """Return a page of the caller's deliveries, the newest first, and the next page's token.

        Raises:
            InvalidInput: FIELD_INVALID, the token is none of ours.
        """
        query = (
            sa.select(webhooks, jobs.c.state.label("job_state"))
            .join(jobs, jobs.c.job_id == webhooks.c.job_id)
            .where(webhooks.c.tenant == caller.tenant, jobs.c.delete_time.is_(None))
            .order_by(webhooks.c.number.desc())
            .limit(size + 1)
        )
        if token:
            if not is_number(token):
                raise InvalidInput(
                    Reason.FIELD_INVALID,
                    f"page_token {token[:40]!r} was not given by this list; leave it empty",
                    field="page_token",
                )
            query = query.where(webhooks.c.number < int(token))
        if states:
            query = query.where(webhooks.c.state.in_([state.value for state in states]))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        next_token = str(rows[size - 1].number) if len(rows) > size else ""
        return [_delivery(row) for row in rows[:size]], next_token

    def _note(self, due: Due, **values: object) -> None:
        update = webhooks.update().where(webhooks.c.id == due.delivery_id)
        with self._engine.begin() as connection:
            connection.execute(update.values(attempts=due.attempts + 1, **values))


def _delivery(row: sa.Row[tuple[object, ...]]) -> WebhookDelivery:
    state = WebhookState(row.state)
    waits = state is WebhookState.WAITING and row.job_state not in LIVE_STATES
    return WebhookDelivery(
        delivery_id=row.id,
        job_id=row.job_id,
        url=row.url,
        state=state,
        attempts=row.attempts,
        last_error=row.last_error,
        next_time=row.next_time if waits else None,
    )
