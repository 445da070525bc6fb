"""What one job in the making tells to its watchers and to the database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from s2v.core.job import Progress
from s2v.core.ports import Notice
from s2v.core.stages import Happening, Media, Preview
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import Spool
from s2v_gateway.film.progress import ProgressMeter
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import Accepted, Jobs

_SAVE_SECONDS = 1.0


class Making:
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
                async with asyncio.timeout(_SAVE_SECONDS):
                    await self._noticed.wait()
            await self._save()

    async def _save(self) -> None:
        self._noticed.clear()
        progress, self._changed = self._changed, None
        notices, self._notices = self._notices, []
        await written(self._write, progress, notices)
        if notices:
            self._feed.tell(self._job_id, history=True)

    async def keep_media(self, media: Media) -> None:
        """Put live media where watchers find it.

        Raises:
            Exhausted: STORAGE_FULL.
        """
        await asyncio.to_thread(self._spool.write, self._job_id, media.offset, media.data)
        self._feed.tell(self._job_id, media=True)

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
        elif isinstance(happening, Notice):
            self._notices.append(happening)
            self._noticed.set()
