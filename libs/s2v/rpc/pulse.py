"""Signs of life in a stream that has nothing else to say."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

T = TypeVar("T")

PULSE_SECONDS = 5.0
"""How long a stream may be silent before it gives a sign of life."""


async def with_pulse(
    items: AsyncGenerator[T],
    pulse: Callable[[], T | None],
    *,
    is_last: Callable[[T], bool],
    seconds: float = PULSE_SECONDS,
) -> AsyncGenerator[T]:
    """Yield the items, and a pulse wherever none comes for so many seconds.

    `pulse` returns None where there is no evidence that the work goes on: then nothing is said.
    After an item that `is_last` nothing is said either, however long the items take to end.
    Closing it cancels what is being waited for and closes the items.
    """
    step: asyncio.Future[T] | None = None
    said_all = False
    try:
        while True:
            step = asyncio.ensure_future(anext(items))
            while not (await asyncio.wait({step}, timeout=seconds))[0]:
                if not said_all and (sign := pulse()) is not None:
                    yield sign
            try:
                item = step.result()
            except StopAsyncIteration:
                return
            said_all = is_last(item)
            yield item
    finally:
        if step is not None:
            step.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({step})
        await items.aclose()
