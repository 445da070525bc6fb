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
    sa.Column("run_seconds", sa.Double, nullable=False),
    sa.Column("retry_of", sa.String(32)),
    sa.UniqueConstraint("job_id", name="uq_jobs_job_id"),
    sa.UniqueConstraint("tenant", "subject", "request_id", name="uq_jobs_request"),
    sqlite_autoincrement=True,
)
"""`delete_time`: from then on nobody finds the job; its row goes when its work has ended.

`run_seconds`: how long it has held a place; `retry_of`: the id of the job that it makes again.
"""

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

webhooks = sa.Table(
    "webhooks",
    metadata,
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
"""`next_time`: not before then is it sent, and not before its job has ended."""

voices = sa.Table(
    "voices",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("request_id", sa.String(MAX_REQUEST_ID_CHARACTERS)),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("backend", sa.String(60), nullable=False),
    sa.Column("language", sa.String(40), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("transcript", sa.Text, nullable=False),
    sa.Column("lexicon", sa.Text, nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.String(100), nullable=False),
    sa.Column("measures", sa.Text, nullable=False),
    sa.Column("notices", sa.Text, nullable=False),
    sa.Column("create_time", UtcDateTime, nullable=False),
    sa.Column("update_time", UtcDateTime, nullable=False),
    sa.UniqueConstraint("tenant", "name", name="uq_voices_name"),
    sa.UniqueConstraint("tenant", "subject", "request_id", name="uq_voices_request"),
)
"""`sha256` and what follows it: of the sample; `asked`: what the caller had asked for."""

throughput = sa.Table(
    "throughput",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("engine", sa.String(60), nullable=False),
    sa.Column("preset", sa.String(60), nullable=False),
    sa.Column("pixels", sa.BigInteger, nullable=False),
    sa.Column("film_seconds", sa.Double, nullable=False),
    sa.Column("work_seconds", sa.Double, nullable=False),
)
"""How long the newest films took; see `s2v_gateway.records.throughput`."""
leading_gateway = sa.Table(
    "leading_gateway",
    metadata,
    sa.Column("name", sa.String(63), primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("lead_time", UtcDateTime, nullable=False),
)
"""The one gateway that leads, and where others reach it; see `s2v_gateway.records.leading`."""

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("create_time", UtcDateTime, nullable=False),
    sa.Column("expire_time", UtcDateTime),
    sa.Column("revoke_time", UtcDateTime),
    sa.UniqueConstraint("sha256", name="uq_api_keys_sha256"),
)
"""`sha256`: of the whole key, which is kept nowhere. Rows stay: they say whose key it was."""

daily_usage = sa.Table(
    "daily_usage",
    metadata,
    sa.Column("tenant", sa.String(100), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("film_seconds", sa.Double, nullable=False),
)
"""What each tenant was given on a day of UTC; deleting it afterwards takes nothing from it."""
