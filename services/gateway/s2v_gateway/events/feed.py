"""Who watches a job hears of it at once; who reads slowly misses pictures, never facts."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from s2v.core.job import Progress
from s2v.core.stages import Preview


@dataclass(frozen=True, slots=True)
class News:
    """What happened since the watcher last looked.

    Attributes:
        progress: the newest progress, if it changed.
        preview: the newest preview, if there is one.
        history: whether the job's history in the database grew.
        media: whether the job's media file grew.
        closing: whether the gateway goes down and this is the last one hears of it.
    """

    progress: Progress | None = None
    preview: Preview | None = None
    history: bool = False
    media: bool = False
    closing: bool = False

    def __bool__(self) -> bool:
        return self != _NOTHING


_NOTHING = News()


class Watcher:
    """Somebody who watches one job."""

    def __init__(self) -> None:
        self._pending = News()
        self._woken = asyncio.Event()

    async def news(self, *, quiet_seconds: float) -> News:
        """Wait for news; after so many seconds of silence return empty news."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(quiet_seconds):
                await self._woken.wait()
        self._woken.clear()
        news, self._pending = self._pending, News()
        return news

    def tell(self, **what: Progress | Preview | bool) -> None:
        """Add to the news that are pending."""
        self._pending = replace(self._pending, **what)  # type: ignore[arg-type]
        self._woken.set()


class Feed:
    """Passes news of jobs to those who watch them; keeps nothing, and at most one News a watcher.

    All methods are called on one event loop.
    """

    def __init__(self) -> None:
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)

    def watched(self, job_id: str) -> bool:
        """Whether anybody watches the job."""
        return job_id in self._watchers

    def tell(self, job_id: str, **what: Progress | Preview | bool) -> None:
        """Tell whoever watches the job; the names are those of `News`."""
        for watcher in self._watchers.get(job_id, ()):
            watcher.tell(**what)

    def close(self) -> None:
        """Tell everybody that the gateway goes down."""
        for job_id in list(self._watchers):
            self.tell(job_id, closing=True)

    @contextlib.contextmanager
    def watching(self, job_id: str) -> Iterator[Watcher]:
        """Watch a job.

        Read the job's state after this: then nothing falls in between.
        """
        watcher = Watcher()
        self._watchers[job_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[job_id].discard(watcher)
            if not self._watchers[job_id]:
                del self._watchers[job_id]
