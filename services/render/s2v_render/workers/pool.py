"""The workers: who is free, who waits, and who must be started again."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import structlog
import tenacity

from s2v.core.errors import Exhausted, Reason, Unavailable
from s2v.core.ports import Capabilities, Notice
from s2v.core.registry import Registry
from s2v.rpc.patience import growing_delays
from s2v_render.rendering import RenderEvent, RenderOrder
from s2v_render.workers.actor import Worker
from s2v_render.workers.cluster import RayCluster

T = TypeVar("T")

MAX_TAKES = 3
_RETRY_SECONDS = 2.0
_log = structlog.get_logger()


class WorkerState(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker as others may see it; pid 0 while it starts."""

    name: str
    state: WorkerState
    device: str
    restarts: int
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What every worker is started with; see `s2v_render.workers.actor.Worker`.

    `gpus` is how many of Ray's GPUs a worker owns.
    """

    registry: Registry
    store_url: str
    engine_settings: Mapping[str, object] = field(default_factory=dict)
    threads: int = 1
    log_level: str = "INFO"
    gpus: int = 0

    @property
    def device(self) -> str:
        """What kind of device group a worker owns, for people."""
        return "cuda" if self.gpus else "cpu"


class _Seat:
    """A worker's place in the pool, which outlives its process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.actor: Any = None
        self.state = WorkerState.STARTING
        self.restarts = 0
        self.pid = 0
        self.settled = True
        """Whether its engine stands still."""


class WorkerPool:
    """Leases workers to takes; restarts dead workers and tries their takes again.

    Args:
        cluster: Ray, started.
        config: of every worker.
        workers: how many there are.
        max_waiting: how many takes may wait for a worker.
        when_gone: called once when Ray has died.
    """

    def __init__(
        self,
        cluster: RayCluster,
        config: WorkerConfig,
        *,
        workers: int,
        max_waiting: int,
        when_gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._seats = [_Seat(f"worker-{index}") for index in range(workers)]
        self._max_waiting = max_waiting
        self._when_gone = when_gone
        self._idle: asyncio.Queue[_Seat | None] = asyncio.Queue()
        self._leasing = 0
        self._reclaiming: set[asyncio.Task[None]] = set()
        self._capabilities: dict[str, Capabilities] = {}
        self._gone: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start every worker."""
        self._gone = asyncio.create_task(self._cluster.gone())
        self._gone.add_done_callback(self._send_away)
        await asyncio.gather(*map(self._start, self._seats))
        self._capabilities = await self._seats[0].actor.capabilities.remote()
        for seat in self._seats:
            self._give_back(seat)

    async def stop(self) -> None:
        """End every worker; takes at work fail."""
        going_on = [*self._reclaiming, *([self._gone] if self._gone else [])]
        for work in going_on:
            work.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        await asyncio.gather(*map(_kill, self._seats))

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
                retry_after_seconds=_RETRY_SECONDS,
            )
        return self._capabilities

    @property
    def waiting(self) -> int:
        """How many takes wait for a worker."""
        return max(0, self._leasing - self._idle.qsize())

    def status(self) -> list[WorkerStatus]:
        """Tell what every worker is doing."""
        return [
            WorkerStatus(seat.name, seat.state, self._config.device, seat.restarts, seat.pid)
            for seat in self._seats
        ]

    async def run(self, order: RenderOrder) -> AsyncGenerator[RenderEvent]:
        """Render on the first worker that is free; the clip comes last.

        Closing it or being cancelled cancels the take. When the worker dies, it is started again
        and so is the take: progress begins at 0 again.

        Raises:
            Exhausted: every worker has a take and the waiting room is full (WORKERS_BUSY).
            Unavailable: workers died under the take (WORKER_LOST), or Ray did
                (SERVICE_UNAVAILABLE).
            S2VError: whatever rendering raises.
        """
        seat = await self._lease()
        try:
            async with aclosing(self._takes(seat, order)) as events:
                async for event in events:
                    yield event
        finally:
            self._leave(seat, settle_seconds=self._capabilities[order.engine].settle_seconds)

    async def _takes(self, seat: _Seat, order: RenderOrder) -> AsyncGenerator[RenderEvent]:
        """Try until a take ends well; say each notice once."""
        said: set[RenderEvent] = set()
        for take in range(1, MAX_TAKES + 1):
            try:
                if take > 1:
                    await self._unless_gone(self._restart(seat))
                async with aclosing(self._take(seat, order, take)) as events:
                    async for event in events:
                        if event in said:
                            continue
                        if isinstance(event, Notice):
                            said.add(event)
                        yield event
                return
            except _WorkerDiedError as death:
                _log.warning("worker died", worker=seat.name, take=take, cause=str(death))
        raise _worker_lost(f"workers died under this take {MAX_TAKES} times")

    async def _take(
        self, seat: _Seat, order: RenderOrder, take: int
    ) -> AsyncGenerator[RenderEvent]:
        """Render once on a worker; leave the seat settled if the take came to its own end."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        seat.settled = False
        context = {**structlog.contextvars.get_contextvars(), "take": take}
        events = seat.actor.render.remote(order, context)
        try:
            while (event := await self._unless_gone(_next(events))) is not None:
                yield event
            seat.settled = True
        except RayTaskError as error:
            seat.settled = True
            raise error.cause from None
        except RayError as error:
            raise _WorkerDiedError(str(error).splitlines()[0]) from error
        finally:
            if not seat.settled:
                ray.cancel(events)

    async def _lease(self) -> _Seat:
        if self._leasing >= self._idle.qsize() + self._max_waiting:
            raise Exhausted(
                Reason.WORKERS_BUSY,
                f"all {len(self._seats)} workers are busy and {self.waiting} takes wait already; "
                "try again later",
                retry_after_seconds=_RETRY_SECONDS,
            )
        self._leasing += 1
        try:
            seat = await self._idle.get()
        finally:
            self._leasing -= 1
        if seat is None or self._gone is None or self._gone.done():
            raise _ray_gone()
        seat.state = WorkerState.BUSY
        return seat

    def _leave(self, seat: _Seat, *, settle_seconds: float) -> None:
        """Let the next take have the worker, as soon as the engine has stopped."""
        if seat.settled:
            self._give_back(seat)
            return
        reclaiming = asyncio.create_task(self._reclaim(seat, settle_seconds))
        self._reclaiming.add(reclaiming)
        reclaiming.add_done_callback(self._reclaiming.discard)

    def _give_back(self, seat: _Seat) -> None:
        seat.state = WorkerState.IDLE
        self._idle.put_nowait(seat)

    def _send_away(self, watch: asyncio.Task[None]) -> None:
        """Wake every call that waits for a worker, for none will come."""
        if not watch.cancelled():
            self._when_gone()
        for _ in range(self._leasing):
            self._idle.put_nowait(None)

    async def _reclaim(self, seat: _Seat, settle_seconds: float) -> None:
        """Wait until the worker is free, or start another one in its place."""
        from ray.exceptions import RayError

        try:
            async with asyncio.timeout(settle_seconds):
                await seat.actor.settled.remote()
        except (RayError, TimeoutError):
            _log.warning("worker is dead or does not stop", worker=seat.name)
            await self._restart_whatever_it_takes(seat)
        self._give_back(seat)

    async def _restart_whatever_it_takes(self, seat: _Seat) -> None:
        trying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_WorkerDiedError),
            wait=growing_delays,
            before_sleep=partial(_tell_death, seat),
        )
        await trying(self._restart, seat)

    async def _restart(self, seat: _Seat) -> None:
        seat.restarts += 1
        await _kill(seat)
        await self._start(seat)

    async def _start(self, seat: _Seat) -> None:
        from ray.exceptions import RayError

        seat.state, seat.pid = WorkerState.STARTING, 0
        try:
            seat.actor = await asyncio.to_thread(self._actor, seat.name)
            seat.pid = await seat.actor.pid.remote()
        except RayError as error:
            raise _WorkerDiedError(str(error)) from error
        seat.state = WorkerState.BUSY
        seat.settled = True
        _log.info("worker started", worker=seat.name, worker_pid=seat.pid)

    def _actor(self, name: str) -> Any:
        import ray

        config = self._config
        actor_class = ray.remote(Worker).options(
            num_cpus=config.threads, num_gpus=config.gpus, max_restarts=0
        )
        return actor_class.remote(
            name,
            config.registry,
            store_url=config.store_url,
            engine_settings=config.engine_settings,
            threads=config.threads,
            log_level=config.log_level,
        )

    async def _unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work, or fail at once when Ray is gone.

        Raises:
            Unavailable: SERVICE_UNAVAILABLE.
        """
        assert self._gone is not None
        step = asyncio.create_task(work)
        try:
            await asyncio.wait({step, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                raise _ray_gone()
            return step.result()
        finally:
            step.cancel()


class _WorkerDiedError(Exception):
    """A worker's process has ended; the take can be tried again."""


async def _next(events: Any) -> RenderEvent | None:
    """Return what a remote generator yields next, None at its end."""
    async for reference in events:
        event: RenderEvent = await reference
        return event
    return None


def _tell_death(seat: _Seat, state: tenacity.RetryCallState) -> None:
    cause = state.outcome.exception() if state.outcome else None
    _log.warning("worker does not start", worker=seat.name, cause=str(cause))


async def _kill(seat: _Seat) -> None:
    import ray

    if seat.actor is not None:
        await asyncio.to_thread(ray.kill, seat.actor)


def _ray_gone() -> Unavailable:
    return Unavailable(
        Reason.SERVICE_UNAVAILABLE, "Ray has stopped; try again", retry_after_seconds=_RETRY_SECONDS
    )


def _worker_lost(what: str) -> Unavailable:
    return Unavailable(Reason.WORKER_LOST, f"{what}; try again", retry_after_seconds=_RETRY_SECONDS)
