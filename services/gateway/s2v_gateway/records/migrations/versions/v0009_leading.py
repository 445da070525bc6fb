"""Gateways that share a database know which of them leads."""

import sqlalchemy as sa
from alembic import op

from s2v_gateway.records.database import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Begin with none that leads."""
    op.create_table(
        "leading_gateway",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("lead_time", UtcDateTime, nullable=False),
    )
