"""The gateway's database does the same on SQLite and on PostgreSQL, whoever comes first."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from s2v.core.errors import Exhausted, Reason
from s2v.testing.postgres import postgres_server, postgres_url  # noqa: F401 (fixtures)
from s2v_gateway.assets.library import assets_table
from s2v_gateway.assets.uploads import uploads_table
from s2v_gateway.records.database import (
    UtcDateTime,
    create_tables,
    insert_if_absent,
    metadata,
    open_database,
    reading,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ASSET = {
    "id": "0" * 32,
    "sha256": "0" * 64,
    "media_type": "image/jpeg",
    "size_bytes": 5_000_000_000,
    "width_pixels": 640,
    "height_pixels": 480,
    "duration_seconds": 0.1,
    "create_time": NOON,
}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/new folder/gateway.db"


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_database(url)
    create_tables(engine)
    yield engine
    engine.dispose()


def test_columns_that_a_later_release_added_are_added_to_its_tables(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(assets_table.insert().values(ASSET))
        connection.execute(sa.text("ALTER TABLE assets DROP COLUMN media_type"))
    later = sa.MetaData()
    table = sa.Table(
        "assets",
        later,
        *(column._copy() for column in assets_table.columns if column.name != "media_type"),
        sa.Column("media type", sa.String(40)),
        sa.Column("seen_time", UtcDateTime),
    )
    for _ in range(2):
        create_tables(engine, later)
    with engine.begin() as connection:
        assert connection.execute(sa.select(table.c["media type"], table.c.seen_time)).one() == (
            None,
            None,
        )
        connection.execute(table.update().values({"media type": "a/b", "seen_time": NOON}))
    with reading(engine) as connection:
        assert connection.execute(sa.select(table.c.seen_time)).scalar_one() == NOON


def test_a_new_column_that_must_not_be_null_is_refused(engine: sa.Engine) -> None:
    later = sa.MetaData()
    sa.Table("assets", later, sa.Column("owner", sa.String(40), nullable=False))
    with pytest.raises(RuntimeError, match=r"assets\.owner"):
        create_tables(engine, later)


START = """
import sys
from s2v_gateway.assets import library
from s2v_gateway.records import database
print("ready", flush=True)
sys.stdin.readline()
database.create_tables(database.open_database(sys.argv[1]))
"""


def test_processes_that_start_together_make_the_tables_once(url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START, url],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    complaints = [process.communicate()[1] for process in processes]

    assert complaints == ["", "", "", ""]
    engine = open_database(url)
    assert set(sa.inspect(engine).get_table_names()) >= {"assets", "uploads"}
    engine.dispose()


def test_making_the_tables_again_keeps_the_rows(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(assets_table.insert().values(ASSET))

    create_tables(engine)

    with reading(engine) as connection:
        assert connection.execute(sa.select(assets_table)).one()._asdict() == ASSET


def test_a_row_is_inserted_once(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert insert_if_absent(connection, assets_table, ASSET)
        assert not insert_if_absent(connection, assets_table, ASSET | {"size_bytes": 1})

    with reading(engine) as connection:
        assert connection.scalars(sa.select(assets_table.c.size_bytes)).all() == [5_000_000_000]


def test_foreign_keys_are_enforced(engine: sa.Engine) -> None:
    values = {
        "id": "u",
        "media_type": "image/png",
        "total_bytes": 1,
        "sha256": "",
        "expire_time": NOON,
        "asset_id": "missing",
    }

    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(uploads_table.insert().values(values))


def test_what_failed_halfway_is_not_there(engine: sa.Engine) -> None:
    def insert_twice() -> None:
        with engine.begin() as connection:
            connection.execute(assets_table.insert().values(ASSET))
            connection.execute(assets_table.insert().values(ASSET))

    with pytest.raises(sa.exc.IntegrityError):
        insert_twice()

    with reading(engine) as connection:
        assert connection.execute(sa.select(assets_table)).all() == []


def test_times_come_back_in_utc_and_compare(engine: sa.Engine) -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    with engine.begin() as connection:
        connection.execute(assets_table.insert().values(ASSET | {"create_time": in_tokyo}))

    earlier = sa.select(assets_table.c.create_time).where(
        assets_table.c.create_time <= NOON.astimezone(timezone(timedelta(hours=-7)))
    )
    with reading(engine) as connection:
        (time,) = connection.scalars(earlier).all()

    assert time == NOON
    assert time.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(
            datetime(2026, 1, 1), sa.make_url("sqlite://").get_dialect()()
        )


def test_a_reader_does_not_wait_for_a_writer(engine: sa.Engine) -> None:
    with engine.begin() as writing:
        writing.execute(assets_table.insert().values(ASSET))
        with reading(engine) as connection:
            assert connection.execute(sa.select(assets_table)).all() == []


def test_sqlite_syncs_every_commit_and_lets_readers_in(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")

    with reading(engine) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_full_sqlite_disk_is_named_and_keeps_what_it_had(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    sa.event.listen(engine, "connect", lambda it, _: it.execute("PRAGMA max_page_count=20"))
    create_tables(engine)
    with engine.begin() as connection:
        connection.execute(assets_table.insert().values(ASSET))

    def write_too_much() -> None:
        with engine.begin() as connection:
            for number in range(1_000):
                other = {"id": f"{number:032}", "sha256": f"{number:064}"}
                insert_if_absent(connection, assets_table, ASSET | other)

    with pytest.raises(Exhausted, match=r"disk of the gateway's database.*free space") as raised:
        write_too_much()

    assert raised.value.reason == Reason.STORAGE_FULL
    with reading(engine) as connection:
        assert connection.scalars(sa.select(assets_table.c.id)).all() == [ASSET["id"]]
    engine.dispose()


def test_a_full_postgres_disk_is_named(postgres_url: str) -> None:  # noqa: F811
    engine = open_database(postgres_url)
    disk_full = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"

    with engine.connect() as connection, pytest.raises(Exhausted, match="no room"):
        connection.exec_driver_sql(disk_full)

    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_spelling_of_postgres_means_psycopg_3(scheme: str) -> None:
    engine = open_database(f"{scheme}://me@example.invalid/films")

    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.url.database == "films"


@pytest.mark.parametrize("url", ["mysql://me@db/films", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_cannot_be_used_is_refused_with_what_can(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        open_database(url)


def test_the_tables_belong_to_one_metadata() -> None:
    assert {"assets", "uploads"} <= set(metadata.tables)
