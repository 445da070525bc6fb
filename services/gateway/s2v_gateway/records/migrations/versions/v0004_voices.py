"""Callers have voices of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table of voices."""
    op.create_table(
        "voices",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("request_id", sa.String(100)),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("backend", sa.String(60), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("transcript", sa.Text, nullable=False),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("measures", sa.Text, nullable=False),
        sa.Column("notices", sa.Text, nullable=False),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("update_time", _TIME, nullable=False),
        sa.UniqueConstraint("tenant", "name", name="uq_voices_name"),
        sa.UniqueConstraint("tenant", "subject", "request_id", name="uq_voices_request"),
    )
    op.create_index("ix_voices_sha256", "voices", ["sha256"])
