"""Every row has an owner, jobs can be deleted, scripts can be open, digests have holders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)
_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
# SQLite knows constraints without a name; alembic needs one to drop them.


def upgrade() -> None:
    """Give what is there to the one caller that there was, `local`."""
    _change_jobs()
    _change_uploads()  # before assets, which it refers to until then
    _change_assets()
    op.create_table(
        "script_pieces",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "job_artifacts",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
    )
    op.create_index("ix_job_artifacts_sha256", "job_artifacts", ["sha256"])
    _rename_what_was_said()


def _unique(table: str, column: str) -> str:
    """Return the name of the unique constraint that 0.1.0 made on a column."""
    if op.get_bind().dialect.name == "postgresql":
        return f"{table}_{column}_key"
    return _NAMES["uq"] % {"table_name": table, "column_0_name": column}


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant", sa.String(100), nullable=False, server_default="local"),
        sa.Column("subject", sa.String(200), nullable=False, server_default="local"),
    )


def _change_jobs() -> None:
    with op.batch_alter_table(
        "jobs", naming_convention=_NAMES, table_kwargs={"sqlite_autoincrement": True}
    ) as jobs:
        jobs.drop_constraint(_unique("jobs", "request_id"), type_="unique")
        jobs.drop_constraint(_unique("jobs", "job_id"), type_="unique")
        for column in _owner():
            jobs.add_column(column)
        jobs.add_column(
            sa.Column("script_open", sa.Boolean, nullable=False, server_default=sa.false())
        )
        jobs.add_column(sa.Column("delete_time", _TIME))
        jobs.alter_column("live", new_column_name="with_media")
        jobs.alter_column("lip_sync", new_column_name="lip_cues")
        jobs.create_unique_constraint("uq_jobs_job_id", ["job_id"])
        jobs.create_unique_constraint("uq_jobs_request", ["tenant", "subject", "request_id"])
        jobs.create_index("ix_jobs_end_time", ["end_time"])
        jobs.create_index("ix_jobs_delete_time", ["delete_time"])
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        for name in ("tenant", "subject", "script_open"):
            jobs.alter_column(name, server_default=None)


def _change_uploads() -> None:
    with op.batch_alter_table(
        "uploads",
        naming_convention=_NAMES | {"fk": "fk_%(table_name)s_%(column_0_name)s"},
    ) as uploads:
        postgresql = op.get_bind().dialect.name == "postgresql"
        foreign_key = "uploads_asset_id_fkey" if postgresql else "fk_uploads_asset_id"
        uploads.drop_constraint(foreign_key, type_="foreignkey")
        uploads.drop_constraint(_unique("uploads", "request_id"), type_="unique")
        for column in _owner():
            uploads.add_column(column)
        uploads.create_unique_constraint("uq_uploads_request", ["tenant", "subject", "request_id"])
        uploads.create_index("ix_uploads_asset_id", ["asset_id"])
    with op.batch_alter_table("uploads") as uploads:
        for name in ("tenant", "subject"):
            uploads.alter_column(name, server_default=None)


def _change_assets() -> None:
    with op.batch_alter_table("assets", naming_convention=_NAMES) as assets:
        assets.drop_constraint(_unique("assets", "sha256"), type_="unique")
        for column in _owner():
            assets.add_column(column)
        assets.add_column(sa.Column("use_time", _TIME))
        assets.add_column(sa.Column("job_id", sa.String(32)))
        assets.create_index("ix_assets_sha256", ["sha256"])
        assets.create_index("ix_assets_create_time", ["create_time"])
        assets.create_index("ix_assets_use_time", ["use_time"])
        assets.create_index("ix_assets_job_id", ["job_id"])
    op.execute("UPDATE assets SET use_time = create_time")
    with op.batch_alter_table("assets") as assets:
        assets.alter_column("use_time", existing_type=_TIME, nullable=False)
        for name in ("tenant", "subject"):
            assets.alter_column(name, server_default=None)


def _rename_what_was_said() -> None:
    """One notice has another code now."""
    for table, column in (("jobs", "notices"), ("job_history", "event")):
        op.execute(
            f"UPDATE {table} SET {column} = "  # noqa: S608 - our own words
            f"replace({column}, '\"LIP_SYNC_LOUDNESS\"', '\"LOUDNESS_ONLY\"')"
        )
