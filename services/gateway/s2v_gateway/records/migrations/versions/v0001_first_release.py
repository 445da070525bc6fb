"""The tables of release 0.1.0, which made them without alembic."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create what is not there; the last column of jobs came in the middle of 0.1.0."""
    there = sa.inspect(op.get_bind())
    if not there.has_table("jobs"):
        _create_jobs()
    elif "stats" not in {column["name"] for column in there.get_columns("jobs")}:
        op.add_column("jobs", sa.Column("stats", sa.Text))
    if not there.has_table("job_history"):
        _create_job_history()
    if not there.has_table("assets"):
        _create_assets()
    if not there.has_table("uploads"):
        _create_uploads()


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), nullable=False, unique=True),
        sa.Column("request_id", sa.String(200), unique=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("order", sa.Text, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("stage_seconds", sa.Text, nullable=False),
        sa.Column("notices", sa.Text, nullable=False),
        sa.Column("lip_sync", sa.String(16)),
        sa.Column("film", sa.Text),
        sa.Column("error", sa.LargeBinary),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("start_time", _TIME),
        sa.Column("end_time", _TIME),
        sa.Column("stats", sa.Text),
        sqlite_autoincrement=True,
    )


def _create_job_history() -> None:
    op.create_table(
        "job_history",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("time", _TIME, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
    )


def _create_assets() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("width_pixels", sa.Integer, nullable=False),
        sa.Column("height_pixels", sa.Integer, nullable=False),
        sa.Column("duration_seconds", sa.Double, nullable=False),
        sa.Column("create_time", _TIME, nullable=False),
    )


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("request_id", sa.String(100), unique=True),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("total_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("expire_time", _TIME, nullable=False, index=True),
        sa.Column("asset_id", sa.String(32), sa.ForeignKey("assets.id")),
    )
