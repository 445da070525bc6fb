"""Who watches a job hears of it at once; who reads slowly misses pictures, never facts."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from s2v.core.job import Progress
from s2v_gateway.stages import Preview


@dataclass
class News:
    """What happened since the watcher last looked.

    Attributes:
        progress: the newest progress, if it changed.
        preview: the newest preview, if there is one.
        history: whether the job's history in the database grew.
        media: whether the job's media file grew.
    """

    progress: Progress | None = None
    preview: Preview | None = None
    history: bool = False
    media: bool = False

    def __bool__(self) -> bool:
        return bool(self.progress or self.preview or self.history or self.media)


@dataclass(eq=False)
class _Watcher:
    news: News = field(default_factory=News)
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Feed:
    """Passes news of jobs to those who watch them; keeps nothing, and at most one News a watcher.

    All methods are called on one event loop.
    """

    def __init__(self) -> None:
        self._watchers: dict[str, set[_Watcher]] = defaultdict(set)

    def watched(self, job_id: str) -> bool:
        """Whether anybody watches the job."""
        return bool(self._watchers.get(job_id))

    def progress(self, job_id: str, progress: Progress) -> None:
        """The job is further."""
        for watcher in self._watchers.get(job_id, ()):
            watcher.news.progress = progress
            watcher.woken.set()

    def preview(self, job_id: str, preview: Preview) -> None:
        """There is a new picture."""
        for watcher in self._watchers.get(job_id, ()):
            watcher.news.preview = preview
            watcher.woken.set()

    def history(self, job_id: str) -> None:
        """The job's history grew."""
        for watcher in self._watchers.get(job_id, ()):
            watcher.news.history = True
            watcher.woken.set()

    def media(self, job_id: str) -> None:
        """The job's media file grew."""
        for watcher in self._watchers.get(job_id, ()):
            watcher.news.media = True
            watcher.woken.set()

    async def watch(self, job_id: str, *, quiet_seconds: float) -> AsyncIterator[News]:
        """Yield news as they come, and empty news after every so many seconds of silence.

        The first news come at once and are empty: whoever watches reads the job's state after it
        subscribed, so nothing falls in between.
        """
        watcher = _Watcher()
        self._watchers[job_id].add(watcher)
        try:
            yield News()
            while True:
                try:
                    async with asyncio.timeout(quiet_seconds):
                        await watcher.woken.wait()
                except TimeoutError:
                    yield News()
                    continue
                watcher.woken.clear()
                news, watcher.news = watcher.news, News()
                yield news
        finally:
            self._watchers[job_id].discard(watcher)
            if not self._watchers[job_id]:
                del self._watchers[job_id]
