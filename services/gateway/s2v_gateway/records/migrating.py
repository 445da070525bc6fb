"""Bring the database to the tables of this release, whichever release wrote it."""

from functools import cache

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

_LOCK = 0x733276


def migrate(engine: sa.Engine) -> None:
    """Create or change the tables; safe when several processes do so at once.

    Raises:
        RuntimeError: a later release wrote the database.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        there = _revision(connection)
        if there == _known().get_current_head():
            return
        _refuse_later_release(there)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: sa.Engine) -> bool:
    """Tell whether a database has the tables of this release."""
    with engine.connect() as connection:
        return _revision(connection) == _known().get_current_head()


@cache
def _known() -> ScriptDirectory:
    """Return the steps of this release, each a file to load."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "s2v_gateway.records:migrations")
    return config


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_later_release(there: str | None) -> None:
    if there is not None and there not in {step.revision for step in _known().walk_revisions()}:
        raise RuntimeError(
            f"the gateway's database is of a later release of S2V (its tables are {there}, this "
            f"release knows {_known().get_current_head()}); start that release, or give another "
            "database"
        )
