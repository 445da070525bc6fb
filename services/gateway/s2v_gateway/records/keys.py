"""The table of API keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from s2v_gateway.access.callers import Caller, Role
from s2v_gateway.access.credentials import digest_of, new_key
from s2v_gateway.records.database import reading
from s2v_gateway.records.tables import api_keys

_SEPARATOR = ","


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is kept nowhere.

    Attributes:
        caller: who shows it; its `key_id` names the key.
        label: what it is for, in the words of who made it.
        create_time: when it was made.
        expire_time: from when on it does not count; None for never.
        revoke_time: since when it does not count; None if it does.
    """

    caller: Caller
    label: str
    create_time: datetime
    expire_time: datetime | None
    revoke_time: datetime | None


class KeyRecords:
    """API keys in a database. Methods block; every method is one transaction."""

    def __init__(
        self, engine: sa.Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._now = now

    def make(
        self, caller: Caller, *, label: str = "", expire_time: datetime | None = None
    ) -> tuple[str, ApiKey]:
        """Make a key for a caller; return it, which is kept nowhere, and what is known of it."""
        key = new_key()
        values = {
            "id": str(ULID()),
            "sha256": digest_of(key),
            "tenant": caller.tenant,
            "subject": caller.subject,
            "roles": _SEPARATOR.join(sorted(caller.roles)),
            "label": label,
            "create_time": self._now(),
            "expire_time": expire_time,
        }
        insert = api_keys.insert().values(values).returning(api_keys)
        with self._engine.begin() as connection:
            return key, _read(connection.execute(insert).one())

    def revoke(self, key_id: str) -> ApiKey | None:
        """Have a key count no more; None if there is none of that id."""
        mine = api_keys.c.id == key_id
        revoke = api_keys.update().where(mine, api_keys.c.revoke_time.is_(None))
        with self._engine.begin() as connection:
            connection.execute(revoke.values(revoke_time=self._now()))
            row = connection.execute(sa.select(api_keys).where(mine)).one_or_none()
            return None if row is None else _read(row)

    def every(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        query = sa.select(api_keys).order_by(api_keys.c.create_time, api_keys.c.id)
        with reading(self._engine) as connection:
            return [_read(row) for row in connection.execute(query)]

    def find(self, digest: str) -> Caller | None:
        """Return whose key it is that has this digest, if it counts now."""
        query = sa.select(api_keys).where(
            api_keys.c.sha256 == digest,
            api_keys.c.revoke_time.is_(None),
            sa.or_(api_keys.c.expire_time.is_(None), api_keys.c.expire_time > self._now()),
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else _read(row).caller

    def any_made(self) -> bool:
        """Tell whether a key was ever made, though it was revoked or has expired since."""
        with reading(self._engine) as connection:
            return connection.execute(sa.select(api_keys.c.id).limit(1)).first() is not None


def _read(row: sa.Row[Any]) -> ApiKey:
    roles = frozenset(Role(role) for role in row.roles.split(_SEPARATOR))
    return ApiKey(
        caller=Caller(row.tenant, row.subject, roles, row.id),
        label=row.label,
        create_time=row.create_time,
        expire_time=row.expire_time,
        revoke_time=row.revoke_time,
    )
