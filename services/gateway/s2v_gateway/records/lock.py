"""One gateway works on a database: a lock that is held for life."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from s2v.store.locking import open_lock
from s2v_gateway.records.database import NOTICING_LOSS
from s2v_gateway.records.leading import Holder, find_holder, leads, take_lead

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
    """The lock of a database, as long as the process lives or until it is given back.

    Attributes:
        name: of the gateway that has it, and of its connections; "" where they have none.
    """

    name: str

    def lead(self, address: str) -> None:
        """Have nobody else write from now on, not even who had the lock before and lost it.

        Args:
            address: where other gateways reach this one; "" is nowhere.
        """

    def check(self) -> None:
        """See to it that the lock is still held.

        Raises:
            DatabaseInUse: it was lost, and another gateway holds it, or has led since.
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


def look_at_lock(engine: sa.Engine, *, lease_seconds: float) -> Holder | None:
    """Tell who has the lock of a PostgreSQL, and take it from who was silent for that long.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not answer, or never had a gateway that leads.
    """
    with engine.connect() as connection:
        return find_holder(connection, _KEY, lease_seconds=lease_seconds)


class _FileLock:
    """A lock on a file beside an SQLite database; it ends with the process."""

    name = ""

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

    def lead(self, address: str) -> None:
        """Do nothing: nobody else ever wrote."""

    def check(self) -> None:
        """Do nothing: such a lock is never lost."""

    def release(self) -> None:
        """Give it back."""
        os.close(self._descriptor)


class _ServerLock:
    """An advisory lock of PostgreSQL, on a connection that is used for nothing else."""

    def __init__(self, engine: sa.Engine) -> None:
        # Of its own: those of the gateway are refused where another one has led since.
        self._engine = sa.create_engine(
            engine.url, poolclass=sa.NullPool, connect_args=NOTICING_LOSS
        )
        self.name = str(engine.url.query.get("application_name", ""))
        self._leads = False
        self._connection = self._locked()

    def lead(self, address: str) -> None:
        """Take the lead over the connection, without which the lock is lost."""
        take_lead(self._connection, self.name, address)
        self._leads = True

    def check(self) -> None:
        """Ask over the connection; where it is lost, and the lock with it, lock anew."""
        try:
            is_ours = self._is_ours()
        except (sa.exc.DBAPIError, sa.exc.ResourceClosedError):
            self._drop_connection()
            self._connection = self._locked()
            is_ours = self._is_ours()
        if not is_ours:
            self.release()
            raise self._in_use()

    def release(self) -> None:
        """Give it back together with the connection, whose end the server sees a little later."""
        with suppress(sa.exc.DBAPIError, sa.exc.ResourceClosedError):  # then it is lost already
            self._connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})
        self._drop_connection()

    def _is_ours(self) -> bool:
        """Tell whether nobody else has led since; a sign of life, too."""
        if self._leads:
            return leads(self._connection, self.name)
        return self._connection.scalar(sa.text("SELECT true")) is True

    def _drop_connection(self) -> None:
        if not self._connection.closed:
            self._connection.invalidate()
            self._connection.close()

    def _locked(self) -> sa.Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for name, value in _ASKED_AFTER.items():
            connection.execute(sa.text(f"SET {name} = {value}"))
        locked = connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY})
        if not locked:
            connection.close()
            raise self._in_use()
        return connection

    def _in_use(self) -> DatabaseInUse:
        url = self._engine.url.difference_update_query(["application_name"])
        return _in_use(
            url.render_as_string(hide_password=True),
            "or have both share it (S2V_GATEWAY_PEER_LISTEN)",
        )


def _opened(path: str) -> int:
    try:
        return open_lock(Path(path))
    except OSError as error:
        raise DatabaseInUse(
            f"the lock of the gateway's database, {path}, cannot be opened "
            f"({error.strerror}); remove it if no gateway runs"
        ) from error


def _in_use(database: str, *remedies: str) -> DatabaseInUse:
    own = "database of its own (S2V_GATEWAY_DATA_DIR or S2V_GATEWAY_DATABASE_URL)"
    return DatabaseInUse(
        f"another gateway works on the database {database}; stop that one, or give this one a "
        + ", ".join((own, *remedies))
    )
