"""A job's life as a stream: a snapshot, what happens, the film while it is made, the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from s2v.core.captions import SegmentCaptions
from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.core.job import FilmStats, Job, JobState, Progress, StatsState, Waiting
from s2v.core.ports import Notice
from s2v.core.stages import Media, Preview
from s2v_gateway.access.callers import Caller
from s2v_gateway.events.feed import Feed, News, Subscriber
from s2v_gateway.events.live_media import LiveMedia, no_media
from s2v_gateway.records.job_lookup import JobLookup

KEEPALIVE_SECONDS = 4.0
_CHUNKS_AT_ONCE = 8
"""So much media is sent before other news have their turn again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The job as it ended; nothing follows but what was measured, where that is wanted."""

    job: Job


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while."""


Happened = (
    Job
    | JobState
    | Notice
    | SegmentCaptions
    | Progress
    | Waiting
    | Preview
    | Media
    | Quiet
    | Ended
    | FilmStats
)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What happened, when, and the number of the newest entry of the history so far."""

    sequence: int
    time: datetime
    what: Happened


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to hear of a job.

    Attributes:
        after: the history after this sequence number.
        media_offset: the live media from this byte on; None for none of it.
        only_with_media: whether to refuse a job whose live media never was or is gone.
        stats: whether to wait for what is measured once the job has ended.
    """

    after: int = 0
    media_offset: int | None = None
    only_with_media: bool = True
    stats: bool = False


class JobStream:
    """Lets callers watch their jobs.

    Args:
        waiting: tells where a job waits; None if it does not.
    """

    def __init__(
        self,
        lookup: JobLookup,
        feed: Feed,
        live_media: LiveMedia,
        *,
        waiting: Callable[[str], Waiting | None],
    ) -> None:
        self._lookup = lookup
        self._feed = feed
        self._live_media = live_media
        self._waiting = waiting

    async def watch(self, caller: Caller, name: str, wanted: Wanted) -> AsyncGenerator[JobEvent]:
        """Yield a snapshot (a Job), then what is wanted and happens, then Ended (then FilmStats).

        Raises:
            NotFound: JOB_NOT_FOUND; MEDIA_NOT_FOUND, the job has none, or no longer.
            InvalidInput: RESUME_TOKEN_INVALID, the history is shorter than `after`.
            OutOfRange: OFFSET_OUT_OF_RANGE, so much media never comes.
            Unavailable: the gateway goes down.
        """
        job_id = await asyncio.to_thread(self._lookup.id_of, caller, name)
        with self._feed.subscribed(job_id) as subscriber:
            watch = _Watch(self._lookup, self._live_media, caller, name, wanted)
            async for event in watch.events(subscriber, partial(self._waiting, job_id)):
                yield event


class _Watch:
    """One caller's watch of one job, and how far it has come."""

    def __init__(
        self,
        lookup: JobLookup,
        live_media: LiveMedia,
        caller: Caller,
        name: str,
        wanted: Wanted,
    ) -> None:
        self._lookup = lookup
        self._live_media = live_media
        self._caller = caller
        self._name = name
        self._wanted = wanted
        self._sequence = wanted.after
        self._offset = wanted.media_offset or 0
        self._seen = Progress()

    async def events(
        self, subscriber: Subscriber, waiting: Callable[[], Waiting | None]
    ) -> AsyncIterator[JobEvent]:
        job = await asyncio.to_thread(self._snapshot)
        self._seen = job.progress
        yield self._event(job)
        news = News(history=True, media=True)
        while True:
            if news.history:
                async for event in self._history(job):
                    yield event
                job = await self._job()
            if news.waiting and job.state is JobState.QUEUED:
                yield self._event(news.waiting)
            if news.progress and not self._is_older(news.progress):
                self._seen = news.progress
                yield self._event(news.progress)
            if news.preview:
                yield self._event(news.preview)
            if news.media and self._wanted.media_offset is not None:
                async for event in self._media(job, subscriber):
                    yield event
            if job.state.terminal:
                break
            news = await self._news(subscriber)
            if not news:
                yield self._event(waiting() or Quiet())
        async for event in self._end(job, subscriber):
            yield event

    async def _end(self, job: Job, subscriber: Subscriber) -> AsyncIterator[JobEvent]:
        """Yield what was written since the last look, the end, and what is measured."""
        async for event in self._history(job):
            yield event
        if self._wanted.media_offset is not None:
            while pieces := [event async for event in self._media(job, subscriber)]:
                for event in pieces:
                    yield event
            await asyncio.to_thread(self._check_media, job)
        yield JobEvent(self._sequence, job.end_time or _now(), Ended(job))
        if not self._wanted.stats or job.stats is None:
            return
        while (stats := (job.stats or FilmStats())).state is StatsState.PENDING:
            if not await self._news(subscriber):
                yield self._event(Quiet())
            job = await self._job()
        yield self._event(stats)

    async def _history(self, job: Job) -> AsyncIterator[JobEvent]:
        entries = await asyncio.to_thread(self._lookup.history, job.job_id, after=self._sequence)
        for entry in entries:
            self._sequence = entry.sequence
            if not isinstance(entry.event, FilmStats):  # it comes last, and only where it is wanted
                yield JobEvent(entry.sequence, entry.time, entry.event)

    async def _media(self, job: Job, subscriber: Subscriber) -> AsyncIterator[JobEvent]:
        for _ in range(_CHUNKS_AT_ONCE):
            data = await asyncio.to_thread(self._live_media.read, job.job_id, self._offset)
            if not data:
                return
            yield self._event(Media(self._offset, data))
            self._offset += len(data)
        subscriber.tell(News(media=True))

    async def _news(self, subscriber: Subscriber) -> News:
        news = await subscriber.news(quiet_seconds=KEEPALIVE_SECONDS)
        if news.closing:
            raise Unavailable(
                Reason.SERVICE_UNAVAILABLE,
                "the gateway goes down; the job goes on when it is back: watch it again",
                retry_after_seconds=1.0,
            )
        return news

    def _is_older(self, progress: Progress) -> bool:
        """Tell whether it was told before the snapshot, which has seen later progress."""
        return (progress.fraction, progress.frames_done) < (
            self._seen.fraction,
            self._seen.frames_done,
        )

    async def _job(self) -> Job:
        return await asyncio.to_thread(self._lookup.get, self._caller, self._name)

    def _snapshot(self) -> Job:
        job = self._lookup.get(self._caller, self._name)
        after = self._wanted.after
        if after and not self._lookup.history(job.job_id, after=after - 1):
            raise InvalidInput(
                Reason.RESUME_TOKEN_INVALID,
                f"resume_token {after} was not given by {job.name}; leave it empty to start over",
                field="resume_token",
            )
        self._check_media(job)
        return job

    def _check_media(self, job: Job) -> None:
        if self._wanted.media_offset is None or not self._wanted.only_with_media:
            return
        if not job.with_media:
            raise no_media("the job was made without; ask for it in CreateJob's with_media")
        self._live_media.check_offset(job.job_id, self._offset, state=job.state)

    def _event(self, what: Happened) -> JobEvent:
        return JobEvent(self._sequence, _now(), what)


def _now() -> datetime:
    return datetime.now(UTC)
