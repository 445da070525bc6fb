"""One worker's place in the pool: starts it, listens whether it lives, ends it."""

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
import tenacity

from s2v.core.errors import Reason, S2VError, Unavailable
from s2v.rpc.patience import growing_delays
from s2v_render.workers.config import WorkerConfig
from s2v_render.workers.processes import Processes

_START_SECONDS = 180.0
_log = structlog.get_logger()


class WorkerState(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker as others may see it; pid 0 while it starts, a problem while it is away."""

    name: str
    state: WorkerState
    device: str
    restarts: int
    pid: int
    problem: str = ""


class WorkerDiedError(Exception):
    """A worker's process has ended or stands still; the take can be tried again."""


class Seat:
    """A worker's place, which outlives its process.

    Args:
        name: of the worker within the pool.
        config: what it is started with.
        is_local: whether its processes run on this machine, where they can be killed by the kernel.
    """

    def __init__(self, name: str, config: WorkerConfig, *, is_local: bool) -> None:
        self.name = name
        self.state = WorkerState.STARTING
        self.restarts = 0
        self.settled = True
        """Whether its engine stands still."""
        self.problem = ""
        """Why it rests, or shall when its take has ended."""
        self._failures = 0
        self._rests_until = 0.0
        self._config = config
        self._processes = Processes(name, config, is_local=is_local)
        self._heard_at = 0.0

    def status(self) -> WorkerStatus:
        """Tell what the worker is doing."""
        return WorkerStatus(
            self.name, self.state, self._config.device, self.restarts, self.pid, self.problem
        )

    @property
    def actor(self) -> Any:
        """The Ray actor that takes are given to; the worker has started."""
        return self._processes.leader

    @property
    def pid(self) -> int:
        """Of the process of that actor; 0 while the worker starts."""
        if self.state is WorkerState.STARTING or not self._processes.pids:
            return 0
        return self._processes.pids[0]

    @property
    def is_elsewhere(self) -> bool:
        """Whether its device is elsewhere."""
        return self._config.elsewhere is not None

    @property
    def group(self) -> str:
        """The device group that its device elsewhere belongs to."""
        return self._config.elsewhere.group if self._config.elsewhere else ""

    @property
    def has_rested(self) -> bool:
        """Whether it rests, and has for long enough."""
        return self.state is WorkerState.AWAY and time.monotonic() >= self._rests_until

    def rest(self, problem: str) -> None:
        """Let it rest from now on, or as soon as its take has ended."""
        assert self._config.elsewhere
        self.problem = problem
        self._rests_until = time.monotonic() + self._config.elsewhere.rest_seconds
        _log.warning("device rests", worker=self.name, device=self._config.device, cause=problem)

    def served(self) -> None:
        """Note that a take ended well."""
        self._failures = 0

    def failed(self, error: Unavailable) -> None:
        """Note that a take failed; rest if the device is away, or it was not the first one."""
        assert self._config.elsewhere
        self._failures += 1
        is_away = error.reason is Reason.SERVICE_UNAVAILABLE
        if is_away or self._failures >= self._config.elsewhere.failures:
            self.rest(error.message)

    @property
    def is_heard(self) -> bool:
        """Whether its process answered lately, or one is being started."""
        if self.state is WorkerState.STARTING:
            return True
        return time.monotonic() - self._heard_at <= 2 * self._config.pulse_seconds

    async def start(self) -> None:
        """Start a process.

        Raises:
            WorkerDiedError: it ended, or took too long.
        """
        from ray.exceptions import RayError

        self.state = WorkerState.STARTING
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._processes.start()
        except (RayError, TimeoutError) as error:
            raise WorkerDiedError(str(error) or "it does not start") from error
        self.state = WorkerState.BUSY
        self.settled = True
        self.heard()
        _log.info("worker started", worker=self.name, worker_pid=self.pid)

    async def restart(self) -> None:
        """End the process and start another one.

        Raises:
            WorkerDiedError: that ended too.
        """
        self.restarts += 1
        await self.kill()
        await self.start()

    async def revive(self) -> None:
        """Restart it again and again until it stays."""
        trying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(WorkerDiedError),
            wait=growing_delays,
            before_sleep=self._tell_death,
        )
        await trying(self.restart)

    async def check(self) -> str:
        """Ask the device elsewhere how it is; return what is wrong, if anything is.

        Raises:
            WorkerDiedError: the process does not answer.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            async with asyncio.timeout(self._config.stall_seconds):
                await self.actor.check.remote()
        except RayTaskError as error:
            if isinstance(error.cause, S2VError):
                return error.cause.message
            raise
        except (RayError, TimeoutError) as error:
            raise WorkerDiedError(str(error) or "it does not answer") from error
        return ""

    async def kill(self) -> None:
        """End its processes, even those that were stopped and hear nothing."""
        await self._processes.kill()

    def heard(self) -> None:
        """Note that the process lives."""
        self._heard_at = time.monotonic()

    async def watch(self) -> str:
        """Ask its processes for signs of life; return what is wrong once there are none."""
        from ray.exceptions import RayError

        while True:
            try:
                async with asyncio.timeout(self._config.stall_seconds):
                    await self._processes.answer()
            except TimeoutError:
                return f"process {self.pid} gave no answer for {self._config.stall_seconds:g} s"
            except RayError as error:
                return str(error).splitlines()[0]
            self.heard()
            await asyncio.sleep(self._config.pulse_seconds)

    def _tell_death(self, state: tenacity.RetryCallState) -> None:
        cause = state.outcome.exception() if state.outcome else None
        _log.warning("worker does not start", worker=self.name, cause=str(cause))
