"""Open the gateway's database from beside it, whether a gateway works on it or not."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from s2v.core.errors import NotReady, Reason, Unavailable
from s2v_gateway.records.database import close_database, open_database
from s2v_gateway.records.lock import DatabaseInUse, lock_database
from s2v_gateway.records.migrating import is_current, migrate


@contextmanager
def visited(url: str) -> Iterator[sa.Engine]:
    """Give the database of that URL with the tables of this release, made if there are none.

    Raises:
        NotReady: SERVICE_UNAVAILABLE, a gateway of another release works on it, or wrote it.
        Unavailable: SERVICE_UNAVAILABLE, it cannot be opened.
    """
    try:
        engine = open_database(url)
        if not is_current(engine):
            _bring_up(engine)
    except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
        problem = f"the gateway's database cannot be opened: {getattr(error, 'orig', error)}"
        raise Unavailable(Reason.SERVICE_UNAVAILABLE, problem) from error
    try:
        yield engine
    finally:
        close_database(engine)


def _bring_up(engine: sa.Engine) -> None:
    try:
        lock = lock_database(engine)
    except DatabaseInUse as error:
        raise NotReady(
            Reason.SERVICE_UNAVAILABLE,
            "a gateway of another release works on this database; start it again, then try again",
        ) from error
    try:
        migrate(engine)
    except RuntimeError as error:  # a later release wrote it
        raise NotReady(Reason.SERVICE_UNAVAILABLE, str(error)) from error
    finally:
        lock.release()
