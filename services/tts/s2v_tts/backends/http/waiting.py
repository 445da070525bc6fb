"""Take what an asynchronous generator makes, without waiting for it longer than a moment."""

from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, wait
from typing import TypeVar

from anyio.from_thread import start_blocking_portal

T = TypeVar("T")

_LOOK_UP_SECONDS = 0.25


def taken(made: Callable[[], AsyncGenerator[T]]) -> Generator[T | None]:
    """Yield what the generator yields, and None while nothing has come yet.

    It runs on an event loop of its own and never is more than one item ahead. Closing this cancels
    it where it waits.
    """
    with start_blocking_portal() as portal:
        generator = made()
        while True:
            item: Future[T | None] = portal.start_task_soon(_next, generator)
            while not wait([item], timeout=_LOOK_UP_SECONDS).done:
                yield None
            result = item.result()
            if result is None:
                return
            yield result


async def _next(generator: AsyncGenerator[T]) -> T | None:
    return await anext(generator, None)
