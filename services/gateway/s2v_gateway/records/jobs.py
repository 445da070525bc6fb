"""The table of jobs as those who work on them write it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from s2v.core.captions import SegmentCaptions
from s2v.core.errors import Conflict, Exhausted, Reason, S2VError
from s2v.core.job import Film, FilmStats, Job, JobSpec, JobState, Order, Progress, Reel, Stage
from s2v.core.ports import Notice
from s2v.core.script import LipCues
from s2v.rpc.errors import status_bytes
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.assets import asset_not_found
from s2v_gateway.records.database import insert_if_absent, reading
from s2v_gateway.records.job_rows import (
    DEATHS,
    EVENT,
    FILM,
    LIVE_STATES,
    NOTICES,
    ORDER,
    PROGRESS,
    SPEC,
    STAGE_SECONDS,
    STATS,
    Accepted,
    Event,
    dump,
    need_job,
    read_accepted,
    read_job,
)
from s2v_gateway.records.reels import forget_reels, read_reels, write_reel
from s2v_gateway.records.tables import assets, job_artifacts, job_history, jobs, script_pieces
from s2v_gateway.records.usage import UNLIMITED, Usage
from s2v_gateway.records.voice_rows import require_voice
from s2v_gateway.records.webhooks import add_webhook


class JobRecords:
    """Jobs in a database. Methods block; every method is one transaction."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        max_queued_jobs: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        usage: Usage = UNLIMITED,
    ) -> None:
        self._engine = engine
        self._max_queued_jobs = max_queued_jobs
        self._usage = usage
        self._now = now

    def accept(
        self,
        caller: Caller,
        order: Order,
        *,
        asked: JobSpec,
        request_id: str,
        with_media: bool,
        script_open: bool,
        retry_of: str = "",
    ) -> Job:
        """Write down a job of the caller's; once this returns it is never lost.

        Raises:
            Exhausted: QUEUE_FULL, QUOTA_EXCEEDED.
            NotFound: ASSET_NOT_FOUND, an asset was deleted since it was looked up.
            InvalidInput: VOICE_UNKNOWN, the voice was.
            Conflict: REQUEST_ID_REUSED, another call with this id was faster.
        """
        values = {
            "job_id": order.job_id,
            "tenant": caller.tenant,
            "subject": caller.subject,
            "request_id": request_id or None,
            "asked": SPEC.dump(asked),
            "order": ORDER.dump(order),
            "with_media": with_media,
            "script_open": script_open,
            "state": JobState.QUEUED.value,
            "progress": dump(PROGRESS, Progress()),
            "stage_seconds": "{}",
            "notices": "[]",
            "deaths": "{}",
            "run_seconds": 0.0,
            "retry_of": retry_of or None,
            "create_time": self._now(),
        }
        try:
            with self._engine.begin() as connection:
                self._check_room(connection)
                self._usage.check_jobs(connection, caller.tenant)
                self._usage.check_room(connection, caller.tenant)
                self._usage.check_film_seconds(connection, caller.tenant)
                connection.execute(jobs.insert().values(values))
                self._append(connection, order.job_id, JobState.QUEUED)
                self._take_inputs(connection, order)
                if order.spec.webhook_url:
                    add_webhook(connection, caller, order, now=self._now())
                if order.streamed:
                    piece = {"job_id": order.job_id, "number": 0, "text": order.spec.text}
                    connection.execute(script_pieces.insert().values(piece))
                return read_job(need_job(connection, order.job_id))
        except sa.exc.IntegrityError as error:
            raise Conflict(
                Reason.REQUEST_ID_REUSED,
                f"request_id {request_id!r} is in use by another call; try again",
                field="request_id",
                retry_after_seconds=0.1,
            ) from error

    def accepted(self, job_id: str) -> Accepted:
        """Return a job together with its order, even if it is being deleted.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return read_accepted(need_job(connection, job_id))

    def unfinished(self) -> list[str]:
        """Return the ids of the jobs that have not ended, the oldest first."""
        query = (
            sa.select(jobs.c.job_id).where(jobs.c.state.in_(LIVE_STATES)).order_by(jobs.c.number)
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def move(self, job_id: str, *, to: JobState, only_from: Sequence[JobState]) -> bool:
        """Put a job into another state if it is in one of the given ones; tell whether it was."""
        return self._move(job_id, to, only_from, {})

    def look_for_voice(self, accepted: Accepted) -> None:
        """See whether the voice is there that a job is to speak with when it has waited.

        Raises:
            InvalidInput: VOICE_UNKNOWN, it was deleted.
        """
        order = accepted.order
        if order.voice and accepted.job.state is JobState.QUEUED:
            with reading(self._engine) as connection:
                require_voice(connection, order.voice, order.spec.voice)

    def begin(self, job_id: str, order: Order) -> bool:
        """Put a job to work that waits, or was at work before a crash; tell whether it was so.

        Raises:
            InvalidInput: VOICE_UNKNOWN, its voice was deleted while it waited.
            Exhausted: QUOTA_EXCEEDED, the tenant was given all that it may have today meanwhile.
        """
        values: dict[str, object] = {"start_time": sa.func.coalesce(jobs.c.start_time, self._now())}
        only = (JobState.QUEUED, JobState.RUNNING)
        with self._engine.begin() as connection:
            row = need_job(connection, job_id)
            waits = row.state == JobState.QUEUED.value
            if waits:
                self._usage.check_film_seconds(connection, row.tenant)
            if waits and order.voice:
                require_voice(connection, order.voice, order.spec.voice)
            return self._move_in(connection, job_id, JobState.RUNNING, only, values)

    def succeed(
        self,
        job_id: str,
        film: Film,
        *,
        progress: Progress,
        stats: FilmStats,
        asset_rows: Iterable[dict[str, object]],
    ) -> bool:
        """End a job with its film and its files, which become assets; tell if it had not ended.

        A job that was deleted meanwhile is cancelled instead, and its film becomes nothing.
        """
        values: dict[str, object] = {
            "film": dump(FILM, film),
            "progress": dump(PROGRESS, progress),
            "stats": dump(STATS, stats),
        }
        only = (JobState.QUEUED, JobState.RUNNING)
        ended = self._ended(values)
        times = dict.fromkeys(("create_time", "use_time"), ended["end_time"])  # they end together
        with self._engine.begin() as connection:
            if need_job(connection, job_id).delete_time is not None:
                return False
            if not self._move_in(connection, job_id, JobState.SUCCEEDED, only, ended):
                return False
            tenant = need_job(connection, job_id).tenant
            self._usage.add_film_seconds(connection, tenant, film.frames / film.frame_rate)
            for asset_row in asset_rows:
                insert_if_absent(connection, assets, asset_row | times)
        return True

    def fail(self, job_id: str, error: S2VError, *, cancelled: bool = False) -> bool:
        """End a job with an error; tell whether it had not ended before."""
        state = JobState.CANCELLED if cancelled else JobState.FAILED
        unfinished = [s for s in JobState if not s.terminal]
        return self._move(job_id, state, unfinished, self._ended({"error": status_bytes(error)}))

    def note_progress(
        self,
        job_id: str,
        progress: Progress,
        stage_seconds: dict[Stage, float],
        run_seconds: float,
    ) -> None:
        """Keep how far a job is, and how long it has held a place."""
        values = {
            "progress": dump(PROGRESS, progress),
            "stage_seconds": dump(STAGE_SECONDS, stage_seconds),
            "run_seconds": run_seconds,
        }
        self._update(job_id, values, jobs.c.state.in_(LIVE_STATES))

    def note_deaths(self, job_id: str, deaths: Mapping[str, int]) -> None:
        """Keep how often a service has died at which piece of a job's work."""
        self._update(job_id, {"deaths": dump(DEATHS, deaths)})

    def note_lip_cues(self, job_id: str, cues: LipCues) -> None:
        """Keep what drives the mouth."""
        self._update(job_id, {"lip_cues": cues.value})

    def note_stats(self, job_id: str, stats: FilmStats) -> None:
        """Keep what was measured on the film, or why nothing was."""
        with self._engine.begin() as connection:
            update = jobs.update().where(jobs.c.job_id == job_id)
            if connection.execute(update.values(stats=dump(STATS, stats))).rowcount:
                self._append(connection, job_id, stats)

    def note(self, job_id: str, notice: Notice) -> bool:
        """Keep a notice; tell whether it is new."""
        with self._engine.begin() as connection:
            known = NOTICES.validate_json(need_job(connection, job_id).notices)
            if notice in known:
                return False
            notices = dump(NOTICES, (*known, notice))
            connection.execute(jobs.update().where(jobs.c.job_id == job_id).values(notices=notices))
            self._append(connection, job_id, notice)
        return True

    def note_captions(self, job_id: str, captions: SegmentCaptions) -> None:
        """Keep what is said in a segment, unless that was told before, as before a crash."""
        told = sa.select(job_history.c.sequence).where(
            job_history.c.job_id == job_id,
            job_history.c.event.startswith(f'{{"caption_segment":{captions.caption_segment},'),
        )
        with self._engine.begin() as connection:
            if connection.execute(told).first() is None:
                self._append(connection, job_id, captions)

    def hold(self, job_id: str, digests: Iterable[str], *, unfinished_only: bool = False) -> None:
        """Remember that a job needs these artifacts; until `release` nobody drops them."""
        with self._engine.begin() as connection:
            state = JobState(need_job(connection, job_id).state)
            if not (unfinished_only and state.terminal):
                self._hold(connection, job_id, digests)

    def keep_reel(self, job_id: str, segment: int, reel: Reel) -> None:
        """Remember the next reel of a segment."""
        with self._engine.begin() as connection:
            write_reel(connection, job_id, segment, reel)

    def reels(self, job_id: str) -> dict[int, list[Reel]]:
        """Return the reels of an unfinished job by segment, in order."""
        with reading(self._engine) as connection:
            return read_reels(connection, job_id)

    def release(self, job_id: str) -> list[str]:
        """Forget what a job needed, and return it."""
        delete = job_artifacts.delete().where(job_artifacts.c.job_id == job_id)
        with self._engine.begin() as connection:
            self._rewrite_order(connection, job_id, lambda order: replace(order, voice=None))
            forget_reels(connection, job_id)
            return list(connection.scalars(delete.returning(job_artifacts.c.sha256)))

    def append_text(self, job_id: str, number: int, text: str) -> None:
        """Keep the next piece of a script that is still being written; again, it is the same."""
        piece = {"job_id": job_id, "number": number, "text": text}
        with self._engine.begin() as connection:
            if not insert_if_absent(connection, script_pieces, piece):
                return
            self._rewrite_order(
                connection, job_id, lambda order: order.with_text(order.spec.text + text)
            )

    def close_script(self, job_id: str) -> None:
        """Say that a script is written to its end."""
        self._update(job_id, {"script_open": False})

    def text_pieces(self, job_id: str) -> tuple[list[str], bool]:
        """Return the pieces of a script that was open, in order, and whether more may come."""
        query = (
            sa.select(script_pieces.c.text)
            .where(script_pieces.c.job_id == job_id)
            .order_by(script_pieces.c.number)
        )
        with reading(self._engine) as connection:
            script_open = need_job(connection, job_id).script_open
            return list(connection.scalars(query)), script_open

    def _rewrite_order(
        self, connection: sa.Connection, job_id: str, change: Callable[[Order], Order]
    ) -> None:
        order = ORDER.load(need_job(connection, job_id).order)
        if (changed := change(order)) != order:
            connection.execute(
                jobs.update().where(jobs.c.job_id == job_id).values(order=ORDER.dump(changed))
            )

    def _take_inputs(self, connection: sa.Connection, order: Order) -> None:
        """Keep the artifacts that an order names; put the end of the assets they came as off.

        A film ends with its job, however it is used.

        Raises:
            NotFound: ASSET_NOT_FOUND, one was deleted since it was looked up.
            InvalidInput: VOICE_UNKNOWN, its voice was.
        """
        if order.voice:
            require_voice(connection, order.voice, order.spec.voice)
        digests = [artifact.sha256 for artifact in order.inputs]
        self._hold(connection, order.job_id, digests)
        for field, name in order.spec.assets.items():
            use = assets.update().where(assets.c.id == name.partition("/")[2])
            time = sa.case((assets.c.job_id.is_(None), self._now()), else_=assets.c.use_time)
            if not connection.execute(use.values(use_time=time)).rowcount:
                raise asset_not_found(name, field=field)

    def _hold(self, connection: sa.Connection, job_id: str, digests: Iterable[str]) -> None:
        for sha256 in set(digests):
            insert_if_absent(connection, job_artifacts, {"job_id": job_id, "sha256": sha256})

    def _ended(self, values: dict[str, object]) -> dict[str, object]:
        return values | {"end_time": self._now(), "script_open": False}

    def _update(
        self, job_id: str, values: Mapping[str, object], *where: sa.ColumnElement[bool]
    ) -> None:
        update = jobs.update().where(jobs.c.job_id == job_id, *where).values(values)
        with self._engine.begin() as connection:
            connection.execute(update)

    def _move(
        self, job_id: str, state: JobState, only_from: Sequence[JobState], values: dict[str, object]
    ) -> bool:
        with self._engine.begin() as connection:
            return self._move_in(connection, job_id, state, only_from, values)

    def _move_in(
        self,
        connection: sa.Connection,
        job_id: str,
        state: JobState,
        only_from: Sequence[JobState],
        values: dict[str, object],
    ) -> bool:
        update = (
            jobs.update()
            .where(jobs.c.job_id == job_id, jobs.c.state.in_([s.value for s in only_from]))
            .values(values | {"state": state.value})
        )
        moved = connection.execute(update).rowcount == 1
        if moved:
            self._append(connection, job_id, state)
        return moved

    def _append(self, connection: sa.Connection, job_id: str, event: Event) -> None:
        latest = sa.select(sa.func.max(job_history.c.sequence)).where(
            job_history.c.job_id == job_id
        )
        connection.execute(
            job_history.insert().values(
                job_id=job_id,
                sequence=(connection.execute(latest).scalar() or 0) + 1,
                time=self._now(),
                event=dump(EVENT, event),
            )
        )

    def _check_room(self, connection: sa.Connection) -> None:
        query = sa.select(sa.func.count()).where(jobs.c.state.in_(LIVE_STATES))
        if (connection.execute(query).scalar() or 0) >= self._max_queued_jobs:
            raise Exhausted(
                Reason.QUEUE_FULL,
                f"{self._max_queued_jobs} jobs wait or run already; try again later",
                retry_after_seconds=10.0,
            )
