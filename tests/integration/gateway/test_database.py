"""The gateway's database does the same on SQLite and on PostgreSQL, whoever comes first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from s2v.core.errors import Exhausted, Reason
from s2v_gateway.records.database import (
    UtcDateTime,
    close_database,
    insert_if_absent,
    open_database,
    reading,
)
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.tables import assets

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ASSET = {
    "id": "0" * 32,
    "tenant": "local",
    "subject": "local",
    "sha256": "0" * 64,
    "media_type": "image/jpeg",
    "size_bytes": 5_000_000_000,
    "width_pixels": 640,
    "height_pixels": 480,
    "duration_seconds": 0.1,
    "create_time": NOON,
    "use_time": NOON,
    "job_id": None,
}


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = open_database(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


def test_a_connection_in_use_is_closed_when_it_comes_back(engine: sa.Engine) -> None:
    used = engine.connect()
    closed: list[object] = []
    sa.event.listen(engine, "close", lambda connection, _: closed.append(connection))

    close_database(engine)
    assert closed == []
    mine = used.connection.dbapi_connection
    used.close()
    assert closed == [mine]


def test_a_row_is_inserted_once(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert insert_if_absent(connection, assets, ASSET)
        assert not insert_if_absent(connection, assets, ASSET | {"size_bytes": 1})

    with reading(engine) as connection:
        assert connection.scalars(sa.select(assets.c.size_bytes)).all() == [5_000_000_000]


def test_what_failed_halfway_is_not_there(engine: sa.Engine) -> None:
    def insert_twice() -> None:
        with engine.begin() as connection:
            connection.execute(assets.insert().values(ASSET))
            connection.execute(assets.insert().values(ASSET))

    with pytest.raises(sa.exc.IntegrityError):
        insert_twice()

    with reading(engine) as connection:
        assert connection.execute(sa.select(assets)).all() == []


def test_times_come_back_in_utc_and_compare(engine: sa.Engine) -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    with engine.begin() as connection:
        connection.execute(assets.insert().values(ASSET | {"create_time": in_tokyo}))

    earlier = sa.select(assets.c.create_time).where(
        assets.c.create_time <= NOON.astimezone(timezone(timedelta(hours=-7)))
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
        writing.execute(assets.insert().values(ASSET))
        with reading(engine) as connection:
            assert connection.execute(sa.select(assets)).all() == []


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
    sa.event.listen(engine, "connect", lambda it, _: it.execute("PRAGMA max_page_count=100"))
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(assets.insert().values(ASSET))

    def write_too_much() -> None:
        with engine.begin() as connection:
            for number in range(1_000):
                other = {"id": f"{number:032}", "sha256": f"{number:064}"}
                insert_if_absent(connection, assets, ASSET | other)

    with pytest.raises(Exhausted, match=r"disk of the gateway's database.*free space") as raised:
        write_too_much()

    assert raised.value.reason == Reason.STORAGE_FULL
    with reading(engine) as connection:
        assert connection.scalars(sa.select(assets.c.id)).all() == [ASSET["id"]]
    engine.dispose()


def test_a_full_postgres_disk_is_named(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    disk_full = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"

    with engine.connect() as connection, pytest.raises(Exhausted, match="free space") as raised:
        connection.exec_driver_sql(disk_full)

    assert raised.value.reason == Reason.STORAGE_FULL
    assert "database is full" in raised.value.message
    assert "no room" in str(raised.value.__cause__)  # for the log

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
