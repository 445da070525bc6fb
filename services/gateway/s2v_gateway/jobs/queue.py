"""Where jobs wait for a place to run, and are told how long that may take."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from s2v.core.job import Waiting
from s2v.rpc.metrics import JOB_WAIT_SECONDS
from s2v_gateway.jobs.line import Candidate, Line, Ticket

_TELL_SECONDS = 0.25
"""So long changes are gathered before they are told."""
_LOOK_SECONDS = 5.0
"""So often it is looked anew when those who work may be done."""
_WORTH_TELLING_SECONDS = 5.0
_WORTH_TELLING_SHARE = 0.1
_LEAST_SHARE_LEFT = 0.1
"""Of the work that was expected: whoever takes longer has at least as much before them, for all
that is known."""


SecondsLeft = Callable[[], float]
"""Gives the seconds that a job needs until its end; 0 as long as nobody knows."""


def _unknown() -> float:
    return 0.0


@dataclass(eq=False, slots=True)
class _Turn:
    """One coming of a job; `called` is set when it has a place."""

    ticket: Ticket
    came_at: float
    called: asyncio.Event = field(default_factory=asyncio.Event)
    taken: bool = False
    called_at: float = 0.0
    seconds_left: SecondsLeft = _unknown


class Queue:
    """So many places; who finds none waits. All methods are called on one event loop.

    Args:
        places: how many there are.
        per_tenant: so many of them one tenant may hold; 0 for all.
        tell: called with a job's id when the place where it waits, or the guess when it starts,
            has changed.
    """

    def __init__(
        self, places: int, *, per_tenant: int, tell: Callable[[str, Waiting], None]
    ) -> None:
        self._line = Line(places, per_tenant=per_tenant)
        self._tell = tell
        self._turns: dict[str, _Turn] = {}
        self._of: dict[Ticket, _Turn] = {}
        self._opened = False
        self._stale = False
        self._guesses: dict[str, Waiting] = {}
        self._told: dict[str, Waiting] = {}
        self._look: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Give places from now on: everybody is there who was before the process died."""
        self._opened = True
        self._changed()

    def close(self) -> None:
        """Give no places any more: the process goes down, and who waits, waits for the next one."""
        self._opened = False

    def come(self, candidate: Candidate) -> None:
        """Have a job wait whose work is about to start; again, it changes nothing."""
        if candidate.job_id not in self._turns:
            self._come(candidate)

    def leave(self, job_id: str) -> None:
        """Have a job wait no more whose work never asked for its place."""
        turn = self._turns.get(job_id)
        if turn is not None and not turn.taken:
            self._leave(job_id, turn)

    @asynccontextmanager
    async def place(
        self, candidate: Candidate, seconds_left: SecondsLeft = _unknown
    ) -> AsyncIterator[None]:
        """Hold a place; whoever waits for one can be cancelled."""
        turn = self._turns.get(candidate.job_id)
        if turn is None or turn.taken:
            turn = self._come(candidate)
        turn.taken, turn.seconds_left = True, seconds_left
        try:
            await turn.called.wait()
            yield
        finally:
            self._leave(candidate.job_id, turn)

    def waiting(self, job_id: str) -> Waiting | None:
        """Tell where a job waits; None if it does not."""
        turn = self._turns.get(job_id)
        if turn is None or turn.called.is_set():
            return None
        if self._stale:
            self._guess()
        return self._guesses.get(job_id)

    def would_wait_seconds(self, candidate: Candidate) -> float:
        """Guess how long a job would wait that came now."""
        ticket = self._line.come(candidate)
        try:
            return self._line.forecast(self._seconds_left()).get(ticket, 0.0)
        finally:
            self._line.leave(ticket)

    def _come(self, candidate: Candidate) -> _Turn:
        turn = _Turn(self._line.come(candidate), asyncio.get_running_loop().time())
        self._turns[candidate.job_id] = self._of[turn.ticket] = turn
        self._changed()
        return turn

    def _leave(self, job_id: str, turn: _Turn) -> None:
        self._line.leave(turn.ticket)
        del self._of[turn.ticket]
        if self._turns.get(job_id) is turn:
            del self._turns[job_id]
        self._changed()

    def _changed(self) -> None:
        if self._opened:
            for ticket in self._line.call():
                turn = self._of[ticket]
                turn.called_at = asyncio.get_running_loop().time()
                JOB_WAIT_SECONDS.observe(turn.called_at - turn.came_at)
                turn.called.set()
        self._stale = True
        self._look_within(_TELL_SECONDS)

    def _look_within(self, seconds: float) -> None:
        """See to it that whoever waits is told by then."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._look is None or self._look.when() > due:
            if self._look is not None:
                self._look.cancel()
            self._look = loop.call_at(due, self._tell_changes)

    def _tell_changes(self) -> None:
        self._look = None
        self._guess()
        for job_id, guess in self._guesses.items():
            before = self._told.get(job_id)
            if before is None or _is_news(guess, before):
                self._told[job_id] = guess
                self._tell(job_id, guess)
        self._told = {job_id: self._told[job_id] for job_id in self._guesses}
        if self._guesses:
            self._look_within(_LOOK_SECONDS)

    def _guess(self) -> None:
        now = datetime.now(UTC)
        called = self._line.forecast(self._seconds_left())
        self._guesses = {
            self._line.candidate(ticket).job_id: Waiting(
                position, now + timedelta(seconds=math.ceil(seconds))
            )
            for position, (ticket, seconds) in enumerate(called.items(), 1)
        }
        self._stale = False

    def _seconds_left(self) -> dict[Ticket, float]:
        now = asyncio.get_running_loop().time()
        return {ticket: self._left(self._of[ticket], now) for ticket in self._line.held}

    def _left(self, turn: _Turn, now: float) -> float:
        if left := turn.seconds_left():
            return left
        expected = self._line.candidate(turn.ticket).work_seconds
        return max(expected - (now - turn.called_at), _LEAST_SHARE_LEFT * expected)


def _is_news(guess: Waiting, before: Waiting) -> bool:
    if guess.position != before.position:
        return True
    ahead = (guess.start_time - datetime.now(UTC)).total_seconds()
    moved = abs((guess.start_time - before.start_time).total_seconds())
    return moved > max(_WORTH_TELLING_SECONDS, _WORTH_TELLING_SHARE * ahead)
