"""Whose turn it is: by class, fairly between tenants, and no place is ever held twice."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from s2v.core.job import Priority
from s2v_gateway.jobs.line import Candidate, Line, Ticket

SCHEDULES, STEPS = 10_000, 40
LOW, NORMAL, HIGH = Priority.LOW, Priority.NORMAL, Priority.HIGH


def job(
    number: int,
    tenant: str = "red",
    priority: Priority = NORMAL,
    *,
    work: float = 10.0,
    resumes: bool = False,
) -> Candidate:
    return Candidate(f"job-{number}", tenant, priority, number, work, resumes)


def called(line: Line) -> list[str]:
    return [line.candidate(ticket).job_id for ticket in line.call()]


def turns(line: Line, *jobs: Candidate) -> list[int]:
    """Have jobs come to a line with one place and return their numbers as they are called."""
    for one in jobs:
        line.come(one)
    order = []
    while tickets := line.call():
        order += [line.candidate(ticket).number for ticket in tickets]
        for ticket in tickets:
            line.leave(ticket)
    return order


def test_within_a_tenant_who_came_first_goes_first_whenever_it_lines_up() -> None:
    assert turns(Line(1), job(3), job(1), job(2)) == [1, 2, 3]


def test_a_higher_class_goes_first() -> None:
    jobs = (job(1, priority=LOW), job(2), job(3, priority=HIGH), job(4), job(5, priority=HIGH))
    assert turns(Line(1), *jobs) == [3, 5, 2, 4, 1]


def test_who_was_at_work_before_a_crash_goes_before_every_class() -> None:
    jobs = (job(1, priority=HIGH), job(2, priority=LOW, resumes=True), job(3))
    assert turns(Line(1), *jobs) == [2, 1, 3]


def test_tenants_take_turns_however_much_one_of_them_asks_for() -> None:
    many = [job(number) for number in range(1, 7)]
    few = [job(10, "blue"), job(11, "blue"), job(12, "green")]
    assert turns(Line(1), *many, *few) == [1, 10, 12, 2, 11, 3, 4, 5, 6]


def test_the_tenant_with_the_fewest_places_goes_first() -> None:
    line = Line(3)
    for number in (1, 2):
        line.come(job(number))
    line.call()
    line.come(job(3))
    line.come(job(4, "blue"))
    assert called(line) == ["job-4"]


def test_of_tenants_with_as_many_places_the_one_that_waited_longest_goes_first() -> None:
    line = Line(2)
    red = line.come(job(1, "red"))
    blue = line.come(job(2, "blue"))
    line.call()
    line.come(job(3, "blue"))
    line.come(job(4, "red"))
    line.leave(blue)
    line.leave(red)
    assert called(line) == ["job-4", "job-3"]


def test_a_tenant_has_at_most_its_share_and_its_further_jobs_keep_nobody_waiting() -> None:
    line = Line(4, per_tenant=2)
    tickets = [line.come(job(number, priority=HIGH)) for number in (1, 2, 3)]
    line.come(job(4, "blue", LOW))
    assert called(line) == ["job-1", "job-2", "job-4"]
    line.leave(tickets[0])
    assert called(line) == ["job-3"]


def test_a_ticket_leaves_once() -> None:
    line = Line(1)
    ticket = line.come(job(1))
    line.call()
    assert line.leave(ticket)
    anew = line.come(job(1))
    assert line.call() == [anew]
    assert not line.leave(ticket)
    assert dict(line.held) == {anew: 0}


def test_the_forecast_is_what_happens_when_all_take_as_long_as_expected() -> None:
    line = Line(2)
    first, second = line.come(job(1, work=30)), line.come(job(2, work=20))
    line.call()
    third, fourth = line.come(job(3, work=5)), line.come(job(4, "blue", work=7))
    fifth = line.come(job(5, priority=LOW))
    forecast = line.forecast({first: 12.0, second: 3.0})
    assert forecast == {fourth: 3.0, third: 10.0, fifth: 12.0}
    assert list(forecast) == [fourth, third, fifth]
    assert line.waiting == {third, fourth, fifth}


def test_nobody_waits_for_a_place_that_is_free() -> None:
    line = Line(2)
    ticket = line.come(job(1))
    assert line.forecast({}) == {ticket: 0.0}


@dataclass
class _World:
    """Jobs as the database knows them, the processes that work on them, and one line."""

    chance: random.Random
    places: int
    per_tenant: int
    line: Line = field(init=False)
    jobs: dict[int, Candidate] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    late: list[Ticket] = field(default_factory=list)
    works: set[int] = field(default_factory=set)
    accepted: int = 0

    def __post_init__(self) -> None:
        self.line = Line(self.places, per_tenant=self.per_tenant)

    def accept(self) -> None:
        self.accepted += 1
        number = self.accepted
        new = job(number, self.chance.choice("rgb"), self.chance.choice(list(Priority)))
        self.jobs[number] = new
        self.tickets[number] = self.line.come(new)

    def end(self) -> None:
        """A job ends, whether it works or waits; what it says afterwards comes too late."""
        if self.jobs:
            number = self.chance.choice(sorted(self.jobs))
            ticket = self.tickets.pop(number)
            assert self.line.leave(ticket)
            self.late.append(ticket)
            self.works.discard(number)
            del self.jobs[number]

    def come_anew(self) -> None:
        """The work of a job is lost and started again; the lost one leaves late, or never."""
        if self.jobs:
            number = self.chance.choice(sorted(self.jobs))
            assert self.line.leave(self.tickets[number])
            self.late.append(self.tickets[number])
            self.jobs[number] = replace(self.jobs[number], resumes=number in self.works)
            self.works.discard(number)
            self.tickets[number] = self.line.come(self.jobs[number])

    def reply_late(self) -> None:
        if self.late:
            assert not self.line.leave(self.chance.choice(self.late))

    def crash(self) -> None:
        """The process dies; the next one lines up what the database knows, in any order."""
        self.line = Line(self.places, per_tenant=self.per_tenant)
        self.late = []
        for number in self.chance.sample(sorted(self.jobs), len(self.jobs)):
            resumes = self.jobs[number].resumes or number in self.works
            self.jobs[number] = replace(self.jobs[number], resumes=resumes)
            self.tickets[number] = self.line.come(self.jobs[number])
        self.works = set()

    def call(self) -> None:
        before = {self._number(ticket) for ticket in self.line.held}
        for ticket in self.line.call():
            number = self._number(ticket)
            assert number not in before, "a job that holds a place was called again"
            self.works.add(number)

    def check(self) -> None:
        held = self.line.held
        assert len(set(held.values())) == len(held), "two jobs hold one place"
        assert set(held.values()) <= set(range(self.places))
        assert {self._number(ticket) for ticket in held} == self.works
        holding = Counter(self.line.candidate(ticket).tenant for ticket in held)
        most = self.per_tenant or self.places
        assert max(holding.values(), default=0) <= most
        waiting = [self.line.candidate(ticket) for ticket in self.line.waiting]
        assert len(waiting) + len(held) == len(self.jobs), "a job is lost, or is there twice"
        stuck = [one for one in waiting if holding[one.tenant] < most]
        assert not stuck or len(held) == self.places, "a place is free and somebody waits for it"
        forecast = self.line.forecast(dict.fromkeys(held, 1.0))
        assert forecast.keys() == self.line.waiting

    def _number(self, ticket: Ticket) -> int:
        return int(self.line.candidate(ticket).job_id.removeprefix("job-"))


@pytest.mark.parametrize("part", range(4))
def test_no_place_is_held_twice_and_no_job_is_lost_whatever_happens(part: int) -> None:
    actions = (_World.accept, _World.end, _World.come_anew, _World.reply_late, _World.crash)
    shares = (10, 5, 1, 3, 1)
    for seed in range(part * SCHEDULES // 4, (part + 1) * SCHEDULES // 4):
        chance = random.Random(seed)
        world = _World(chance, chance.randint(1, 4), chance.randint(0, 2))
        try:
            for act in chance.choices(actions, shares, k=chance.randint(1, STEPS)):
                act(world)
                world.call()
                world.check()
            while world.jobs:
                world.end()
                world.call()
                world.check()
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error
        assert not world.line.held
