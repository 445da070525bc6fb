"""Work under which a service dies is done again, apart from others, and not for ever."""

import asyncio
from collections.abc import Mapping

import pytest

from s2v.core.errors import Reason, Unavailable
from s2v.core.stages import ServiceDied
from s2v_gateway.jobs.suspects import Suspects, Turns


class Service:
    """Works on what it is given until it is let go; dies of poison, with all that it is at."""

    def __init__(self) -> None:
        self.deaths = 0
        self.free = asyncio.Event()
        self._at_work: set[asyncio.Future[str]] = set()

    async def work(self, what: str) -> str:
        mine: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._at_work.add(mine)
        if what == "poison":
            self._die()
        elif self.free.is_set():
            mine.set_result(what)
        return await mine

    def _die(self) -> None:
        self.deaths += 1
        for work in self._at_work:
            work.set_exception(ServiceDied("tts"))
        self._at_work.clear()


class Records:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.deaths: dict[str, dict[str, int]] = {}

    def note_deaths(self, job_id: str, deaths: Mapping[str, int]) -> None:
        self.deaths[job_id] = dict(deaths)


def suspects(job_id: str, records: Records, turns: Turns, **deaths: int) -> Suspects:
    return Suspects(job_id, deaths, records, turns)  # type: ignore[arg-type]


async def test_what_dies_beside_poison_is_not_blamed_for_it() -> None:
    service, records, turns = Service(), Records(), Turns()
    good = [
        asyncio.create_task(
            suspects(job, records, turns).survived("speak-0", lambda job=job: service.work(job))
        )
        for job in ("one", "two")
    ]
    await asyncio.sleep(0)
    bad = suspects("bad", records, turns)
    service.free.set()  # from now on the others are through at once when they have their turn
    with pytest.raises(Unavailable) as caught:
        await bad.survived("cut", lambda: service.work("poison"))
    assert caught.value.reason is Reason.WORKER_LOST
    assert await asyncio.gather(*good) == ["one", "two"]
    assert service.deaths == 2
    assert records.deaths == {"one": {"speak-0": 1}, "two": {"speak-0": 1}, "bad": {"cut": 2}}


async def test_what_has_killed_twice_before_is_not_done_again() -> None:
    service = Service()
    known = suspects("job", Records(), Turns(), cut=2)
    with pytest.raises(Unavailable, match="died 2 times at work on this"):
        await known.survived("cut", lambda: service.work("poison"))
    assert service.deaths == 0


async def test_work_of_other_services_has_its_own_turns() -> None:
    turns = Turns()
    async with turns.turn("speak-1"), turns.turn("render-1"), turns.turn("compose"):
        waiting = asyncio.create_task(turns.turn("cut").__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
