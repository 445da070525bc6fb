"""Webhooks tell the ends of jobs."""

import sqlalchemy as sa
from alembic import op

from s2v_gateway.records.database import UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "webhooks",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False, index=True),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_time", UtcDateTime, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
