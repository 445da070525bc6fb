"""Run a blocking generator beside the event loop."""

import asyncio
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_END = object()


async def iterate_in_thread(generator: Generator[T]) -> AsyncIterator[T]:
    """Yield what a blocking generator yields, running it on a thread of its own.

    When the consumer stops or is cancelled, the generator is closed as soon as it has come to its
    next yield.
    """
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, "generator")
    try:
        while True:
            item = await loop.run_in_executor(thread, next, generator, _END)
            if item is _END:
                return
            yield item  # type: ignore[misc]
    finally:
        thread.submit(generator.close)
        thread.shutdown(wait=False)
