"""Work that is not broken off when the call it belongs to is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Await the work; when cancelled meanwhile, wait for its end and only then be cancelled."""
    step = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await asyncio.wait({step})
        raise


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in a thread and never leave before it has ended.

    A thread cannot be cancelled: whoever closes what it works on must know that it has stopped.
    """
    return await to_the_end(asyncio.to_thread(work, *args, **kwargs))
