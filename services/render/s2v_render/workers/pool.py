"""The workers: which of them has a take, and who must be started again."""

import asyncio
from asyncio import FIRST_COMPLETED as _FIRST
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from s2v.core.errors import Reason, ShardLostError, Unavailable
from s2v.core.job import Reel
from s2v.core.ports import Capabilities, Notice
from s2v.rpc.pulse import with_pulse
from s2v.rpc.tracing import here
from s2v_render.rendering import ClipRendered, RenderEvent, RenderOrder, RenderProgress
from s2v_render.workers import telling
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.config import WorkerConfig
from s2v_render.workers.crew import RETRY_SECONDS, Crew
from s2v_render.workers.seat import Seat, WorkerDiedError, WorkerStatus

T = TypeVar("T")

MAX_TAKES = 3
_log = structlog.get_logger()


class WorkerPool:
    """Leases workers to takes; restarts dead workers and tries their takes again.

    Args:
        cluster: Ray, started.
        config: of every worker of this machine, or cluster.
        workers: how many of those there are.
        elsewhere: of every worker whose device is elsewhere; all of them with the same engines.
        max_waiting: how many takes may wait for a worker of the one kind, and of the other.
        when_gone: called once when Ray has died.
    """

    def __init__(
        self,
        cluster: RayCluster,
        config: WorkerConfig,
        *,
        workers: int,
        max_waiting: int,
        elsewhere: Sequence[WorkerConfig] = (),
        when_gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._cluster = cluster
        self._pulse_seconds = config.pulse_seconds
        here = {f"worker-{index}": config for index in range(workers)}
        away = {f"worker-{workers + index}": config for index, config in enumerate(elsewhere)}
        self._crews = [
            Crew(
                [Seat(name, config, is_local=cluster.is_local) for name, config in crew.items()],
                max_waiting=max_waiting,
            )
            for crew in (here, away)
            if crew
        ]
        self._crew_of: dict[str, Crew] = {}
        self._when_gone = when_gone
        self._reclaiming: set[asyncio.Task[None]] = set()
        self._tending: list[asyncio.Task[None]] = []
        self._capabilities: dict[str, Capabilities] = {}
        self._gone: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start every worker."""
        self._gone = asyncio.create_task(self._cluster.gone())
        self._gone.add_done_callback(self._send_away)
        await asyncio.gather(*(seat.start() for seat in self._seats))
        for crew in self._crews:
            offered = await crew.seats[0].actor.capabilities.remote()
            self._crew_of |= dict.fromkeys(offered, crew)
            self._capabilities |= offered
            for seat in crew.seats:
                crew.leave(seat)
            self._tending += [
                asyncio.create_task(crew.tend(seat, every_seconds=self._pulse_seconds))
                for seat in crew.seats
                if seat.is_elsewhere
            ]

    async def stop(self) -> None:
        """End every worker; takes at work fail."""
        going_on = [*self._tending, *self._reclaiming, *([self._gone] if self._gone else [])]
        for work in going_on:
            work.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        await asyncio.gather(*(seat.kill() for seat in self._seats))

    @property
    def capabilities(self) -> Mapping[str, Capabilities]:
        """What each engine can do.

        Raises:
            Unavailable: the workers are still starting (SERVICE_UNAVAILABLE).
        """
        if not self._capabilities:
            raise Unavailable(
                Reason.SERVICE_UNAVAILABLE,
                "the workers are still starting; try again",
                retry_after_seconds=RETRY_SECONDS,
            )
        return self._capabilities

    @property
    def waiting(self) -> int:
        """How many takes wait for a worker."""
        return sum(crew.waiting for crew in self._crews)

    def status(self) -> list[WorkerStatus]:
        """Tell what every worker is doing."""
        return [seat.status() for seat in self._seats]

    def problem(self, engine: str) -> str:
        """Tell why none of the workers can render with an engine for now; empty where one can."""
        return self._crew_of[engine].problem

    def groups(self, engine: str) -> list[str]:
        """Return the device groups that render with an engine, where they have names."""
        return self._crew_of[engine].groups

    @property
    def _seats(self) -> list[Seat]:
        return [seat for crew in self._crews for seat in crew.seats]

    async def run(self, order: RenderOrder) -> AsyncGenerator[RenderEvent]:
        """Render on the first worker that is free; the clip comes last.

        Closing it or being cancelled cancels the take. When the worker dies or stands still, it is
        started again and so is the take: progress begins at 0 again. So it does on another worker
        when a device elsewhere is away or fails. Progress is repeated now and then while the take
        waits or its worker's process answers.

        Raises:
            Exhausted: every worker has a take and the waiting room is full (WORKERS_BUSY).
            Unavailable: workers died under the take (WORKER_LOST), or Ray did, or every device
                elsewhere is away (SERVICE_UNAVAILABLE); or it failed on such devices (what the
                last of them raised).
            S2VError: whatever rendering raises.
        """
        said = _Said(order)
        events = with_pulse(
            self._run(said),
            said.pulse,
            is_last=lambda event: isinstance(event, ClipRendered),
            seconds=self._pulse_seconds,
        )
        async with aclosing(events):
            async for event in events:
                yield event

    async def _run(self, said: "_Said") -> AsyncGenerator[RenderEvent]:
        """Render on one worker, and on others where that one's device elsewhere does not do it."""
        order = said.order
        crew = self._crew_of[order.engine]
        failed: list[Seat] = []
        while True:
            said.seat = None
            seat = said.seat = await crew.lease(near=order.device_group, failed=failed)
            try:
                async with aclosing(self._takes(seat, said)) as events:
                    async for event in events:
                        yield event
                seat.served()
                return
            except Unavailable as error:
                if not self._is_to_blame(seat, error):
                    raise
                seat.failed(error)
                if error.reason is not Reason.SERVICE_UNAVAILABLE:
                    failed.append(seat)
                if len(failed) == MAX_TAKES:
                    raise
            finally:
                self._leave(crew, seat, self._capabilities[order.engine].settle_seconds)

    def _is_to_blame(self, seat: Seat, error: Unavailable) -> bool:
        """Tell whether it was a device elsewhere that failed, not its worker or Ray."""
        is_ours = error.reason is Reason.WORKER_LOST or self._gone is None or self._gone.done()
        return seat.is_elsewhere and not is_ours

    async def _takes(self, seat: Seat, said: "_Said") -> AsyncGenerator[RenderEvent]:
        """Try until a take ends well; say each notice and each reel once."""
        for take in range(1, MAX_TAKES + 1):
            try:
                if take > 1:
                    await self._unless_gone(seat.restart())
                async with aclosing(self._take(seat, said.order, take)) as events:
                    async for event in events:
                        if not said.is_news(event):
                            continue
                        yield event
                return
            except WorkerDiedError as death:
                _log.warning("worker died", worker=seat.name, take=take, cause=str(death))
        raise _worker_lost(f"workers died under this take {MAX_TAKES} times")

    async def _take(self, seat: Seat, order: RenderOrder, take: int) -> AsyncGenerator[RenderEvent]:
        """Render once on a worker; leave the seat settled if the take came to its own end."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        seat.settled = False
        told = telling.TakeCount(order)
        context = {**structlog.contextvars.get_contextvars(), "take": take}
        patience_seconds = self._capabilities[order.engine].patience_seconds
        events = seat.actor.render.remote(order, context, here())
        watch = asyncio.create_task(seat.watch())
        try:
            while event := await self._while_alive(watch, _next(events), patience_seconds):
                seat.heard()
                told.hear(event)
                yield event
            seat.settled = True
        except RayTaskError as error:
            if isinstance(error.cause, ShardLostError):
                raise WorkerDiedError(str(error.cause)) from error
            seat.settled = True
            told.outcome = "failed"
            raise error.cause from None
        except RayError as error:
            raise WorkerDiedError(str(error).splitlines()[0]) from error
        finally:
            told.end()
            watch.cancel()
            if not seat.settled:
                ray.cancel(events)

    def _leave(self, crew: Crew, seat: Seat, settle_seconds: float) -> None:
        """Let the next take have the worker, as soon as the engine has stopped."""
        if seat.settled:
            crew.leave(seat)
            return
        reclaiming = asyncio.create_task(self._reclaim(crew, seat, settle_seconds))
        self._reclaiming.add(reclaiming)
        reclaiming.add_done_callback(self._reclaiming.discard)

    def _send_away(self, watch: asyncio.Task[None]) -> None:
        """Wake every call that waits for a worker, for none will come."""
        if not watch.cancelled():
            self._when_gone()
        for crew in self._crews:
            crew.close(_ray_gone())

    async def _reclaim(self, crew: Crew, seat: Seat, settle_seconds: float) -> None:
        """Wait until the worker is free, or start another one in its place."""
        from ray.exceptions import RayError

        watch = asyncio.create_task(seat.watch())
        try:
            await self._while_alive(watch, _settled(seat), settle_seconds)
        except (RayError, WorkerDiedError) as error:
            _log.warning("worker is dead or does not stop", worker=seat.name, cause=str(error))
            await seat.revive()
        finally:
            watch.cancel()
        crew.leave(seat)

    async def _while_alive(
        self, watch: asyncio.Task[str], work: Coroutine[Any, Any, T], patience_seconds: float
    ) -> T:
        """Await what a worker does for so long at most, and only while its process answers.

        Raises:
            Unavailable: Ray is gone (SERVICE_UNAVAILABLE).
            WorkerDiedError: it does not answer, or nothing came.
        """
        step = asyncio.create_task(work)
        try:
            await self._unless_gone(
                asyncio.wait({step, watch}, timeout=patience_seconds, return_when=_FIRST)
            )
            if step.done():
                return step.result()
            if watch.done():
                raise WorkerDiedError(watch.result())
            raise WorkerDiedError(f"its engine gave nothing for {patience_seconds:g} s")
        finally:
            step.cancel()

    async def _unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work, or fail at once when Ray is gone.

        Raises:
            Unavailable: SERVICE_UNAVAILABLE.
        """
        assert self._gone is not None
        step = asyncio.create_task(work)
        try:
            await asyncio.wait({step, self._gone}, return_when=_FIRST)
            if not step.done():
                raise _ray_gone()
            return step.result()
        finally:
            step.cancel()


@dataclass(slots=True)
class _Said:
    """What one call was told so far, and whether there is a reason to say that it goes on.

    `order` is of the next take, which begins after the reels that were told.
    """

    order: RenderOrder
    seat: Seat | None = None
    notices: set[Notice] = field(default_factory=set)
    progress: RenderProgress | None = None

    def is_news(self, event: RenderEvent) -> bool:
        """Take note of an event; tell whether it was not said before."""
        if isinstance(event, RenderProgress):
            self.progress = event
        if isinstance(event, Reel):
            self.order = replace(self.order, rendered=(*self.order.rendered, event))
        if not isinstance(event, Notice):
            return True
        known = event in self.notices
        self.notices.add(event)
        return not known

    def pulse(self) -> RenderProgress | None:
        """Repeat the progress where the take waits, or its worker was heard."""
        if self.seat is not None and not self.seat.is_heard:
            return None
        total = self.order.speech.frames(self.order.frame_rate)
        return self.progress or RenderProgress(0, total)


async def _settled(seat: Seat) -> None:
    await seat.actor.settled.remote()


async def _next(events: Any) -> RenderEvent | None:
    """Return what a remote generator yields next, None at its end."""
    async for reference in events:
        event: RenderEvent = await reference
        return event
    return None


def _ray_gone() -> Unavailable:
    return Unavailable(
        Reason.SERVICE_UNAVAILABLE, "Ray has stopped; try again", retry_after_seconds=RETRY_SECONDS
    )


def _worker_lost(what: str) -> Unavailable:
    return Unavailable(Reason.WORKER_LOST, f"{what}; try again", retry_after_seconds=RETRY_SECONDS)
