"""Places are free again as soon as their work has ended, and work that never ends is noticed."""

import asyncio
import threading
from collections.abc import Generator

from s2v_tts.places import Places


class Stuck:
    """Work that hangs until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def work(self) -> Generator[str | None]:
        self.begun.set()
        self.go.wait()
        yield None


async def begun(places: Places, stuck: Stuck) -> asyncio.Task[list[str]]:
    """Return a call whose work has begun."""

    async def call() -> list[str]:
        return [item async for item in places.at_work(stuck.work(), pulse="pulse")]

    calling = asyncio.create_task(call())
    await asyncio.to_thread(stuck.begun.wait)
    return calling


async def test_work_that_does_not_end_when_it_is_closed_is_told() -> None:
    noticed, stuck = asyncio.Event(), Stuck()
    places = Places(1, 1, when_stuck=noticed.set, stuck_seconds=0.05)
    calling = await begun(places, stuck)
    calling.cancel()
    await noticed.wait()
    stuck.go.set()
    assert await (await begun(places, stuck)) == ["pulse"]


async def test_work_that_ends_soon_after_it_is_closed_is_none_of_that() -> None:
    noticed, stuck = asyncio.Event(), Stuck()
    places = Places(1, 1, when_stuck=noticed.set, stuck_seconds=30)
    calling = await begun(places, stuck)
    calling.cancel()
    stuck.go.set()
    assert await (await begun(places, stuck)) == ["pulse"]
    assert not noticed.is_set()
