"""Workers that render with the same engines: who is free, who waits, whose device is away."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Collection, Sequence

from s2v.core.errors import Exhausted, Reason, S2VError, Unavailable
from s2v_render.workers.seat import Seat, WorkerDiedError, WorkerState

RETRY_SECONDS = 2.0


class Crew:
    """Leases its workers, first come first served.

    A worker whose device is elsewhere rests when that is away, or has failed too often in a row; it
    comes back when the device answers.

    Args:
        seats: the workers, none of which has started.
        max_waiting: how many may wait for one.
    """

    def __init__(self, seats: Sequence[Seat], *, max_waiting: int) -> None:
        self.seats = seats
        self._max_waiting = max_waiting
        self._idle: list[Seat] = []
        self._waiters: deque[asyncio.Future[Seat]] = deque()
        self._closed: S2VError | None = None

    @property
    def waiting(self) -> int:
        """How many wait for a worker."""
        return len(self._waiters)

    @property
    def groups(self) -> list[str]:
        """The device groups elsewhere that have a name, as the workers come."""
        return [seat.group for seat in self.seats if seat.group]

    @property
    def problem(self) -> str:
        """Why none of the workers can render for now; empty where one can."""
        if any(seat.state is not WorkerState.AWAY for seat in self.seats):
            return ""
        return " ".join(seat.problem for seat in self.seats)

    async def lease(self, *, near: str = "", failed: Collection[Seat] = ()) -> Seat:
        """Return a worker as soon as one is free.

        If there is a choice, it is none of those that have failed, and one of that device group.

        Raises:
            Exhausted: every worker has a take and the waiting room is full (WORKERS_BUSY).
            Unavailable: no worker will come (SERVICE_UNAVAILABLE).
        """
        self._refuse_if_hopeless()
        if self._idle:
            seat = min(
                self._idle, key=lambda seat: (seat in failed, not near or seat.group != near)
            )
            self._idle.remove(seat)
            seat.state = WorkerState.BUSY
            return seat
        if self.waiting >= self._max_waiting:
            raise Exhausted(
                Reason.WORKERS_BUSY,
                f"all {len(self.seats)} workers are busy and {self.waiting} takes wait already; "
                "try again later",
                retry_after_seconds=RETRY_SECONDS,
            )
        return await self._next_free()

    def leave(self, seat: Seat) -> None:
        """Let the next take have a worker whose engine has stopped, or let it rest."""
        if seat.problem:
            seat.state = WorkerState.AWAY
            self._tell_if_hopeless()
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                seat.state = WorkerState.BUSY
                waiter.set_result(seat)
                return
        seat.state = WorkerState.IDLE
        self._idle.append(seat)

    def close(self, error: S2VError) -> None:
        """Refuse every take from now on, and those that wait."""
        self._closed = error
        self._tell_if_hopeless()

    async def tend(self, seat: Seat, *, every_seconds: float) -> None:
        """Ask again and again how a device elsewhere is, for as long as its worker has no take."""
        while True:
            if seat.state is WorkerState.IDLE or seat.has_rested:
                await self._look_after(seat)
            await asyncio.sleep(every_seconds)

    async def _look_after(self, seat: Seat) -> None:
        was = seat.state
        try:
            problem = await seat.check()
        except WorkerDiedError:
            if was is WorkerState.AWAY:
                await seat.revive()
                self.leave(seat)
            return  # of one without a take the next one finds out
        if seat.state is not was:
            return
        if was is WorkerState.IDLE and problem:
            self._idle.remove(seat)
        if problem:
            seat.rest(problem)
            self.leave(seat)
        elif was is WorkerState.AWAY:
            seat.problem = ""
            self.leave(seat)

    async def _next_free(self) -> Seat:
        waiter: asyncio.Future[Seat] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.leave(waiter.result())
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)

    def _hopeless(self) -> S2VError | None:
        if self._closed:
            return self._closed
        if not self.problem:
            return None
        return Unavailable(
            Reason.SERVICE_UNAVAILABLE, self.problem, retry_after_seconds=RETRY_SECONDS
        )

    def _refuse_if_hopeless(self) -> None:
        if error := self._hopeless():
            raise error

    def _tell_if_hopeless(self) -> None:
        """Send those away who wait for what never comes."""
        error = self._hopeless()
        while error and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)
