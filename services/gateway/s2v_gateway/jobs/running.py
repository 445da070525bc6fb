"""Work on accepted jobs until each has ended, however often the process dies meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Engine

from s2v.core.errors import Cancelled, Internal, NotFound, Reason, S2VError
from s2v.core.job import Film, FilmStats, JobState, Order, StatsState, Waiting
from s2v_gateway.access.audit import AuditEntry
from s2v_gateway.access.callers import Caller
from s2v_gateway.events.feed import News
from s2v_gateway.film.workflow import make_film
from s2v_gateway.jobs.deadlines import within_time
from s2v_gateway.jobs.deleting import Deleting
from s2v_gateway.jobs.durable import DurableCheckpoints, DurableJobs
from s2v_gateway.jobs.estimating import Estimate
from s2v_gateway.jobs.holding import HeldCheckpoints, hold_outcomes
from s2v_gateway.jobs.queue import Queue
from s2v_gateway.jobs.reporting import Reporter
from s2v_gateway.jobs.results import Results
from s2v_gateway.jobs.reviving import Reviving
from s2v_gateway.jobs.surroundings import Surroundings
from s2v_gateway.jobs.suspects import Suspects, Turns
from s2v_gateway.jobs.telling import in_its_trace, tell_end, tell_film
from s2v_gateway.records.database import written
from s2v_gateway.records.job_rows import Accepted

_log = structlog.get_logger()

_PENDING = FilmStats(state=StatsState.PENDING)
_START_SECONDS = 5.0
_UNMEASURED = FilmStats(state=StatsState.NOT_MEASURED, reason="this server does not measure films")


@dataclass(frozen=True, slots=True)
class _Run:
    """A job at work in this process; `ended` is set when its end is written down.

    `refused` has the error with which it is to end although it has not begun.
    """

    task: asyncio.Task[None]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    refused: list[S2VError] = field(default_factory=list)


class Studio:
    """Runs jobs; all methods are called on one event loop.

    Args:
        around: what it works with.
        max_running_jobs: so many jobs at once; the others wait for their turn.
        max_running_jobs_per_tenant: so many of them of one tenant; 0 for all.
        parallel_takes: so many segments of one job at once.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        max_running_jobs: int,
        max_running_jobs_per_tenant: int = 0,
        parallel_takes: int,
    ) -> None:
        self._around = around
        self._records, self._feed = around.records, around.feed
        self.queue = Queue(
            max_running_jobs, per_tenant=max_running_jobs_per_tenant, tell=self._tell_waiting
        )
        self._parallel_takes = parallel_takes
        self._running: dict[str, _Run] = {}
        self._at_work: set[str] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._durable: DurableJobs | None = None
        self._reviving: Reviving | None = None
        self._closing = False
        self._turns = Turns()
        self._results = Results(around.library, around.store)
        self.deleting = Deleting(
            around.deletions,
            around.library,
            around.live_media,
            around.feed,
            stop=self._stop_for_good,
        )

    async def open(self, checkpoints: Engine, *, max_threads: int) -> None:
        """Go on with every job that has not ended, and with every deletion.

        `checkpoints` says how far each job is; the event loop has so many threads from then on.
        """
        unfinished = await asyncio.to_thread(self._records.unfinished)
        for job_id in unfinished:
            # Whoever wrote the script was cut off when the process ended.
            await self._around.scripts.close(job_id)
        self._durable = DurableJobs(checkpoints, self._work, max_threads=max_threads)
        self._reviving = Reviving(
            self._records,
            self._durable,
            self._around.alarms,
            at_work=lambda: self._at_work,
            give_up=self._give_up,
        )
        await self._around.expecting.open()
        for job_id in unfinished:
            await self._line_up(job_id)
        self.queue.open()
        await self._durable.launch()
        for job_id in unfinished:
            await self._hold_outcomes(job_id)
            # Written down, but perhaps the process died before its work was started.
            await self.start_again(job_id)
        await self.deleting.go_on()
        if unfinished:
            _log.info("jobs go on", jobs=len(unfinished))

    async def start(self, job_id: str) -> None:
        """Have a job that was just written down wait for its turn, and start its work."""
        await self._line_up(job_id)
        await self.start_again(job_id)

    async def start_again(self, job_id: str) -> None:
        """Start the work of a job that was written down; where that takes long it goes on beside.

        A job whose work does not start is started later: `look_forever`. One that was started
        before goes on as it is.
        """
        starting = asyncio.create_task(self._start(job_id))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        await asyncio.wait({starting}, timeout=_START_SECONDS)

    async def look(self) -> None:
        """Bring on jobs on which nobody works, as far as that was so at the last look too."""
        if self._reviving:
            await self._reviving.look()

    async def look_forever(self) -> None:
        """Look for such jobs now and then."""
        if self._reviving:
            await self._reviving.look_forever()

    def estimate(self, caller: Caller, order: Order) -> tuple[Estimate, float]:
        """Guess how much work an order is, and how many seconds it would wait if it came now."""
        newcomer = self._around.expecting.newcomer(caller, order)
        return self._around.expecting.estimate(order), self.queue.would_wait_seconds(newcomer)

    async def cancel(self, job_id: str) -> None:
        """Ask a job to stop; one that waits for a place has ended when this returns."""
        waited = await self._move(job_id, JobState.CANCELLING, JobState.QUEUED)
        if not waited and not await self._move(job_id, JobState.CANCELLING, JobState.RUNNING):
            return
        ended = self._stop(job_id)
        if waited and ended:
            await ended.wait()
        elif waited:
            # Its work has not begun in this process, and will find that there is nothing to do.
            self.queue.leave(job_id)
            await self._release(job_id)
            # Last: a job without an end is looked for, should this call be cut off.
            await self._end_cancelled(job_id)

    async def refuse(self, job_id: str, error: S2VError) -> None:
        """End a job that waits for a place and would fail when it had one."""
        if run := self._running.get(job_id):
            run.refused.append(error)
            run.task.cancel()
            await run.ended.wait()

    def close(self) -> None:
        """The process goes down: jobs stay as they are and go on when it is back."""
        self._closing = True
        self.queue.close()
        self._feed.close()

    async def abandon(self, job_id: str) -> None:
        """The client that a job belonged to is gone: cancel it, unless another one watches it.

        Nor is it cancelled when it is the gateway that goes.
        """
        if not self._closing and not self._feed.watched(job_id):
            await self.cancel(job_id)

    @property
    def _opened(self) -> DurableJobs:
        if self._durable is None:
            raise RuntimeError("the studio is not open")
        return self._durable

    async def _hold_outcomes(self, job_id: str) -> None:
        try:
            await hold_outcomes(job_id, self._records, await self._opened.outcomes(job_id))
        except Exception as error:  # noqa: BLE001 - the others shall go on
            self._around.alarms.sound(f"job {job_id}: its outcomes cannot be kept", error)

    async def _work(self, job_id: str) -> None:
        """Bring one job to its end; called again after a crash."""
        structlog.contextvars.bind_contextvars(job_id=job_id)
        self._at_work.add(job_id)
        try:
            async with in_its_trace(job_id, self._records):
                await self._accepted_work(job_id)
        except NotFound:
            _log.info("job was deleted before its work began")
        except Exception as error:  # noqa: BLE001 - the boundary of the work: no job may stick
            self._around.alarms.sound(f"job {job_id}: its work could not be ended", error)
            await self._give_up(job_id)
        finally:
            self.queue.leave(job_id)
            self._at_work.discard(job_id)

    async def _accepted_work(self, job_id: str) -> None:
        # Before its state is read: whoever changes that afterwards finds the run and stops it.
        run = self._running[job_id] = _Run(asyncio.create_task(self._run(job_id)))
        try:
            await self._to_its_end(job_id, run)
        finally:
            del self._running[job_id]
            run.ended.set()
        await self._release(job_id)

    async def _to_its_end(self, job_id: str, run: _Run) -> None:
        try:
            await run.task
        except asyncio.CancelledError:
            run.task.cancel()
            await asyncio.wait({run.task})
            if run.refused:
                await self._write(job_id, self._records.fail, run.refused[0])
                return
            if not await self._was_told_to_stop(job_id):
                raise  # the process is going down; the job goes on when it is back
            await self._end_cancelled(job_id)
        except S2VError as error:
            _log.warning("job failed", reason=error.reason.value, message=error.message)
            await self._write(job_id, self._records.fail, error)
        except Exception as error:  # noqa: BLE001 - the boundary of the job
            self._around.alarms.sound(f"job {job_id} crashed", error)
            await self._write(job_id, self._records.fail, _fault())

    async def _give_up(self, job_id: str) -> None:
        """End a job, if it has not ended, that nobody can work on."""
        try:
            await self._write(job_id, self._records.fail, _fault())
            await self._release(job_id)
        except Exception as error:  # noqa: BLE001 - it is tried again at every look
            self._around.alarms.sound(f"job {job_id}: its end cannot be written down", error)

    async def _run(self, job_id: str) -> None:
        accepted = await written(self._records.accepted, job_id)
        job, order = accepted.job, accepted.order
        if job.state is JobState.CANCELLING:
            raise asyncio.CancelledError
        if job.state.terminal and (job.stats is None or job.stats.state is not StatsState.PENDING):
            return
        checkpoints = HeldCheckpoints(
            job.job_id,
            DurableCheckpoints(),
            self._records,
            self._around.store,
            Suspects(job.job_id, accepted.deaths, self._records, self._turns),
        )
        reporter = Reporter(
            accepted, self._records, self._feed, self._around.live_media, self._around.alarms
        )
        make = partial(
            make_film,
            order,
            self._around.stages,
            checkpoints,
            reporter.report,
            read_piece=partial(self._around.scripts.read, job.job_id) if order.streamed else None,
            media=reporter.keep_media if job.with_media else None,
            reels=checkpoints.reels if job.with_media else None,
            write_captions=self._results.write_captions,
            parallel_takes=self._parallel_takes,
        )
        film = await self._film(accepted, make, reporter)
        if film is not None and order.steps > 1:
            await self._measure(accepted, film, reporter, checkpoints)

    async def _film(
        self, accepted: Accepted, make: Callable[[], Awaitable[Film]], reporter: Reporter
    ) -> Film | None:
        """Return the job's film; None if it was told to stop in the last moment."""
        job_id = accepted.job.job_id
        if accepted.job.state.terminal:
            await make()  # only remembers; what was spoken is to be known again
            return accepted.job.film
        # Whoever deletes it after this look finds the run and refuses it.
        await written(self._records.look_for_voice, accepted)
        candidate = self._around.expecting.candidate(accepted)
        async with self.queue.place(candidate, reporter.seconds_left):
            if not await self._moved(job_id, partial(self._records.begin, order=accepted.order)):
                raise asyncio.CancelledError  # it was told to stop before it could hear of it
            _log.info("job runs")
            async with reporter.saving(), within_time(accepted.order.spec, reporter):
                film = await make()
            # In its place: what it adds to its tenant's day counts for whoever is called next.
            return await self._end_succeeded(accepted, film, reporter)

    async def _measure(
        self, accepted: Accepted, film: Film, reporter: Reporter, checkpoints: HeldCheckpoints
    ) -> None:
        if self._around.measuring is None:
            return
        step = checkpoints.take("measure")
        stats = await self._around.measuring.measure(
            accepted.order, film, reporter.meter.speeches, step
        )
        await self._write(accepted.job.job_id, self._records.note_stats, stats)

    async def _end_succeeded(
        self, accepted: Accepted, film: Film, reporter: Reporter
    ) -> Film | None:
        job, job_id = accepted.job, accepted.job.job_id
        film, rows = self._results.assets(accepted.caller, film, job_id)
        stats = _PENDING if self._around.measuring else _UNMEASURED
        progress = reporter.meter.finished()
        if not await written(
            self._records.succeed, job_id, film, progress=progress, stats=stats, asset_rows=rows
        ):
            await self._end_cancelled(job_id)
            return None
        _log.info("job succeeded", frames=film.frames)
        tell_film(film, reporter.run_seconds)
        made = AuditEntry({"job": job.name, "asset": film.asset, "sha256": film.video.sha256})
        await asyncio.to_thread(self._around.audit.write, accepted.caller, "film", made)
        self._feed.tell(job_id, News(history=True))
        await self._around.expecting.learn(accepted.order, film, reporter.run_seconds)
        return film

    async def _end_cancelled(self, job_id: str) -> None:
        error = Cancelled(Reason.JOB_CANCELLED, "the job was cancelled")
        await self._write(job_id, partial(self._records.fail, cancelled=True), error)
        _log.info("job cancelled")

    async def _was_told_to_stop(self, job_id: str) -> bool:
        accepted = await written(self._records.accepted, job_id)
        return accepted.deleted or accepted.job.state in (JobState.CANCELLING, JobState.CANCELLED)

    async def _move(self, job_id: str, to: JobState, *only_from: JobState) -> bool:
        return await self._moved(job_id, partial(self._records.move, to=to, only_from=only_from))

    async def _moved(self, job_id: str, move: Callable[[str], bool]) -> bool:
        moved = await written(move, job_id)
        if moved:
            self._feed.tell(job_id, News(history=True))
        return moved

    async def _write(self, job_id: str, write: Callable[[str, Any], object], what: object) -> None:
        if await written(write, job_id, what) and isinstance(what, S2VError):
            tell_end(what)
        self._feed.tell(job_id, News(history=True))

    async def _start(self, job_id: str) -> None:
        try:
            await self._opened.start(job_id)
        except Exception as error:  # noqa: BLE001 - it is written down and is started later
            self.queue.leave(job_id)
            self._around.alarms.sound(f"job {job_id} could not be started", error)

    async def _line_up(self, job_id: str) -> None:
        """Have a job wait for its turn whose work is to be started: then its work leaves again."""
        try:
            accepted = await asyncio.to_thread(self._records.accepted, job_id)
            self.queue.come(self._around.expecting.candidate(accepted))
        except Exception as error:  # noqa: BLE001 - it waits as soon as its work has started
            _log.warning("job does not wait yet", job_id=job_id, cause=str(error))

    def _tell_waiting(self, job_id: str, waiting: Waiting) -> None:
        self._feed.tell(job_id, News(waiting=waiting))

    def _stop(self, job_id: str) -> asyncio.Event | None:
        """Stop the work of a job; return what tells that it has ended."""
        if (run := self._running.get(job_id)) is None:
            return None
        run.task.cancel()
        return run.ended

    async def _release(self, job_id: str) -> None:
        """Drop what was made on the way to a job's end."""
        digests = await written(self._records.release, job_id)
        await asyncio.to_thread(self._around.library.drop_bytes, *digests)

    async def _stop_for_good(self, job_id: str) -> None:
        """End the work of a job that is deleted, and drop every record of it."""
        await self.cancel(job_id)
        self._stop(job_id)  # it may be about to be measured
        await self._opened.forget(job_id, at_work=lambda: job_id in self._at_work)


def _fault() -> Internal:
    return Internal(Reason.INTERNAL, "a fault of the server; its log has the details")
