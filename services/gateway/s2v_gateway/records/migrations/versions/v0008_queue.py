"""Jobs know how long they ran and what they make again; how long films took is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Begin to measure; jobs that run already have run for no time."""
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        jobs.add_column(sa.Column("run_seconds", sa.Double, nullable=False, server_default="0"))
        jobs.add_column(sa.Column("retry_of", sa.String(32)))
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        jobs.alter_column("run_seconds", server_default=None)
    op.create_table(
        "throughput",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("engine", sa.String(60), nullable=False),
        sa.Column("preset", sa.String(60), nullable=False),
        sa.Column("pixels", sa.BigInteger, nullable=False),
        sa.Column("film_seconds", sa.Double, nullable=False),
        sa.Column("work_seconds", sa.Double, nullable=False),
    )
