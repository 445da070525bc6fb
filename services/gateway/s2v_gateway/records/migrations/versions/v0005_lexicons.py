"""Voices have lexicons."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Give every voice an empty one."""
    with op.batch_alter_table("voices") as voices:
        voices.add_column(sa.Column("lexicon", sa.Text, nullable=False, server_default="{}"))
    with op.batch_alter_table("voices") as voices:
        voices.alter_column("lexicon", server_default=None)
