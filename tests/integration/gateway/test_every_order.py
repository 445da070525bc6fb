"""Whatever comes first of a job's end, its cancelling and its deletion: nothing is left over.

All orders of the steps in which these work on the tables, on SQLite.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from fsspec.implementations.memory import MemoryFileSystem

from interleaving import Stage, play_all, told_again
from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, NotFound, Reason, S2VError
from s2v.core.job import JobSpec, JobState, Order
from s2v.core.ports import Continuity
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import LOCAL
from s2v_gateway.assets.library import Keeping, Library
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.jobs import running
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.expecting import Expecting
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.running import Studio
from s2v_gateway.jobs.scripts import OpenScripts
from s2v_gateway.jobs.surroundings import Surroundings
from s2v_gateway.records.database import close_database, open_database
from s2v_gateway.records.deletions import Deletions
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.jobs import JobRecords
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.tables import metadata
from s2v_gateway.records.throughput import ThroughputRecords

T = TypeVar("T")

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
FIRST, SECOND = "0" * 32, "1" * 32
PICTURE = b"a picture"
_FACTS = {
    "jobs": "SELECT job_id, state, delete_time IS NULL, stats FROM jobs ORDER BY number",
    "history": "SELECT job_id, sequence, event FROM job_history ORDER BY job_id, sequence",
    "needed": "SELECT job_id, sha256 FROM job_artifacts ORDER BY job_id, sha256",
    "assets": "SELECT job_id, sha256 FROM assets ORDER BY job_id, sha256",
}
_EMPTY = "".join(f'DELETE FROM "{table.name}";' for table in reversed(metadata.sorted_tables))
# The store under a checkpoint, a table and a log of their own, the file of a job that is gone.
_APART = frozenset({"_are_there", "note", "write", "remove"})
# What a job writes of itself on its way, where its way was tried before.
_ON_THE_WAY = _APART | {"hold"}


class _Checkpoint:
    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        return await work()


class _Checkpoints:
    def take(self, name: str) -> _Checkpoint:
        return _Checkpoint()


class _Works:
    """Does the work of each job once, as `DurableJobs` does, and remembers nothing."""

    def __init__(self, _: object, work: Callable[[str], Awaitable[None]], **__: object) -> None:
        self._work = work
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def launch(self) -> None:
        pass

    async def start(self, job_id: str) -> None:
        if job_id not in self.tasks:
            self.tasks[job_id] = asyncio.ensure_future(self._work(job_id))

    async def forget(self, job_id: str, **_: object) -> None:
        if job_id in self.tasks:
            await asyncio.wait({self.tasks[job_id]})
            del self.tasks[job_id]


@dataclass
class _World:
    """A studio over a database of its own, and what callers see of its jobs."""

    stage: Stage
    folder: Path
    engine: sa.Engine
    tables: sqlite3.Connection
    measures: bool
    deleted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tables.executescript(_EMPTY)
        self.blobs = MemoryFileSystem()
        self.blobs.store.clear()
        self.store = FsspecStore("memory://store")
        clock = lambda: NOW  # noqa: E731
        self.records = JobRecords(self.engine, max_queued_jobs=10, now=clock)
        self.lookup = JobLookup(self.engine)
        self.library = Library(self.engine, self.store, keeping=Keeping(), now=clock)
        self.failing: dict[str, S2VError] = {}
        self.stages = FakeStages(store=self.store, fail=self.failing)
        self.alarms = Alarms()
        self.audit = AuditLog(self.folder, max_bytes=0, max_files=0, complain=self.alarms.sound)
        self.studio = Studio(
            Surroundings(
                records=self.records,
                deletions=Deletions(self.engine, clock),
                library=self.library,
                store=self.store,
                stages=self.stages,
                feed=Feed(),
                live_media=LiveMedia(self.folder / "media"),
                scripts=OpenScripts(self.records),
                alarms=self.alarms,
                expecting=Expecting(ThroughputRecords(self.engine)),
                audit=self.audit,
                measuring=Measuring(self.stages) if self.measures else None,
            ),
            max_running_jobs=1,
            parallel_takes=1,
        )

    async def open(self, *job_ids: str) -> None:
        """Open the studio and accept jobs, in the usual order."""
        self.stage.act("open", self.studio.open(self.engine, max_threads=1))
        await self.stage.in_order()
        for job_id in job_ids:
            self._accept(job_id)

    def start(self, job_id: str) -> None:
        self.stage.act(f"start {job_id[0]}", self.studio.start(job_id))

    def cancel(self, job_id: str) -> None:
        self.stage.act(f"cancel {job_id[0]}", self.studio.cancel(job_id))

    def delete(self, job_id: str) -> None:
        self.stage.act(f"delete {job_id[0]}", self.studio.deleting.delete(LOCAL, f"jobs/{job_id}"))

    async def in_any_order(self) -> None:
        await self.stage.in_any_order(self.state, self.check)
        stuck = [name for name, actor in self.stage.actors.items() if not actor.done()]
        assert not stuck, f"these wait for ever: {stuck}"
        for actor in self.stage.actors.values():
            actor.result()

    def state(self) -> Hashable:
        """Return what decides how it goes on, beside what everybody has done."""
        runs = self.studio._running
        rows = [self.tables.execute(query).fetchall() for query in _FACTS.values()]
        facts = told_again(repr(rows))
        at_work = tuple((job_id, runs[job_id].task.cancelling()) for job_id in sorted(runs))
        return (hashlib.sha256(facts.encode()).digest(), at_work, len(self.studio.deleting._going))

    def check(self) -> None:
        """Look, as a caller does, after every step: nothing of a deleted job is to be seen."""
        hidden = self.tables.execute("SELECT job_id FROM jobs WHERE delete_time IS NOT NULL")
        self.deleted |= {job_id for (job_id,) in hidden.fetchall()}
        for job_id in self.deleted:
            with pytest.raises(NotFound):
                self.lookup.get(LOCAL, f"jobs/{job_id}")
        films = {asset.job_id for asset in self.library.page(LOCAL, size=50, token="")[0]}
        assert not films & self.deleted, "a film can be read whose job was deleted"

    def ended(self, job_id: str) -> JobState:
        """Make sure that a job has ended and holds nothing that it needs no more."""
        job = self.lookup.get(LOCAL, f"jobs/{job_id}")
        assert job.state.terminal, f"the job is {job.state} for ever"
        if job.film:
            assert b"".join(self.library.read(self.library.get(LOCAL, job.film.asset))) == b"film"
        assert self._count("job_artifacts", job_id) == 0
        return job.state

    def gone(self, job_id: str) -> None:
        """Make sure that nothing is left of a job."""
        for table in ("jobs", "job_history", "job_artifacts", "assets"):
            assert self._count(table, job_id) == 0, f"rows are left in {table}"

    def idle(self) -> None:
        """Make sure that nobody works, holds a place or waits, and only what is needed is kept."""
        assert not self.studio._running
        assert not self.studio._at_work
        line = self.studio.queue._line
        assert (dict(line.held), line.waiting) == ({}, set())
        kept = {path.rpartition("/")[2] for path in self.blobs.find("store/sha256")}
        assert kept == self.library.needed(kept)
        assert self.alarms.told() == []

    def _accept(self, job_id: str) -> None:
        sha256 = self.store.put([PICTURE], "image/png").sha256
        spec = JobSpec(text="a", reference="", engine="portrait", frame_rate=25)
        picture = Artifact(sha256, len(PICTURE), "image/png")
        order = Order(job_id, spec, picture, None, Continuity.INDEPENDENT, steps=2)
        self.records.accept(
            LOCAL, order, asked=spec, request_id="", with_media=False, script_open=False
        )

    def _count(self, table: str, job_id: str) -> int:
        query = f"SELECT count(*) FROM {table} WHERE job_id = ?"
        [[count]] = self.tables.execute(query, (job_id,)).fetchall()
        return int(count)


def _without_syncing(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setattr(running, "DurableJobs", _Works)
    monkeypatch.setattr(running, "DurableCheckpoints", _Checkpoints)
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    sa.event.listen(engine, "connect", _without_syncing)
    migrate(engine)
    yield engine
    close_database(engine)


Scenario = Callable[[_World], Coroutine[Any, Any, None]]


async def _cancelled_while_it_runs(world: _World) -> None:
    await world.open(FIRST)
    world.start(FIRST)
    world.cancel(FIRST)
    await world.in_any_order()
    assert world.ended(FIRST) in (JobState.SUCCEEDED, JobState.CANCELLED)
    world.idle()


async def _deleted_while_it_runs(world: _World) -> None:
    await world.open(FIRST)
    world.start(FIRST)
    world.delete(FIRST)
    await world.in_any_order()
    world.gone(FIRST)
    world.idle()


async def _ends_and_is_cancelled_and_deleted(world: _World) -> None:
    await world.open(FIRST)
    world.start(FIRST)
    await world.stage.until("succeed")
    world.cancel(FIRST)
    world.delete(FIRST)
    await world.in_any_order()
    world.gone(FIRST)
    world.idle()


async def _second_waits(world: _World) -> None:
    """Have the first job be about to leave its place; if the second one gets it, it soon fails."""
    await world.open(FIRST, SECOND)
    world.start(FIRST)
    world.start(SECOND)
    await world.stage.until("_write")  # the last progress
    assert world.studio.queue.waiting(SECOND)
    world.failing["cut"] = InvalidInput(Reason.FACE_NOT_FOUND, "no face")


async def _waits_and_is_deleted_while_another_one_ends(world: _World) -> None:
    await _second_waits(world)
    world.delete(SECOND)
    await world.in_any_order()
    assert world.ended(FIRST) is JobState.SUCCEEDED
    world.gone(SECOND)
    world.idle()


async def _waits_and_is_cancelled_while_another_one_ends(world: _World) -> None:
    await _second_waits(world)
    world.cancel(SECOND)
    await world.in_any_order()
    assert world.ended(FIRST) is JobState.SUCCEEDED
    assert world.ended(SECOND) in (JobState.FAILED, JobState.CANCELLED)
    world.idle()


@pytest.mark.parametrize(
    ("scenario", "measures", "apart"),
    [
        (_cancelled_while_it_runs, True, _APART),
        (_deleted_while_it_runs, False, _APART),
        (_ends_and_is_cancelled_and_deleted, False, _ON_THE_WAY),
        (_waits_and_is_deleted_while_another_one_ends, False, _ON_THE_WAY),
        (_waits_and_is_cancelled_while_another_one_ends, False, _ON_THE_WAY),
    ],
)
def test_nothing_is_left_over_in_any_order(
    engine: sa.Engine, tmp_path: Path, scenario: Scenario, measures: bool, apart: frozenset[str]
) -> None:
    async def played(stage: Stage) -> None:
        world = _World(stage, tmp_path / "world", engine, tables, measures)
        with closing(world.audit):
            await scenario(world)

    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as tables:
        tables.execute("PRAGMA synchronous=OFF")
        assert play_all(played, apart=apart) > 10
