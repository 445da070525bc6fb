"""The reels of a segment: what is to be watched of it while it is rendered."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from s2v.core.job import Clip, Reel


class KeptReels(Protocol):
    """The reels of the takes of one job, kept over a crash."""

    async def kept(self) -> Mapping[int, Sequence[Reel]]:
        """Return the reels that there are, by segment, in order."""

    async def keep(self, segment: int, reel: Reel) -> bool:
        """Keep the next reel of a segment; tell whether its bytes are still there."""


class SegmentReels:
    """The reels of one segment; nobody sees one that is not kept."""

    def __init__(self, segment: int, kept: KeptReels, so_far: Sequence[Reel]) -> None:
        self._segment = segment
        self._kept = kept
        self._so_far = list(so_far)
        self._more = asyncio.Condition()

    @property
    def so_far(self) -> Sequence[Reel]:
        """The reels that there are, in order."""
        return self._so_far

    async def add(self, reel: Reel) -> None:
        """Keep the next one; without its bytes it and all after it are left to the clip."""
        follows = reel.first_frame == (self._so_far[-1].end_frame if self._so_far else 0)
        if follows and await self._kept.keep(self._segment, reel):
            self._so_far.append(reel)
            await self.wake()

    async def wake(self) -> None:
        """Have whoever waits look again."""
        async with self._more:
            self._more.notify_all()

    async def until(self, clip: asyncio.Future[Clip]) -> AsyncIterator[Reel]:
        """Yield the reels, those to come when they do, until the clip is there."""
        seen = 0
        while True:
            async with self._more:
                await self._more.wait_for(partial(self._has_news, clip, seen))
            if clip.done():
                return
            yield self._so_far[seen]
            seen += 1

    def _has_news(self, clip: asyncio.Future[Clip], seen: int) -> bool:
        return clip.done() or len(self._so_far) > seen
