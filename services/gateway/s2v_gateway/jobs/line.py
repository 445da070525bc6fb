"""Who works and who goes next, as plain rules: no clock, no thread, no database.

Jobs come, are called when it is their turn, hold a place from then on, and leave. Whoever was at
work before a crash goes before all others; then the priority classes have their turn, one after the
other; within a class the tenant with the fewest places, of these the one that has waited longest
since it was last called; within a tenant the job that came first.
"""

import heapq
import itertools
from bisect import insort
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from s2v.core.job import Priority

Ticket = int
"""Stands for one coming of one job: what a job does late, after it came anew, changes nothing."""

_CLASSES = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
_RANKS = 1 + len(_CLASSES)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job as those see it who decide when it has its turn.

    Attributes:
        job_id: of the job.
        tenant: who owns it.
        priority: its class.
        number: the later it was accepted, the larger.
        work_seconds: how long it may take.
        resumes: whether it was at work already, before the process that worked on it died.
    """

    job_id: str
    tenant: str
    priority: Priority
    number: int
    work_seconds: float
    resumes: bool = False

    @property
    def rank(self) -> int:
        """How many classes go before its own."""
        return 0 if self.resumes else 1 + _CLASSES.index(self.priority)


class Line:
    """So many places, and who holds them or waits for one.

    Args:
        number: how many places there are, at least 1.
        per_tenant: so many of them one tenant may hold; 0 for all.
    """

    def __init__(self, number: int, *, per_tenant: int = 0) -> None:
        self._number = number
        self._most = per_tenant or number
        self._tickets = itertools.count(1)
        self._candidates: dict[Ticket, Candidate] = {}
        self._held: dict[Ticket, int] = {}
        self._free = list(range(number))
        self._jobs: list[dict[str, list[tuple[int, Ticket]]]] = [{} for _ in range(_RANKS)]
        self._ready: list[dict[str, tuple[int, int, int]]] = [{} for _ in range(_RANKS)]
        self._holding: defaultdict[str, int] = defaultdict(int)
        self._last_call: dict[str, int] = {}
        self._calls = 0

    @property
    def held(self) -> Mapping[Ticket, int]:
        """Who holds which place, from 0."""
        return self._held

    @property
    def waiting(self) -> set[Ticket]:
        """Who waits."""
        return self._candidates.keys() - self._held.keys()

    def candidate(self, ticket: Ticket) -> Candidate:
        """Return who came with a ticket that holds a place or waits.

        Raises:
            KeyError: nobody does.
        """
        return self._candidates[ticket]

    def come(self, candidate: Candidate) -> Ticket:
        """Begin to wait."""
        ticket = next(self._tickets)
        self._candidates[ticket] = candidate
        jobs = self._jobs[candidate.rank].setdefault(candidate.tenant, [])
        insort(jobs, (candidate.number, ticket))
        self._note(candidate.tenant)
        return ticket

    def leave(self, ticket: Ticket) -> bool:
        """Wait no more, or give the place back; tell whether there was anything to leave."""
        candidate = self._candidates.pop(ticket, None)
        if candidate is None:
            return False
        if (place := self._held.pop(ticket, None)) is not None:
            heapq.heappush(self._free, place)
            self._holding[candidate.tenant] -= 1
        else:
            self._jobs[candidate.rank][candidate.tenant].remove((candidate.number, ticket))
        self._note(candidate.tenant)
        return True

    def call(self) -> list[Ticket]:
        """Give places to those whose turn it is, as far as there are any."""
        called = []
        while self._free and any(self._ready):
            rank = next(rank for rank, ready in enumerate(self._ready) if ready)
            tenant = min(self._ready[rank], key=self._ready[rank].__getitem__)
            _, ticket = self._jobs[rank][tenant].pop(0)
            self._held[ticket] = heapq.heappop(self._free)
            self._holding[tenant] += 1
            self._calls += 1
            self._last_call[tenant] = self._calls
            self._note(tenant)
            called.append(ticket)
        return called

    def forecast(self, seconds_left: Mapping[Ticket, float]) -> dict[Ticket, float]:
        """Guess in how many seconds each of those who wait is called, in the order of their turns.

        `seconds_left` tells of those who hold places when they may give them back.
        """
        future = self._copied()
        ends = [(seconds_left[ticket], ticket) for ticket in self._held]
        heapq.heapify(ends)
        called: dict[Ticket, float] = {}
        now = 0.0
        while True:
            for ticket in future.call():
                called[ticket] = now
                heapq.heappush(ends, (now + self._candidates[ticket].work_seconds, ticket))
            if not ends or len(called) == len(self._candidates) - len(self._held):
                return called
            now, ticket = heapq.heappop(ends)
            future.leave(ticket)

    def _note(self, tenant: str) -> None:
        """Note whether a tenant may be called in each class, and what it is compared by."""
        holding = self._holding[tenant]
        for jobs, ready in zip(self._jobs, self._ready, strict=True):
            if tenant not in jobs:  # nor is it ready
                continue
            waiting = jobs[tenant]
            if waiting and holding < self._most:
                ready[tenant] = (holding, self._last_call.get(tenant, 0), waiting[0][0])
                continue
            ready.pop(tenant, None)
            if not waiting:
                del jobs[tenant]

    def _copied(self) -> Self:
        other = type(self)(self._number, per_tenant=self._most)
        other._candidates = dict(self._candidates)
        other._held, other._free = dict(self._held), list(self._free)
        other._jobs = [{t: list(waiting) for t, waiting in jobs.items()} for jobs in self._jobs]
        other._ready = [dict(ready) for ready in self._ready]
        other._holding, other._last_call = self._holding.copy(), dict(self._last_call)
        other._calls = self._calls
        return other
