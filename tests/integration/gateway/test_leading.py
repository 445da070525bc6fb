"""Whoever takes the lead on a database has it alone, whatever the one before was at."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
import sqlalchemy as sa

import premade
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.durable import open_checkpoints
from s2v_gateway.records.database import open_database
from s2v_gateway.records.leading import Holder, fence, new_name
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock, lock_database, look_at_lock
from s2v_gateway.records.migrating import migrate

Open = Callable[[], sa.Engine]
LONG_SECONDS = 3600.0


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Open]:
    """Open the database as a gateway of its own each time."""
    premade.fill(postgres_url)
    engines: list[sa.Engine] = []

    def opening() -> sa.Engine:
        engines.append(open_database(postgres_url, name=new_name()))
        return engines[-1]

    yield opening
    for engine in engines:
        engine.dispose()


def lead(engine: sa.Engine, address: str = "a:1") -> DatabaseLock:
    lock = lock_database(engine)
    fence(engine, lock.name)
    lock.lead(address)
    return lock


def take_lock_away(engine: sa.Engine) -> None:
    """End the connection of the gateway that leads, as one does who finds it silent."""
    assert look_at_lock(engine, lease_seconds=0.0)
    while look_at_lock(engine, lease_seconds=0.0):
        pass


def test_who_led_before_can_neither_end_what_it_writes_nor_begin_anew(opened: Open) -> None:
    before, after, watcher = opened(), opened(), opened()
    lost = lead(before)
    writing = before.connect()
    writing.execute(sa.text("CREATE TABLE written (number integer)"))
    take_lock_away(watcher)

    taken = lead(after)

    with pytest.raises(sa.exc.OperationalError):
        writing.commit()
    with pytest.raises(sa.exc.OperationalError, match="another gateway has taken the lead"):
        before.connect()
    with pytest.raises(DatabaseInUse):
        lost.check()
    with after.connect() as connection:
        assert not sa.inspect(connection).has_table("written")
    taken.check()
    taken.release()
    writing.close()


def test_who_led_before_does_not_lead_again_when_the_lock_is_free_again(opened: Open) -> None:
    before, after, watcher = opened(), opened(), opened()
    lost = lead(before)
    take_lock_away(watcher)
    lead(after).release()

    for _ in range(2):
        with pytest.raises(DatabaseInUse):
            lost.check()

    assert look_at_lock(watcher, lease_seconds=LONG_SECONDS) is None


def test_who_lost_its_connection_and_nobody_took_the_lead_goes_on(opened: Open) -> None:
    engine, watcher = opened(), opened()
    lock = lead(engine)
    take_lock_away(watcher)

    lock.check()

    assert look_at_lock(watcher, lease_seconds=LONG_SECONDS) == Holder("a:1")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    lock.release()


def test_who_has_the_lock_and_does_not_lead_yet_is_waited_for(opened: Open) -> None:
    engine, watcher = opened(), opened()
    lock = lock_database(engine)

    assert look_at_lock(watcher, lease_seconds=0.0) == Holder("")

    lock.check()
    lock.lead("b:2")
    assert look_at_lock(watcher, lease_seconds=LONG_SECONDS) == Holder("b:2")
    lock.release()
    assert look_at_lock(watcher, lease_seconds=LONG_SECONDS) is None


def test_a_gateway_may_have_a_schema_of_its_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as setting_up:
        setting_up.execute("CREATE SCHEMA films")
    url, name = f"{postgres_url}&options=-csearch_path%3Dfilms", new_name()
    database, checkpoints = (
        open_database(url, name=name),
        open_checkpoints(url, Alarms(), name=name),
    )
    lock = lock_database(database)
    migrate(database)
    database.dispose()

    for engine in (database, checkpoints):
        fence(engine, name)
    lock.lead("a:1")

    for engine in (database, checkpoints):
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT current_schema()")) == "films"
        engine.dispose()
    lock.release()
