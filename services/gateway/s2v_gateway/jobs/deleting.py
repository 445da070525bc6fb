"""Let deleted jobs go: hide them at once, drop what was made for them once they have stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from s2v.rpc.finishing import to_the_end
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Library
from s2v_gateway.events.feed import Feed, News
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.records.database import written
from s2v_gateway.records.deletions import Deletions

_log = structlog.get_logger()


class Deleting:
    """Deletes jobs, whatever they are at; all methods are called on one event loop.

    Args:
        deletions: where it is written down which jobs are to go.
        library: has what was made for them.
        live_media: has their films as far as they came.
        feed: who is told.
        stop: ends the work of a job and drops every record of it.
    """

    def __init__(
        self,
        deletions: Deletions,
        library: Library,
        live_media: LiveMedia,
        feed: Feed,
        *,
        stop: Callable[[str], Awaitable[None]],
    ) -> None:
        self._deletions = deletions
        self._library = library
        self._live_media = live_media
        self._feed = feed
        self._stop = stop
        self._going: dict[str, asyncio.Task[None]] = {}

    async def delete(self, caller: Caller, name: str) -> None:
        """Drop the caller's job of that name and all that was made for it, stopping it first.

        From the moment it is marked nobody finds it; who stops waiting stops nothing.

        Raises:
            NotFound: JOB_NOT_FOUND.
        """
        going = await to_the_end(self._hide(caller, name))
        await asyncio.shield(going)

    async def delete_ended(self, job_id: str) -> Caller | None:
        """Drop a job that has ended; return its owner if it was there."""
        owner = await asyncio.to_thread(self._deletions.mark_ended, job_id)
        if owner is not None:
            await asyncio.shield(self._go(job_id))
        return owner

    async def go_on(self) -> None:
        """Let every hidden job go whose going was cut off or has failed; wait for none of them."""
        for job_id in await asyncio.to_thread(self._deletions.marked):
            self._go(job_id)

    async def _hide(self, caller: Caller, name: str) -> asyncio.Task[None]:
        """Hide the caller's job from everybody, and let it go."""
        job_id = await asyncio.to_thread(self._deletions.mark, caller, name)
        self._feed.tell(job_id, News(history=True))
        return self._go(job_id)

    def _go(self, job_id: str) -> asyncio.Task[None]:
        """Let a hidden job go; again, it is the same going."""
        if job_id not in self._going:
            going = self._going[job_id] = asyncio.create_task(self._purge(job_id))
            going.add_done_callback(partial(self._went, job_id))
        return self._going[job_id]

    def _went(self, job_id: str, going: asyncio.Task[None]) -> None:
        del self._going[job_id]
        if not going.cancelled() and (error := going.exception()):
            _log.error("job not deleted, the sweeper tries again", job_id=job_id, exc_info=error)

    async def _purge(self, job_id: str) -> None:
        await self._stop(job_id)
        digests = await written(self._deletions.purge, job_id)
        await asyncio.to_thread(self._library.drop_bytes, *digests)
        await asyncio.to_thread(self._live_media.remove, job_id)
        self._feed.tell(job_id, News(history=True))
        _log.info("job deleted", job_id=job_id)
