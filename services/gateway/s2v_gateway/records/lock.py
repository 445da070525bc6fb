"""One gateway a database: a lock that is held for life."""

import fcntl
import os
import stat
from collections.abc import Callable

import sqlalchemy as sa

_KEY = 0x733276_10C4
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class DatabaseInUse(Exception):
    """Another gateway works on this database; the message says so and what to do."""


def lock_database(engine: sa.Engine) -> Callable[[], None]:
    """Lock a database against other gateways until the process ends or the lock is given back.

    Returns:
        What gives it back.

    Raises:
        DatabaseInUse: another gateway holds it, or the lock's file is none of ours.
    """
    if engine.dialect.name == "sqlite":
        return _lock_file(f"{engine.url.database}.lock")
    return _lock_server(engine)


def _lock_file(path: str) -> Callable[[], None]:
    try:
        descriptor = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        raise DatabaseInUse(
            f"the lock of the gateway's database, {path}, cannot be opened "
            f"({error.strerror}); remove it if no gateway runs"
        ) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        os.close(descriptor)
        raise DatabaseInUse(f"{path} is not a file of ours; remove it if no gateway runs")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise _in_use(f"{path.removesuffix('.lock')} (process {holder or 'unknown'})") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return lambda: os.close(descriptor)


def _lock_server(engine: sa.Engine) -> Callable[[], None]:
    """Hold an advisory lock of PostgreSQL on a connection that is used for nothing else."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    locked = connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY})
    if not locked:
        connection.close()
        raise _in_use(engine.url.render_as_string(hide_password=True))
    return lambda: connection.invalidate() or connection.close()  # type: ignore[func-returns-value]


def _in_use(database: str) -> DatabaseInUse:
    return DatabaseInUse(
        f"another gateway works on the database {database}; stop that one, or give this one a "
        "database of its own (S2V_GATEWAY_DATA_DIR or S2V_GATEWAY_DATABASE_URL)"
    )
