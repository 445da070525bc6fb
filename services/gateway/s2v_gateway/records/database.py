"""Open the gateway's database: a SQLite file by default, PostgreSQL by URL."""

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
import tenacity
from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    Table,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from s2v.core.errors import Exhausted, Reason
from s2v.rpc.finishing import in_thread
from s2v.rpc.patience import growing_delays
from s2v.store.space import storage_full

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger()
_BUSY_SECONDS = 30
_ID = re.compile(r"[0-9a-f]{32}|[0-9A-HJKMNP-TV-Z]{26}")
_FULL = frozenset({"SQLITE_FULL", "53100"})
_DEFERRED = "s2v_deferred"
NOTICING_LOSS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""For connections to PostgreSQL: a machine that is lost closes none, and is waited for else."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite, which knows no zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC.

        Raises:
            ValueError: the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_database(
    url: str, *, name: str = "", on_error: Callable[[ExceptionContext], None] | None = None
) -> Engine:
    """Open "sqlite:///path/to/file" or "postgresql://user@host/name"; create no tables.

    What a transaction of `engine.begin()` has committed survives the loss of power: PostgreSQL
    syncs each commit, and so does SQLite as set up here. On SQLite such a transaction holds the
    write lock from its start, so that reading first and writing then cannot fail halfway; what
    only reads should use `reading`.

    Connections to PostgreSQL are called `name` there. Whoever uses the engine gets `Exhausted`
    (STORAGE_FULL) when the database's disk is full; `on_error` is told of everything that goes
    wrong.

    Raises:
        ValueError: the URL names no database that the gateway can use.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            engine = _open_sqlite(parsed)
        case "postgresql" | "postgres":
            there = postgres_url(parsed, name)
            engine = create_engine(there, pool_pre_ping=True, connect_args=NOTICING_LOSS)
        case other:
            raise ValueError(
                f"the database {other!r} is not supported; use sqlite:///PATH or postgresql://..."
            )
    if on_error:
        event.listen(engine, "handle_error", on_error)  # first: who raises is the last to hear
    event.listen(engine, "handle_error", _name_full_disk)
    return engine


def postgres_url(url: URL, name: str) -> URL:
    """Return a URL of PostgreSQL with our driver, whose connections have that name if any."""
    named = url.update_query_dict({"application_name": name}) if name else url
    return named.set(drivername="postgresql+psycopg")


def close_database(engine: Engine) -> None:
    """Close every connection now; one that a thread still uses, when it gives it back."""
    event.listen(engine, "checkin", _invalidate)
    engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that only reads, and so never waits for a writer."""
    with engine.connect() as connection:
        yield connection.execution_options(**{_DEFERRED: True})


def insert_if_absent(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with an equal key is there; tell whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def id_in_name(name: str, collection: str) -> str | None:
    """Return the id, 32 hex digits, in a name such as "uploads/0123..."; None if it has none."""
    prefix, _, row_id = name.partition("/")
    return row_id if prefix == collection and _ID.fullmatch(row_id) else None


async def written(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do a transaction in a thread, again and again while the database is away or full.

    For what must not be lost because the database was restarted in the wrong moment; the work must
    be safe to do twice. Nothing is written any more once this has returned, or was cancelled.
    """
    trying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_is_away),
        wait=growing_delays,
        before_sleep=_tell_away,
    )
    return await trying(in_thread, work, *args, **kwargs)


def _invalidate(_: object, entry: ConnectionPoolEntry) -> None:
    entry.invalidate()


def _is_away(error: BaseException) -> bool:
    """Tell whether a transaction may succeed later: not if it names what is not there."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorname", None) != "SQLITE_ERROR"
    if isinstance(error, Exhausted):
        return error.reason is Reason.STORAGE_FULL
    return isinstance(error, InterfaceError | PoolTimeoutError)


def _tell_away(state: tenacity.RetryCallState) -> None:
    cause = state.outcome.exception() if state.outcome else None
    _log.warning("the database does not answer, trying again", cause=str(cause))


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database in memory loses accepted jobs; use sqlite:///PATH")
    _switch_to_wal(Path(url.database))
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _switch_to_wal(path: Path) -> None:
    """Let readers and a writer work side by side; kept in the file from then on.

    SQLite fails at once when two do this together, however long it was told to wait, so they
    queue at a lock on the folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    finally:
        os.close(folder)


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # or the driver begins transactions of its own
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    deferred = connection.get_execution_options().get(_DEFERRED, False)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")


def _name_full_disk(context: ExceptionContext) -> None:
    error = context.original_exception
    codes = (getattr(error, "sqlite_errorname", None), getattr(error, "sqlstate", None))
    if not _FULL.isdisjoint(codes):
        raise storage_full("the disk of the gateway's database", "no space left") from error
