"""What one job in the making tells to its subscribers and to the database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from s2v.core.job import Progress
from s2v.core.ports import Notice
from s2v.core.stages import Happening, Media, Preview
from s2v.rpc.finishing import in_thread
from s2v_gateway.events.feed import Feed, News
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.film.progress import ProgressMeter
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.records.database import written
from s2v_gateway.records.job_rows import Accepted
from s2v_gateway.records.jobs import JobRecords

_SAVE_SECONDS = 0.5


class Reporter:
    """Is told what happens to one job; tells the database soon, and then its subscribers.

    Pictures and media are told at once: nobody can see less of them later.
    """

    def __init__(
        self,
        accepted: Accepted,
        records: JobRecords,
        feed: Feed,
        live_media: LiveMedia,
        alarms: Alarms,
    ) -> None:
        self._job_id = accepted.job.job_id
        self._records = records
        self._feed = feed
        self._live_media = live_media
        self._alarms = alarms
        self._changed: Progress | None = None
        self._lip_cues_saved = accepted.job.lip_cues
        self._notices: list[Notice] = []
        self._noticed = asyncio.Event()
        self.meter = ProgressMeter(
            accepted.order.spec.frame_rate,
            before=accepted.job.progress,
            stage_seconds=accepted.job.stage_seconds,
        )

    def report(self, happening: Happening) -> None:
        """Pass on what happened."""
        before = self.meter.progress
        self.meter.count(happening)
        if self.meter.progress != before:
            self._changed = self.meter.progress
        if isinstance(happening, Preview):
            self._feed.tell(self._job_id, News(preview=happening))
        elif isinstance(happening, Notice):
            self._notices.append(happening)
            self._noticed.set()

    async def keep_media(self, media: Media) -> None:
        """Put live media where watchers find it.

        Raises:
            Exhausted: STORAGE_FULL.
        """
        await in_thread(self._live_media.write, self._job_id, media.offset, media.data)
        self._feed.tell(self._job_id, News(media=True))

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
        lip_cues = self.meter.lip_cues
        if progress is None and not notices and lip_cues == self._lip_cues_saved:
            return
        try:
            await written(self._write, progress, notices)
        except Exception as error:  # noqa: BLE001 - no reason to stop making the film
            self._alarms.sound(f"job {self._job_id}: its progress cannot be written down", error)
            self._changed = self._changed or progress
            self._notices = notices + self._notices
            return
        self._lip_cues_saved = lip_cues
        # Only now: whoever has seen it never sees less, even if this process dies.
        self._feed.tell(self._job_id, News(progress=progress, history=bool(notices)))

    def _write(self, progress: Progress | None, notices: list[Notice]) -> None:
        if progress:
            self._records.note_progress(self._job_id, progress, self.meter.stage_seconds)
        if self.meter.lip_cues:
            self._records.note_lip_cues(self._job_id, self.meter.lip_cues)
        for notice in notices:
            self._records.note(self._job_id, notice)
