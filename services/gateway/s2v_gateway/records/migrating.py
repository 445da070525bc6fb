"""Bring the database to the tables of this release, whichever release wrote it."""

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
    config = _config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _refuse_later_release(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: sa.Engine) -> bool:
    """Tell whether a database has the tables of this release."""
    with engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
    return there == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "s2v_gateway.records:migrations")
    return config


def _refuse_later_release(connection: sa.Connection, known: ScriptDirectory) -> None:
    there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and there not in {script.revision for script in known.walk_revisions()}:
        raise RuntimeError(
            f"the gateway's database is of a later release of S2V (its tables are {there}, this "
            f"release knows {known.get_current_head()}); start that release, or give another "
            "database"
        )
