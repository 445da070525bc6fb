"""One gateway a database: a lock that is held for life."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from s2v.store.locking import open_lock

_KEY = 0x733276_10C4
# A machine that is lost closes no connection. By default PostgreSQL finds that out after a quarter
# of an hour if it had just answered, else after two hours: so long its jobs would stand.
_ASKED_AFTER = {
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


class DatabaseInUse(Exception):
    """Another gateway works on this database; the message says so and what to do."""


class DatabaseLock(Protocol):
    """The lock of a database, as long as the process lives or until it is given back."""

    def check(self) -> None:
        """See to it that the lock is still held.

        Raises:
            DatabaseInUse: it was lost, and another gateway holds it.
            sqlalchemy.exc.OperationalError: the database does not answer.
        """

    def release(self) -> None:
        """Give it back."""


def lock_database(engine: sa.Engine) -> DatabaseLock:
    """Lock a database against other gateways.

    Raises:
        DatabaseInUse: another gateway holds it, or the lock's file is none of ours.
    """
    if engine.dialect.name == "sqlite":
        return _FileLock(f"{engine.url.database}.lock")
    return _ServerLock(engine)


class _FileLock:
    """A lock on a file beside an SQLite database; it ends with the process."""

    def __init__(self, path: str) -> None:
        self._descriptor = _opened(path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            database = path.removesuffix(".lock")
            raise _in_use(f"{database} (process {holder or 'unknown'})") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def check(self) -> None:
        """Do nothing: such a lock is never lost."""

    def release(self) -> None:
        """Give it back."""
        os.close(self._descriptor)


class _ServerLock:
    """An advisory lock of PostgreSQL, on a connection that is used for nothing else."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection = self._locked()

    def check(self) -> None:
        """Ask over the connection; where it is lost, and the lock with it, lock anew."""
        try:
            self._connection.execute(sa.text("SELECT 1"))
        except sa.exc.DBAPIError:
            self._connection.invalidate()
            self._connection.close()
            self._connection = self._locked()

    def release(self) -> None:
        """Give it back together with the connection, whose end the server sees a little later."""
        with suppress(sa.exc.DBAPIError):  # then it is lost already
            self._connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})
        self._connection.invalidate()
        self._connection.close()

    def _locked(self) -> sa.Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for name, value in _ASKED_AFTER.items():
            connection.execute(sa.text(f"SET {name} = {value}"))
        locked = connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY})
        if not locked:
            connection.close()
            raise _in_use(self._engine.url.render_as_string(hide_password=True))
        return connection


def _opened(path: str) -> int:
    try:
        return open_lock(Path(path))
    except OSError as error:
        raise DatabaseInUse(
            f"the lock of the gateway's database, {path}, cannot be opened "
            f"({error.strerror}); remove it if no gateway runs"
        ) from error


def _in_use(database: str) -> DatabaseInUse:
    return DatabaseInUse(
        f"another gateway works on the database {database}; stop that one, or give this one a "
        "database of its own (S2V_GATEWAY_DATA_DIR or S2V_GATEWAY_DATABASE_URL)"
    )
