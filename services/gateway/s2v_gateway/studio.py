"""Accept jobs, make their films, cancel them."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import structlog

from s2v.core.errors import Cancelled, Internal, Reason, S2VError
from s2v.core.job import Film, Job, JobSpec, JobState, Order, Progress
from s2v.core.ports import Notice
from s2v.media.probe import MediaInfo
from s2v_gateway.assets import Assets
from s2v_gateway.checkpoints import DurableCheckpoints, DurableJobs
from s2v_gateway.feed import Feed
from s2v_gateway.jobs import Accepted, Jobs
from s2v_gateway.progress import ProgressMeter
from s2v_gateway.spool import Spool
from s2v_gateway.stages import Happening, Media, Preview, Stages
from s2v_gateway.workflow import make_film

_log = structlog.get_logger()

SAVE_PROGRESS_SECONDS = 1.0
MEDIA_CHUNK_BYTES = 256 * 1024
_DIGEST = re.compile(r'"sha256":"([0-9a-f]{64})"')


class Studio:
    """Works on accepted jobs until each has ended, however often the process dies meanwhile.

    Args:
        jobs: where they are written down.
        assets: where films go.
        stages: who does the work.
        feed: who is told; `watch_job` listens to it.
        spool: where live media goes.
        max_running_jobs: so many jobs at once; the others wait in the order they came.
        parallel_takes: so many segments of one job at once.
    """

    def __init__(
        self,
        jobs: Jobs,
        assets: Assets,
        stages: Stages,
        *,
        feed: Feed,
        spool: Spool,
        max_running_jobs: int,
        parallel_takes: int,
    ) -> None:
        self._jobs = jobs
        self._assets = assets
        self._stages = stages
        self._feed = feed
        self._spool = spool
        self._places = asyncio.Semaphore(max_running_jobs)
        self._parallel_takes = parallel_takes
        self._waiting: set[str] = set()
        self._working: dict[str, asyncio.Task[Film]] = {}
        self._durable: DurableJobs | None = None
        self._closing = False

    async def open(self, database_url: str) -> None:
        """Go on with every job that has not ended."""
        self._durable = DurableJobs(database_url, self._work)
        self._durable.launch()
        unfinished = await asyncio.to_thread(self._jobs.unfinished)
        self._spool.keep_only({accepted.job.job_id for accepted in unfinished})
        for accepted in unfinished:
            # Written down, but perhaps the process died before its work was started.
            await self._start(accepted.job.job_id)
        if unfinished:
            _log.info("jobs go on", jobs=len(unfinished))

    async def accept(self, order: Order, *, asked: JobSpec, request_id: str, live: bool) -> Job:
        """Write a job down and start its work.

        Raises:
            Exhausted: QUEUE_FULL.
            Conflict: REQUEST_ID_REUSED.
        """
        job = await asyncio.to_thread(
            self._jobs.accept, order, asked=asked, request_id=request_id, live=live
        )
        await self._start(job.job_id)
        return job

    async def cancel(self, job_id: str) -> Job:
        """Ask a job to stop; one that has ended stays as it is.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        unfinished = (JobState.QUEUED, JobState.RUNNING)
        if job_id in self._waiting:
            await self._end_cancelled(job_id)
        elif await self._move(job_id, JobState.CANCELLING, *unfinished) and (
            work := self._working.get(job_id)
        ):
            work.cancel()
        return await asyncio.to_thread(self._jobs.get, job_id)

    def close(self) -> None:
        """The process goes down: jobs stay as they are and go on when it is back."""
        self._closing = True
        self._feed.close()

    async def artifacts_in_use(self) -> set[str]:
        """Return the digests of what unfinished jobs have made so far."""
        if self._durable is None:
            return set()
        unfinished = await asyncio.to_thread(self._jobs.unfinished)
        outcomes = [await self._durable.outcomes(one.job.job_id) for one in unfinished]
        return {digest for outcome in outcomes for digest in _DIGEST.findall(outcome)}

    async def abandon(self, job_id: str) -> None:
        """The client that a job belonged to is gone: cancel it, unless we are going ourselves."""
        if not self._closing:
            await self.cancel(job_id)

    def read_media(self, job_id: str, offset: int) -> bytes:
        """Read a piece of a job's live media; empty where there is none (yet)."""
        return self._spool.read(job_id, offset, MEDIA_CHUNK_BYTES)

    def forget_media(self, job_id: str) -> None:
        """Drop a job's live media if nobody is watching any more."""
        if not self._feed.watched(job_id) and job_id not in self._working:
            self._spool.remove(job_id)

    async def _start(self, job_id: str) -> None:
        if self._durable is None:
            raise RuntimeError("the studio is not open")
        await self._durable.start(job_id)

    async def _work(self, job_id: str) -> None:
        """Bring one job to its end; called again after a crash."""
        structlog.contextvars.bind_contextvars(job_id=job_id, trace_id=job_id)
        self._waiting.add(job_id)
        async with self._places:
            self._waiting.discard(job_id)
            accepted = await asyncio.to_thread(self._jobs.accepted, job_id)
            if not accepted.job.state.terminal:
                await self._make(accepted)
        self.forget_media(job_id)

    async def _make(self, accepted: Accepted) -> None:
        job_id = accepted.job.job_id
        making = _Making(accepted, self._jobs, self._feed, self._spool)
        work = asyncio.create_task(
            make_film(
                accepted.order,
                self._stages,
                DurableCheckpoints(),
                making.meter,
                live=accepted.live,
                parallel_takes=self._parallel_takes,
            )
        )
        self._working[job_id] = work
        try:
            if not await self._move(job_id, JobState.RUNNING, JobState.QUEUED, JobState.RUNNING):
                work.cancel()  # somebody cancelled it before
            _log.info("job runs")
            async with making.saving():
                film = await work
        except asyncio.CancelledError:
            if (await asyncio.to_thread(self._jobs.get, job_id)).state is not JobState.CANCELLING:
                raise  # the process is going down; the job goes on when it is back
            await self._end_cancelled(job_id)
        except S2VError as error:
            _log.warning("job failed", reason=error.reason.value, message=error.message)
            await self._end_failed(job_id, error)
        except Exception as error:  # noqa: BLE001 - the boundary of the job
            _log.error("job crashed", exc_info=error)
            fault = Internal(Reason.INTERNAL, "a fault of the server; its log has the details")
            await self._end_failed(job_id, fault)
        else:
            await self._end_succeeded(job_id, film, making.meter.finished())
        finally:
            self._working.pop(job_id, None)

    async def _end_succeeded(self, job_id: str, film: Film, progress: Progress) -> None:
        asset = await asyncio.to_thread(self._assets.register, film.video, _film_info(film))
        film = replace(film, asset=asset.name)
        await asyncio.to_thread(self._jobs.succeed, job_id, film, progress)
        _log.info("job succeeded", frames=film.frames)
        self._feed.tell(job_id, history=True)

    async def _end_failed(self, job_id: str, error: S2VError) -> None:
        await asyncio.to_thread(self._jobs.fail, job_id, error)
        self._feed.tell(job_id, history=True)

    async def _end_cancelled(self, job_id: str) -> None:
        error = Cancelled(Reason.JOB_CANCELLED, "the job was cancelled")
        await asyncio.to_thread(self._jobs.fail, job_id, error, cancelled=True)
        _log.info("job cancelled")
        self._feed.tell(job_id, history=True)

    async def _move(self, job_id: str, to: JobState, *only_from: JobState) -> bool:
        moved = await asyncio.to_thread(self._jobs.move, job_id, to=to, only_from=only_from)
        if moved:
            self._feed.tell(job_id, history=True)
        return moved


class _Making:
    """What one job in the making tells to its watchers and to the database."""

    def __init__(self, accepted: Accepted, jobs: Jobs, feed: Feed, spool: Spool) -> None:
        self._job_id = accepted.job.job_id
        self._jobs = jobs
        self._feed = feed
        self._spool = spool
        self._changed: Progress | None = None
        self._notices: list[Notice] = []
        self._noticed = asyncio.Event()
        self.meter = ProgressMeter(
            accepted.order.spec.frame_rate,
            self._progressed,
            self._happened,
            before=accepted.job.progress,
            stage_seconds=accepted.job.stage_seconds,
        )

    @contextlib.asynccontextmanager
    async def saving(self) -> AsyncIterator[None]:
        """Keep writing progress and notices to the database."""
        saver = asyncio.create_task(self._save_forever())
        try:
            yield
        finally:
            saver.cancel()
            await asyncio.gather(saver, return_exceptions=True)
            await self._save()

    async def _save_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SAVE_PROGRESS_SECONDS):
                    await self._noticed.wait()
            await self._save()

    async def _save(self) -> None:
        self._noticed.clear()
        progress, self._changed = self._changed, None
        notices, self._notices = self._notices, []
        await asyncio.to_thread(self._write, progress, notices)
        if notices:
            self._feed.tell(self._job_id, history=True)

    def _write(self, progress: Progress | None, notices: list[Notice]) -> None:
        if progress:
            self._jobs.note_progress(self._job_id, progress, self.meter.stage_seconds)
        if self.meter.lip_sync:
            self._jobs.note_lip_sync(self._job_id, self.meter.lip_sync)
        for notice in notices:
            self._jobs.note(self._job_id, notice)

    def _progressed(self, progress: Progress) -> None:
        self._changed = progress
        self._feed.tell(self._job_id, progress=progress)

    def _happened(self, happening: Happening) -> None:
        if isinstance(happening, Preview):
            self._feed.tell(self._job_id, preview=happening)
        elif isinstance(happening, Media):
            self._spool.write(self._job_id, happening.offset, happening.data)
            self._feed.tell(self._job_id, media=True)
        elif isinstance(happening, Notice):
            self._notices.append(happening)
            self._noticed.set()


def _film_info(film: Film) -> MediaInfo:
    """Describe a film to the table of assets."""
    return MediaInfo(
        media_type=film.video.media_type,
        kind="video",
        width_pixels=film.width_pixels,
        height_pixels=film.height_pixels,
        duration_seconds=film.frames / film.frame_rate,
        frame_rate=film.frame_rate,
        has_audio=True,
    )
