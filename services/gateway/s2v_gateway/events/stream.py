"""A job's life as a stream: a snapshot, what happens, the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.core.job import Job, JobState, Progress
from s2v.core.ports import Notice
from s2v.core.stages import Preview
from s2v_gateway.events.feed import Feed, News
from s2v_gateway.records.jobs import Jobs

KEEPALIVE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Ended:
    """The job as it ended; nothing follows."""

    job: Job


@dataclass(frozen=True, slots=True)
class MediaGrew:
    """The job's live media grew."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while."""


Happened = Job | JobState | Notice | Progress | Preview | MediaGrew | Quiet | Ended


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What happened, when, and the number of the newest entry of the history so far."""

    sequence: int
    time: datetime
    what: Happened


async def watch_job(job_id: str, jobs: Jobs, feed: Feed, *, after: int) -> AsyncGenerator[JobEvent]:
    """Yield a snapshot (a Job), then the history after `after` and all that happens, then Ended.

    Raises:
        NotFound: JOB_NOT_FOUND.
        InvalidInput: RESUME_TOKEN_INVALID, the history is shorter than `after`.
        Unavailable: the gateway goes down.
    """
    with feed.watching(job_id) as watcher:
        job = await asyncio.to_thread(_snapshot, jobs, job_id, after)
        yield JobEvent(after, _now(), job)
        sequence = after
        news = News(history=True)
        while True:
            if news.history:
                for entry in await asyncio.to_thread(jobs.history, job_id, sequence):
                    sequence = entry.sequence
                    yield JobEvent(sequence, entry.time, entry.event)
            for what in _live(news):
                yield JobEvent(sequence, _now(), what)
            if news.history:
                job = await asyncio.to_thread(jobs.get, job_id)
            if job.state.terminal:
                break
            news = await watcher.news(quiet_seconds=KEEPALIVE_SECONDS)
            if news.closing:
                raise Unavailable(
                    Reason.SERVICE_UNAVAILABLE,
                    "the gateway goes down; the job goes on when it is back: watch it again",
                    retry_after_seconds=1.0,
                )
            if not news:
                yield JobEvent(sequence, _now(), Quiet())
        async for event in _rest(jobs, job, sequence):
            yield event


async def _rest(jobs: Jobs, job: Job, sequence: int) -> AsyncIterator[JobEvent]:
    """Yield what was written between the last look at the history and the end, then the end."""
    for entry in await asyncio.to_thread(jobs.history, job.job_id, sequence):
        sequence = entry.sequence
        yield JobEvent(sequence, entry.time, entry.event)
    yield JobEvent(sequence, job.end_time or _now(), Ended(job))


def _live(news: News) -> list[Happened]:
    """Return what is told but not kept."""
    told: list[Happened] = [what for what in (news.progress, news.preview) if what]
    return [*told, MediaGrew()] if news.media else told


def _snapshot(jobs: Jobs, job_id: str, after: int) -> Job:
    job = jobs.get(job_id)
    if after and not jobs.history(job_id, after - 1):
        raise InvalidInput(
            Reason.RESUME_TOKEN_INVALID,
            f"resume_token {after} was not given by {job.name}; leave it empty to start over",
            field="resume_token",
        )
    return job


def _now() -> datetime:
    return datetime.now(UTC)
