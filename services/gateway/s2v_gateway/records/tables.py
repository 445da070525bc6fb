"""The gateway's tables; `migrations` brings a database to them."""

import sqlalchemy as sa

from s2v_gateway.records.database import UtcDateTime

metadata = sa.MetaData()
"""Every table of the gateway's own."""

MAX_REQUEST_ID_CHARACTERS = 100

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.String(32), nullable=False),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("request_id", sa.String(200)),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("order", sa.Text, nullable=False),
    sa.Column("with_media", sa.Boolean, nullable=False),
    sa.Column("script_open", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("progress", sa.Text, nullable=False),
    sa.Column("stage_seconds", sa.Text, nullable=False),
    sa.Column("notices", sa.Text, nullable=False),
    sa.Column("lip_cues", sa.String(16)),
    sa.Column("film", sa.Text),
    sa.Column("error", sa.LargeBinary),
    sa.Column("create_time", UtcDateTime, nullable=False),
    sa.Column("start_time", UtcDateTime),
    sa.Column("end_time", UtcDateTime, index=True),
    sa.Column("stats", sa.Text),
    sa.Column("delete_time", UtcDateTime, index=True),
    sa.Column("deaths", sa.Text, nullable=False),
    sa.UniqueConstraint("job_id", name="uq_jobs_job_id"),
    sa.UniqueConstraint("tenant", "subject", "request_id", name="uq_jobs_request"),
    sqlite_autoincrement=True,
)
"""`delete_time`: from then on nobody finds the job; its row goes when its work has ended."""

job_history = sa.Table(
    "job_history",
    metadata,
    sa.Column("job_id", sa.String(32), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("time", UtcDateTime, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
)

script_pieces = sa.Table(
    "script_pieces",
    metadata,
    sa.Column("job_id", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
"""The text of a job whose script was still being written when it was accepted."""

job_artifacts = sa.Table(
    "job_artifacts",
    metadata,
    sa.Column("job_id", sa.String(32), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True, index=True),
)
"""What a job works with and has made so far; gone when it needs them no more."""

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("media_type", sa.String(100), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("width_pixels", sa.Integer, nullable=False),
    sa.Column("height_pixels", sa.Integer, nullable=False),
    sa.Column("duration_seconds", sa.Double, nullable=False),
    sa.Column("create_time", UtcDateTime, nullable=False, index=True),
    sa.Column("use_time", UtcDateTime, nullable=False, index=True),
    sa.Column("job_id", sa.String(32), index=True),
)
"""`use_time`: when it was made or last named by a job; `job_id`: the job that made it."""

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("request_id", sa.String(MAX_REQUEST_ID_CHARACTERS)),
    sa.Column("media_type", sa.String(100), nullable=False),
    sa.Column("total_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("expire_time", UtcDateTime, nullable=False, index=True),
    sa.Column("asset_id", sa.String(32), index=True),
    sa.UniqueConstraint("tenant", "subject", "request_id", name="uq_uploads_request"),
)
