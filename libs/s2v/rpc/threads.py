"""Run a blocking generator beside the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_END = object()


async def iterate_in_thread(
    generator: Generator[T],
    *,
    thread: Executor | None = None,
    ended: Callable[[], None] | None = None,
) -> AsyncGenerator[T]:
    """Yield what a blocking generator yields, running it on one thread.

    When the consumer stops or is cancelled, the generator is closed as soon as it has come to its
    next yield.

    Args:
        generator: what to run.
        thread: the only one of an executor that nothing else waits in; None takes a new one.
        ended: is called in the event loop when the generator has nothing to do any more: as the
            last thing here, or later if the consumer did not wait for the end.
    """
    loop = asyncio.get_running_loop()
    own = None if thread else ThreadPoolExecutor(1, "generator")
    runs = thread or own
    assert runs
    closed: Future[None] | None = None
    try:
        while True:
            item = await loop.run_in_executor(runs, next, generator, _END)
            if item is _END:
                return
            yield item  # type: ignore[misc]
    except (asyncio.CancelledError, GeneratorExit):
        closed = runs.submit(generator.close)
        raise
    finally:
        if own:
            own.shutdown(wait=False)
        if ended and closed:
            closed.add_done_callback(lambda _: _call_in(loop, ended))
        elif ended:
            ended()


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed, and nobody is there to be told
        loop.call_soon_threadsafe(function)
