"""One gateway works on a database at a time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway_world import Start
from ports import own_address
from s2v.testing.postgres import running_postgres
from s2v_gateway.records.database import open_database
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock, lock_database

HOLD = """
import sys
from s2v_gateway.records import database, lock
held = lock.lock_database(database.open_database(sys.argv[1]))
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def holder(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, database_url],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_that_another_process_holds_is_refused_with_its_holder_and_the_remedy(
    engine: sa.Engine, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(DatabaseInUse, match="stop that one, or give this one a") as raised:
        lock_database(engine)

    database = engine.url.database
    assert str(database) in str(raised.value)
    if engine.dialect.name == "sqlite":
        assert f"process {holder.pid}" in str(raised.value)


def test_the_password_of_the_database_is_not_told(postgres_url: str) -> None:
    url = sa.make_url(postgres_url).set(password="secret")
    first, second = (open_database(url.render_as_string(hide_password=False)) for _ in range(2))
    locked = lock_database(first)

    with pytest.raises(DatabaseInUse) as raised:
        lock_database(second)

    assert "secret" not in str(raised.value)
    locked.release()
    first.dispose()
    second.dispose()


def test_a_lock_ends_with_its_process(engine: sa.Engine, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    locked = locked_soon(engine)

    with pytest.raises(DatabaseInUse):
        lock_database(engine)
    locked.release()


def locked_soon(engine: sa.Engine) -> DatabaseLock:
    """Lock as soon as PostgreSQL has seen that the connection is gone."""
    while True:
        try:
            return lock_database(engine)
        except DatabaseInUse:
            if engine.dialect.name == "sqlite":
                raise


def test_a_lock_that_is_given_back_is_free(engine: sa.Engine) -> None:
    for _ in range(2):
        locked = lock_database(engine)
        with pytest.raises(DatabaseInUse):
            lock_database(engine)
        locked.release()


def test_two_databases_have_two_locks(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path}/{name}.db") for name in "ab"]

    for locked in [lock_database(engine) for engine in engines]:
        locked.release()
    for engine in engines:
        engine.dispose()


def test_the_database_can_be_used_while_it_is_locked(engine: sa.Engine) -> None:
    locked = lock_database(engine)

    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    locked.release()


def symlink(path: Path) -> None:
    path.with_name("victim").write_text("precious")
    path.symlink_to(path.with_name("victim"))


@pytest.mark.parametrize("make", [symlink, os.mkfifo, os.mkdir])
def test_what_is_no_file_of_ours_is_no_lock_and_nothing_waits_for_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    path = tmp_path / "gateway.db.lock"
    make(path)

    with pytest.raises(DatabaseInUse, match=r"gateway\.db\.lock.* remove it if no gateway runs"):
        lock_database(engine)

    engine.dispose()
    if path.is_symlink():
        assert path.read_text() == "precious"


async def test_a_second_gateway_over_the_same_folder_does_not_start(start: Start) -> None:
    await start()

    with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"):
        await start()


def test_a_lock_whose_connection_was_lost_is_taken_again(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    locked = lock_database(engine)
    lose_connections(engine)

    locked.check()

    other = open_database(postgres_url)
    with pytest.raises(DatabaseInUse):
        lock_database(other)
    locked.release()
    engine.dispose()
    other.dispose()


def test_a_lock_that_another_gateway_took_meanwhile_is_missed(postgres_url: str) -> None:
    engine, other = (open_database(postgres_url) for _ in range(2))
    locked = lock_database(engine)
    lose_connections(engine)
    taken = locked_soon(other)

    with pytest.raises(DatabaseInUse):
        locked.check()

    taken.release()
    engine.dispose()
    other.dispose()


def test_postgresql_finds_out_soon_that_a_machine_was_lost() -> None:
    port = int(own_address().rpartition(":")[2])
    with running_postgres(port=port) as url:
        engine = open_database(url)
        locked = lock_database(engine)

        assert seconds_to_keepalive(port) <= 10

        locked.release()
        engine.dispose()


def seconds_to_keepalive(port: int) -> float:
    """Return after how much more silence the server at a port asks whether its client lives."""
    keepalive = "02"
    while (timer := server_timer(port))[0] != keepalive:  # its last answer is still on the way
        time.sleep(0.01)
    return int(timer[1], 16) / 100


def server_timer(port: int) -> list[str]:
    """Return what the kernel waits for on the server's one connection, and how long."""
    established = "01"
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [timer] = [
        fields[5]
        for fields in sockets
        if fields[1].endswith(f":{port:04X}") and fields[3] == established
    ]
    return timer.split(":")


def lose_connections(engine: sa.Engine) -> None:
    """Have PostgreSQL end every other connection, as a restart of it does."""
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )


def test_a_second_gateway_on_one_database_ends_with_the_reason(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("S2V_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "S2V_HOME": str(tmp_path),
        "S2V_GATEWAY_LISTEN": "127.0.0.1:0",
        "S2V_GATEWAY_HTTP_LISTEN": "",
    }
    command = [sys.executable, "-m", "s2v_gateway.main"]
    first = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert first.stderr is not None
        assert any('"listening"' in line for line in first.stderr)

        second = subprocess.run(command, env=environment, capture_output=True, text=True)

        assert second.returncode == 1
        assert "another gateway works on the database" in second.stderr
        assert f"process {first.pid}" in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        first.kill()
        first.communicate()
