"""Accept jobs, make their films, cancel them."""

import asyncio
import re
from dataclasses import replace

import structlog

from s2v.core.errors import Cancelled, Internal, Reason, S2VError
from s2v.core.job import Film, Job, JobSpec, JobState, Order, Progress
from s2v.core.stages import Stages
from s2v.media.probe import MediaInfo
from s2v.rpc.finishing import to_the_end
from s2v_gateway.assets.library import Assets
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import Spool
from s2v_gateway.film.workflow import make_film
from s2v_gateway.jobs.durable import DurableCheckpoints, DurableJobs
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.reporting import Making
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import Accepted, Jobs

_log = structlog.get_logger()

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
        measuring: is given every film that is finished; None leaves them unmeasured.
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
        measuring: Measuring | None = None,
    ) -> None:
        self._jobs = jobs
        self._assets = assets
        self._stages = stages
        self._feed = feed
        self._spool = spool
        self._places = asyncio.Semaphore(max_running_jobs)
        self._parallel_takes = parallel_takes
        self._measuring = measuring
        self._waiting: set[str] = set()
        self._working: dict[str, asyncio.Task[Film]] = {}
        self._durable: DurableJobs | None = None
        self._closing = False

    async def open(self, database_url: str) -> None:
        """Go on with every job that has not ended."""
        self._durable = DurableJobs(database_url, self._work)
        self._durable.launch()
        unfinished = await asyncio.to_thread(self._jobs.unfinished)
        live = {accepted.job.job_id for accepted in unfinished}
        await asyncio.to_thread(self._spool.keep_only, live)
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
        # A client that goes away in between must not leave a job behind that nobody starts.
        return await to_the_end(
            self._accept_and_start(order, asked=asked, request_id=request_id, live=live)
        )

    async def cancel(self, job_id: str) -> Job:
        """Ask a job to stop; one that has ended stays as it is.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        if await self._move(job_id, JobState.CANCELLING, JobState.QUEUED, JobState.RUNNING):
            if job_id in self._waiting:
                await self._end_cancelled(job_id)
            elif work := self._working.get(job_id):
                work.cancel()
        return await asyncio.to_thread(self._jobs.get, job_id)

    def close(self) -> None:
        """The process goes down: jobs stay as they are and go on when it is back."""
        self._closing = True
        if self._measuring:
            self._measuring.close()
        self._feed.close()

    async def artifacts_in_use(self) -> set[str]:
        """Return the digests of what unfinished jobs have made so far."""
        if self._durable is None:
            raise RuntimeError("the studio is not open")
        unfinished = await asyncio.to_thread(self._jobs.unfinished)
        outcomes = [await self._durable.outcomes(one.job.job_id) for one in unfinished]
        return {digest for outcome in outcomes for digest in _DIGEST.findall(outcome)}

    async def abandon(self, job_id: str) -> None:
        """The client that a job belonged to is gone: cancel it, unless another one watches it.

        Nor is it cancelled when it is the gateway that goes.
        """
        if not self._closing and not self._feed.watched(job_id):
            await self.cancel(job_id)

    def read_media(self, job_id: str, offset: int) -> bytes:
        """Read a piece of a job's live media; empty where there is none (yet)."""
        return self._spool.read(job_id, offset, MEDIA_CHUNK_BYTES)

    async def forget_media(self, job_id: str) -> None:
        """Drop a job's live media if nobody is watching any more."""
        if not self._feed.watched(job_id) and job_id not in self._working:
            await asyncio.to_thread(self._spool.remove, job_id)

    async def _accept_and_start(
        self, order: Order, *, asked: JobSpec, request_id: str, live: bool
    ) -> Job:
        job = await asyncio.to_thread(
            self._jobs.accept, order, asked=asked, request_id=request_id, live=live
        )
        await self._start(job.job_id)
        return job

    async def _start(self, job_id: str) -> None:
        if self._durable is None:
            raise RuntimeError("the studio is not open")
        await self._durable.start(job_id)

    async def _work(self, job_id: str) -> None:
        """Bring one job to its end; called again after a crash."""
        structlog.contextvars.bind_contextvars(job_id=job_id, trace_id=job_id)
        self._waiting.add(job_id)
        try:
            accepted = await written(self._jobs.accepted, job_id)
            if accepted.job.state is JobState.CANCELLING:
                await self._end_cancelled(job_id)
            await self._places.acquire()
        finally:
            self._waiting.discard(job_id)
        try:
            accepted = await written(self._jobs.accepted, job_id)
            if not accepted.job.state.terminal:
                await self._make(accepted)
        finally:
            self._places.release()
        await self.forget_media(job_id)

    async def _make(self, accepted: Accepted) -> None:
        job_id = accepted.job.job_id
        making = Making(accepted, self._jobs, self._feed, self._spool)
        work = asyncio.create_task(
            make_film(
                accepted.order,
                self._stages,
                DurableCheckpoints(),
                making.meter,
                media=making.keep_media if accepted.live else None,
                parallel_takes=self._parallel_takes,
            )
        )
        self._working[job_id] = work
        try:
            if await self._move(job_id, JobState.RUNNING, JobState.QUEUED, JobState.RUNNING):
                _log.info("job runs")
            else:
                work.cancel()  # somebody cancelled it before
            async with making.saving():
                film = await work
        except asyncio.CancelledError:
            if (await written(self._jobs.get, job_id)).state is JobState.RUNNING:
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
            if self._measuring:
                self._measuring.begin(accepted.order, film, making.meter.speeches)
        finally:
            work.cancel()
            self._working.pop(job_id, None)

    async def _end_succeeded(self, job_id: str, film: Film, progress: Progress) -> None:
        asset = await written(self._assets.register, film.video, _film_info(film))
        film = replace(film, asset=asset.name)
        await written(self._jobs.succeed, job_id, film, progress)
        _log.info("job succeeded", frames=film.frames)
        self._feed.tell(job_id, history=True)

    async def _end_failed(self, job_id: str, error: S2VError) -> None:
        await written(self._jobs.fail, job_id, error)
        self._feed.tell(job_id, history=True)

    async def _end_cancelled(self, job_id: str) -> None:
        error = Cancelled(Reason.JOB_CANCELLED, "the job was cancelled")
        await written(self._jobs.fail, job_id, error, cancelled=True)
        _log.info("job cancelled")
        self._feed.tell(job_id, history=True)

    async def _move(self, job_id: str, to: JobState, *only_from: JobState) -> bool:
        moved = await written(self._jobs.move, job_id, to=to, only_from=only_from)
        if moved:
            self._feed.tell(job_id, history=True)
        return moved


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
