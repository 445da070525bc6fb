"""Attempts wait longer each time, begin anew after success, and end."""

import itertools
from collections.abc import Callable

import pytest
import tenacity
from tenacity import AttemptManager

from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.rpc import patience
from s2v.rpc.patience import attempts, attempts_async, is_first, renew

AWAY = Unavailable(Reason.SERVICE_UNAVAILABLE, "it is away")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    # Not those of the module `time`: threads that other tests left at work go by them, too.
    for module in (tenacity, tenacity.nap, patience):
        monkeypatch.setattr(module, "time", clock)
    return clock


def attempt_it(seconds: float, work: Callable[[AttemptManager], None]) -> None:
    for attempt in attempts(seconds):
        with attempt:
            work(attempt)


def fail(attempt: AttemptManager) -> None:
    raise AWAY


def test_each_wait_is_longer_until_patience_ends_with_the_last_error(clock: Clock) -> None:
    with pytest.raises(Unavailable, match="it is away"):
        attempt_it(8.0, fail)
    assert clock.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


def test_no_patience_is_one_attempt(clock: Clock) -> None:
    with pytest.raises(Unavailable):
        attempt_it(0, fail)
    assert clock.slept == []


def test_success_begins_anew(clock: Clock) -> None:
    counted = itertools.count()

    def work(attempt: AttemptManager) -> None:
        if next(counted) == 2:
            assert not is_first(attempt)
            renew(attempt)
            assert is_first(attempt)
        raise AWAY

    with pytest.raises(Unavailable):
        attempt_it(1.0, work)
    assert clock.slept == [0.1, 0.2, 0.1, 0.2, 0.4, 0.8]


def test_patience_counts_from_the_first_failure_not_from_the_beginning(clock: Clock) -> None:
    def work(attempt: AttemptManager) -> None:
        if is_first(attempt):
            clock.now += 3600.0
            raise AWAY

    attempt_it(1.0, work)
    assert clock.slept == [0.1]


def test_an_error_that_will_not_go_away_is_raised_at_once(clock: Clock) -> None:
    def work(attempt: AttemptManager) -> None:
        raise InvalidInput(Reason.FIELD_INVALID, "wrong")

    with pytest.raises(InvalidInput):
        attempt_it(60.0, work)
    assert clock.slept == []


async def test_coroutines_wait_the_same_way() -> None:
    tried = []

    async def work() -> None:
        tried.append(1)
        raise AWAY

    with pytest.raises(Unavailable):
        await attempts_async(0.2)(work)
    assert len(tried) == 3
