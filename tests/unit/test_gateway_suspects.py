"""Work under which a service dies is done again, apart from others, and not for ever."""

import asyncio
from collections.abc import Mapping

import pytest

from s2v.core.errors import Reason, Unavailable
from s2v.core.stages import ServiceDied
from s2v_gateway.jobs.suspects import MOST_DEATHS_IN_COMPANY, Suspects, Turns


class Service:
    """Works on what it is given until it is let go; dies of poison, with all that it is at."""

    def __init__(self) -> None:
        self.deaths = 0
        self.free = asyncio.Event()
        self.two_at_work = asyncio.Event()
        self._at_work: set[asyncio.Future[str]] = set()

    async def work(self, what: str) -> str:
        mine: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._at_work.add(mine)
        if len(self._at_work) == 2:
            self.two_at_work.set()
        if what == "poison":
            self._die()
        elif self.free.is_set():
            mine.set_result(what)
        try:
            return await mine
        finally:
            self._at_work.discard(mine)

    def _die(self) -> None:
        self.deaths += 1
        for work in self._at_work:
            work.set_exception(ServiceDied("tts"))


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
    await service.two_at_work.wait()
    bad = suspects("bad", records, turns)
    service.free.set()  # from now on the others are through at once when they have their turn
    with pytest.raises(Unavailable) as caught:
        await bad.survived("cut", lambda: service.work("poison"))
    assert caught.value.reason is Reason.WORKER_LOST
    assert await asyncio.gather(*good) == ["one", "two"]
    assert records.deaths == {
        "one": {"speak-0*": 1},
        "two": {"speak-0*": 1},
        "bad": {"cut*": 1, "cut@0": 2},
    }


async def test_poison_that_is_alone_fails_after_the_second_death() -> None:
    service, records = Service(), Records()
    with pytest.raises(Unavailable):
        await suspects("bad", records, Turns()).survived("cut", lambda: service.work("poison"))
    assert service.deaths == 2
    assert records.deaths == {"bad": {"cut@0": 2}}


async def test_work_that_was_further_each_time_is_not_what_killed() -> None:
    came_to = iter([3, 5, 9])

    async def work() -> str:
        progress = next(came_to, None)
        if progress is None:
            return "done"
        raise ServiceDied("compositor", progress)

    assert await suspects("job", Records(), Turns()).survived("compose", work) == "done"


async def test_work_that_the_service_was_not_at_is_never_blamed() -> None:
    deaths, records = iter([ServiceDied("compositor", None)] * 20), Records()

    async def work() -> str:
        if death := next(deaths, None):
            raise death
        return "done"

    assert await suspects("job", records, Turns()).survived("compose", work) == "done"
    assert records.deaths == {}


async def test_work_that_others_always_die_beside_is_given_up_in_the_end() -> None:
    turns, times = Turns(), 0

    async def work() -> str:
        nonlocal times
        times += 1
        raise ServiceDied("tts")

    async with turns.turn("speak-1", suspected=False):
        with pytest.raises(Unavailable):
            await suspects("job", Records(), turns).survived("speak-0", work)
    assert times == MOST_DEATHS_IN_COMPANY


@pytest.mark.parametrize("deaths", [{"cut@0": 2}, {"cut*": MOST_DEATHS_IN_COMPANY}])
async def test_what_has_killed_too_often_before_is_not_done_again(deaths: dict[str, int]) -> None:
    service = Service()
    known = suspects("job", Records(), Turns(), **deaths)
    with pytest.raises(Unavailable, match="died again and again at work on this"):
        await known.survived("cut", lambda: service.work("poison"))
    assert service.deaths == 0


async def test_nobody_begins_beside_what_is_suspected_but_at_other_services() -> None:
    turns = Turns()
    async with turns.turn("speak-1", suspected=True) as suspected:
        async with turns.turn("render-1", suspected=True), turns.turn("compose", suspected=False):
            later = turns.turn("cut", suspected=False)
            waiting = asyncio.create_task(later.__aenter__())
            await asyncio.sleep(0.01)
            assert not waiting.done()
        assert suspected.alone
    assert (await waiting).alone
    await later.__aexit__(None, None, None)
