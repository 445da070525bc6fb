"""Where jobs wait for a place to run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Queue:
    """So many places; who finds none waits, the first come goes first."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; whoever waits for one can be cancelled."""
        async with self._places:
            yield
