"""What one job in the making tells to its subscribers and to the database."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from s2v.core.captions import SegmentCaptions
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
_RUN_SECONDS_LOST = 5.0
"""Of the time that a job has been at work, a crash may make so much be forgotten."""


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
        self._lasting: list[Notice | SegmentCaptions] = []
        self._told = asyncio.Event()
        self._run_seconds = self._saved_seconds = accepted.run_seconds
        self._began: float | None = None
        self.meter = ProgressMeter(
            accepted.order.spec.frame_rate,
            before=accepted.job.progress,
            stage_seconds=accepted.job.stage_seconds,
        )

    @property
    def run_seconds(self) -> float:
        """How long the job has held a place, before a crash too."""
        now = time.monotonic()
        return self._run_seconds + (now - self._began if self._began is not None else 0.0)

    def seconds_left(self) -> float:
        """Guess how long the job needs until its end; 0 while nobody knows."""
        progress = self.meter.progress
        if not (progress.remaining_seconds and progress.fraction):
            return 0.0
        return progress.remaining_seconds

    def report(self, happening: Happening) -> None:
        """Pass on what happened."""
        before = self.meter.progress
        self.meter.count(happening)
        if self.meter.progress != before:
            self._changed = self.meter.progress
        if isinstance(happening, Preview):
            self._feed.tell(self._job_id, News(preview=happening))
        elif isinstance(happening, Notice | SegmentCaptions):
            self._lasting.append(happening)
            self._told.set()

    async def keep_media(self, media: Media) -> None:
        """Put live media where watchers find it.

        Raises:
            Exhausted: STORAGE_FULL.
        """
        await in_thread(self._live_media.write, self._job_id, media.offset, media.data)
        self._feed.tell(self._job_id, News(media=True))

    @contextlib.asynccontextmanager
    async def saving(self) -> AsyncIterator[None]:
        """Keep writing progress, notices and captions to the database."""
        self._began = time.monotonic()
        saver = asyncio.create_task(self._save_forever())
        try:
            yield
        finally:
            saver.cancel()
            await asyncio.gather(saver, return_exceptions=True)
            self._run_seconds, self._began = self.run_seconds, None
            await self._save()

    async def _save_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SAVE_SECONDS):
                    await self._told.wait()
            await self._save()

    async def _save(self) -> None:
        self._told.clear()
        progress, self._changed = self._changed, None
        lasting, self._lasting = self._lasting, []
        lip_cues, run_seconds = self.meter.lip_cues, self.run_seconds
        on_time = run_seconds < self._saved_seconds + _RUN_SECONDS_LOST
        if progress is None and not lasting and lip_cues == self._lip_cues_saved and on_time:
            return
        try:
            await written(self._write, progress, lasting)
        except Exception as error:  # noqa: BLE001 - no reason to stop making the film
            self._alarms.sound(f"job {self._job_id}: its progress cannot be written down", error)
            self._changed = self._changed or progress
            self._lasting = lasting + self._lasting
            return
        self._lip_cues_saved, self._saved_seconds = lip_cues, run_seconds
        # Only now: whoever has seen it never sees less, even if this process dies.
        self._feed.tell(self._job_id, News(progress=progress, history=bool(lasting)))

    def _write(self, progress: Progress | None, lasting: list[Notice | SegmentCaptions]) -> None:
        self._records.note_progress(
            self._job_id,
            progress or self.meter.progress,
            self.meter.stage_seconds,
            self.run_seconds,
        )
        if self.meter.lip_cues:
            self._records.note_lip_cues(self._job_id, self.meter.lip_cues)
        for one in lasting:
            if isinstance(one, Notice):
                self._records.note(self._job_id, one)
            else:
                self._records.note_captions(self._job_id, one)
