"""Which gateway leads on a PostgreSQL that several share, so that no other one writes.

Every connection of a gateway has the gateway's name (`application_name`), and the one that leads
has a row. Whoever takes the lead replaces the row, then ends the connections of all who led before;
from then on a connection of theirs is refused as it is made (`fence`). So one that was frozen, cut
off or slow can neither end what it had begun to write nor begin anew.
"""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from s2v_gateway.records.tables import leading_gateway

_PREFIX = "s2v-gateway-"
_LOOK_SECONDS = 0.01

_REPLACE = sa.text(
    "WITH gone AS (DELETE FROM leading_gateway) "
    "INSERT INTO leading_gateway (name, address, lead_time) VALUES (:name, :address, now())"
)
_END_OTHERS = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND starts_with(application_name, :prefix) AND application_name <> :name"
)
_HOLDER = sa.text(
    "SELECT held.pid, leader.address, "
    "clock_timestamp() - session.state_change > make_interval(secs => :lease_seconds) AS silent "
    "FROM pg_locks held JOIN pg_stat_activity session ON session.pid = held.pid "
    "LEFT JOIN leading_gateway leader ON leader.name = session.application_name "
    "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 "
    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND held.classid = CAST(:high AS oid) AND held.objid = CAST(:low AS oid)"
)
_END = sa.text("SELECT pg_terminate_backend(:pid)")


def new_name() -> str:
    """Return a name for a gateway that starts."""
    return f"{_PREFIX}{ULID()}"


def take_lead(connection: sa.Connection, name: str, address: str) -> None:
    """Have the gateway of that name lead, and no other one write any more; blocks.

    Args:
        connection: holds the lock of the database.
        name: of the gateway, and of all its connections.
        address: where the other gateways reach it; "" is nowhere.
    """
    connection.execute(_REPLACE, {"name": name, "address": address})
    while connection.execute(_END_OTHERS, {"prefix": _PREFIX, "name": name}).all():
        time.sleep(_LOOK_SECONDS)  # nothing tells when a connection has ended


def leads(connection: sa.Connection, name: str) -> bool:
    """Tell whether the gateway of that name was the last to take the lead."""
    query = sa.select(leading_gateway.c.name).where(leading_gateway.c.name == name)
    return connection.execute(query).first() is not None


def fence(engine: sa.Engine, name: str) -> None:
    """Have the connections that an engine makes refused once another gateway has taken the lead."""
    if engine.dialect.name != "postgresql":
        return

    def refuse(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM leading_gateway WHERE name = %s", (name,))
            found = cursor.fetchone()
        connection.rollback()
        if found is None:
            connection.close()
            raise engine.dialect.loaded_dbapi.OperationalError(
                "another gateway has taken the lead on this database"
            )

    sa.event.listen(engine, "connect", refuse)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock of the database; an empty `address` tells that it does not lead yet."""

    address: str


def find_holder(connection: sa.Connection, key: int, *, lease_seconds: float) -> Holder | None:
    """Tell who has the lock of that key; None if nobody does.

    A gateway that leads and gave no sign of life for so many seconds, by the database's clock,
    loses it.
    """
    halves = {"high": key >> 32, "low": key & 0xFFFF_FFFF}
    row = connection.execute(_HOLDER, halves | {"lease_seconds": lease_seconds}).first()
    if row is None:
        return None
    if row.silent and row.address is not None:
        connection.execute(_END, {"pid": row.pid})
    return Holder(row.address or "")
