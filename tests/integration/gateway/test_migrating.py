"""Every database comes to the tables of this release, whichever release wrote it."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from s2v_gateway.records.database import open_database, reading
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.tables import metadata

HOME = Path(__file__).parents[2] / "data" / "home_0.1.0.tar.xz"
ID, SHA256 = "0" * 32, "a" * 64
OLD_ROWS = (
    "INSERT INTO assets VALUES"
    f" ('{ID}', '{SHA256}', 'image/png', 31, 640, 480, 0, '2026-01-02 03:04:05')",
    "INSERT INTO uploads VALUES"
    f" ('{'1' * 32}', 'r1', 'image/png', 31, '', '2026-01-03 03:04:05', '{ID}')",
    'INSERT INTO jobs (job_id, request_id, asked, "order", live, state, progress, stage_seconds,'
    " notices, lip_sync, create_time)"
    f" VALUES ('{'2' * 32}', 'r1', '{{}}', '{{}}', true, 'RUNNING', '{{}}', '{{}}',"
    """ '[{"code":"LIP_SYNC_LOUDNESS"}]', 'phonemes', '2026-01-02 03:04:05')""",
)


@pytest.fixture
def empty(database_url: str) -> Iterator[sa.Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def old(empty: sa.Engine) -> sa.Engine:
    """A database of release 0.1.0, which knew nothing of alembic, with a row of each kind."""
    make_old_tables(empty)
    return empty


@contextmanager
def unpacked(folder: Path) -> Iterator[sa.Engine]:
    """Give the database that release 0.1.0 left in its home."""
    with tarfile.open(HOME) as home:
        names = [name for name in home.getnames() if name.startswith("gateway/gateway.db")]
        home.extractall(folder, [home.getmember(name) for name in names], filter="data")
    engine = open_database(f"sqlite:///{folder}/gateway/gateway.db")
    yield engine
    engine.dispose()


def make_old_tables(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "s2v_gateway.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("DROP TABLE alembic_version"))
        for row in OLD_ROWS:
            connection.execute(sa.text(row.replace(":", "\\:")))


def differences(engine: sa.Engine) -> list[object]:
    """Tell how a database's tables differ from what the code takes them for."""

    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name in metadata.tables

    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": ours, "compare_type": True}
        )
        return list(compare_metadata(context, metadata))


def test_an_empty_database_gets_the_tables_that_the_code_knows(empty: sa.Engine) -> None:
    migrate(empty)

    assert differences(empty) == []
    assert set(sa.inspect(empty).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_a_database_of_the_first_release_gets_the_same_tables(old: sa.Engine) -> None:
    migrate(old)

    assert differences(old) == []


def test_the_home_of_the_first_release_gets_the_same_tables(tmp_path: Path) -> None:
    with unpacked(tmp_path) as engine:
        before = counted(engine)
        migrate(engine)

        assert differences(engine) == []
        assert {name: count for name, count in counted(engine).items() if name in before} == before
        assert before["jobs"] == 9


def counted(engine: sa.Engine) -> dict[str, int]:
    """Return how many rows each of our tables has."""
    with reading(engine) as connection:
        there = set(sa.inspect(connection).get_table_names()) & set(metadata.tables)
        count = sa.select(sa.func.count())
        return {
            name: connection.execute(count.select_from(sa.table(name))).scalar_one()
            for name in there
        }


def test_rows_of_the_first_release_get_the_owner_that_there_was(old: sa.Engine) -> None:
    migrate(old)

    with reading(old) as connection:
        for name in ("jobs", "assets", "uploads"):
            row = connection.execute(sa.select(metadata.tables[name])).one()
            assert (row.tenant, row.subject) == ("local", "local")
        asset = connection.execute(sa.select(metadata.tables["assets"])).one()
        assert (asset.id, asset.use_time, asset.job_id) == (ID, asset.create_time, None)
        upload = connection.execute(sa.select(metadata.tables["uploads"])).one()
        assert (upload.asset_id, upload.request_id) == (ID, "r1")
        job = connection.execute(sa.select(metadata.tables["jobs"])).one()
        assert (job.with_media, job.script_open, job.delete_time) == (True, False, None)
        assert (job.lip_cues, job.request_id) == ("phonemes", "r1")
        assert job.notices == '[{"code":"LOUDNESS_ONLY"}]'


def test_a_job_after_the_migration_gets_a_number_of_its_own(old: sa.Engine) -> None:
    migrate(old)

    jobs = metadata.tables["jobs"]
    with old.begin() as connection:
        first = connection.execute(sa.select(jobs)).one()._asdict()
        del first["number"]
        connection.execute(jobs.insert().values(first | {"job_id": "3" * 32, "request_id": None}))
        numbers = connection.scalars(sa.select(jobs.c.number).order_by(jobs.c.number)).all()
        connection.execute(jobs.delete().where(jobs.c.job_id == "3" * 32))
        connection.execute(jobs.insert().values(first | {"job_id": "4" * 32, "request_id": None}))
        last = connection.scalar(sa.select(sa.func.max(jobs.c.number)))

    assert numbers == [1, 2]
    assert last == 3  # a number is never given twice


def test_equal_request_ids_of_two_owners_and_equal_bytes_fit_in_from_then_on(
    old: sa.Engine,
) -> None:
    migrate(old)

    with old.begin() as connection:
        for name, other in (
            ("jobs", {"job_id": "3" * 32, "number": 9}),
            ("assets", {"id": "3" * 32}),
            ("uploads", {"id": "3" * 32}),
        ):
            table = metadata.tables[name]
            row = connection.execute(sa.select(table)).one()._asdict()
            connection.execute(table.insert().values(row | {"subject": "ann"} | other))


@pytest.mark.parametrize("name", ["jobs", "uploads"])
def test_a_request_id_is_used_once_by_each_owner(old: sa.Engine, name: str) -> None:
    migrate(old)

    table = metadata.tables[name]
    other = {"job_id": "3" * 32, "number": 9} if name == "jobs" else {"id": "3" * 32}

    def insert_again() -> None:
        with old.begin() as connection:
            row = connection.execute(sa.select(table)).one()._asdict()
            connection.execute(table.insert().values(row | other))

    with pytest.raises(sa.exc.IntegrityError):
        insert_again()


def test_migrating_again_changes_nothing(old: sa.Engine) -> None:
    migrate(old)
    with reading(old) as connection:
        before = connection.execute(sa.select(metadata.tables["jobs"])).all()

    migrate(old)

    with reading(old) as connection:
        assert connection.execute(sa.select(metadata.tables["jobs"])).all() == before
    assert differences(old) == []


def test_a_database_of_a_later_release_is_refused_and_left_alone(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(RuntimeError, match=r"later release .*9999.*start that release"):
        migrate(empty)

    with reading(empty) as connection:
        assert connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all() == [
            "9999"
        ]


def test_a_migration_that_fails_halfway_leaves_the_database_as_it_was(old: sa.Engine) -> None:
    with old.begin() as connection:
        connection.execute(sa.text("CREATE TABLE job_artifacts (job_id VARCHAR(32))"))

    with pytest.raises(sa.exc.DBAPIError):
        migrate(old)

    with reading(old) as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("jobs")}
        assert {"live", "lip_sync"} < columns
        assert not sa.inspect(connection).has_table("script_pieces")
    with old.begin() as connection:
        connection.execute(sa.text("DROP TABLE job_artifacts"))
    migrate(old)
    assert differences(old) == []


START = """
import sys
from s2v_gateway.records import database, migrating
print("ready", flush=True)
sys.stdin.readline()
migrating.migrate(database.open_database(sys.argv[1]))
"""


@pytest.mark.parametrize("there", ["nothing", "the first release"])
def test_processes_that_start_together_migrate_once(database_url: str, there: str) -> None:
    if there != "nothing":
        engine = open_database(database_url)
        make_old_tables(engine)
        engine.dispose()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START, database_url],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    complaints = [process.communicate()[1] for process in processes]

    assert complaints == ["", "", ""]
    engine = open_database(database_url)
    assert differences(engine) == []
    engine.dispose()
