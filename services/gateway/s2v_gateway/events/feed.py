"""Who subscribes to a job hears of it at once; who reads slowly misses pictures, never facts."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from s2v.core.job import Progress, Waiting
from s2v.core.stages import Preview


@dataclass(frozen=True, slots=True)
class News:
    """What happened since the subscriber last looked.

    Attributes:
        progress: the newest progress, if it changed.
        preview: the newest preview, if there is one.
        history: whether the job's history in the database grew.
        media: whether the job's live media grew.
        closing: whether the gateway goes down and this is the last one hears of it.
        waiting: where the job waits by now, if that changed.
    """

    progress: Progress | None = None
    preview: Preview | None = None
    history: bool = False
    media: bool = False
    closing: bool = False
    waiting: Waiting | None = None

    def __bool__(self) -> bool:
        return self != _NOTHING

    def and_then(self, later: "News") -> "News":
        """Return both as one, of which the later is newer."""
        return News(
            progress=later.progress or self.progress,
            preview=later.preview or self.preview,
            history=later.history or self.history,
            media=later.media or self.media,
            closing=later.closing or self.closing,
            waiting=later.waiting or self.waiting,
        )


_NOTHING = News()


@dataclass(eq=False, slots=True)
class Subscriber:
    """Somebody who wants to hear of one job."""

    _pending: News = _NOTHING
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def news(self, *, quiet_seconds: float) -> News:
        """Wait for news; after so many seconds of silence return empty news."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(quiet_seconds):
                await self._woken.wait()
        self._woken.clear()
        news, self._pending = self._pending, _NOTHING
        return news

    def tell(self, news: News) -> None:
        """Add to the news that are pending."""
        self._pending = self._pending.and_then(news)
        self._woken.set()


class Feed:
    """Passes news of jobs to their subscribers; keeps nothing, and at most one News for each.

    All methods are called on one event loop.
    """

    def __init__(self) -> None:
        self._subscribers: dict[str, set[Subscriber]] = defaultdict(set)

    def watched(self, job_id: str) -> bool:
        """Whether anybody subscribes to the job."""
        return job_id in self._subscribers

    def tell(self, job_id: str, news: News) -> None:
        """Tell whoever subscribes to the job."""
        for subscriber in self._subscribers.get(job_id, ()):
            subscriber.tell(news)

    def close(self) -> None:
        """Tell everybody that the gateway goes down."""
        for job_id in list(self._subscribers):
            self.tell(job_id, News(closing=True))

    @contextlib.contextmanager
    def subscribed(self, job_id: str) -> Iterator[Subscriber]:
        """Subscribe to a job.

        Read the job's state after this: then nothing falls in between.
        """
        subscriber = Subscriber()
        self._subscribers[job_id].add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers[job_id].discard(subscriber)
            if not self._subscribers[job_id]:
                del self._subscribers[job_id]
