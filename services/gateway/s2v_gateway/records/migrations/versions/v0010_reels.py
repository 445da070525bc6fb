"""Jobs know which reels of their clips were shown."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "job_reels",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("segment", sa.Integer, primary_key=True),
        sa.Column("first_frame", sa.Integer, primary_key=True),
        sa.Column("reel", sa.Text, nullable=False),
    )
