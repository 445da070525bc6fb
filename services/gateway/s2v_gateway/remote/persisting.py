"""How long to wait for services that are away, full or silent, and how often to call them again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import structlog
import tenacity

from s2v.core.errors import Exhausted, Reason, S2VError, Unavailable
from s2v.core.ports import Notice, NoticeCode
from s2v.core.stages import Report, ServiceDied
from s2v.rpc.errors import died_at_work, from_rpc_error
from s2v.rpc.metrics import STALLS
from s2v.rpc.patience import growing_delays, is_away
from s2v_gateway.remote.discretion import discreet

T = TypeVar("T")

_log = structlog.get_logger()

_TRIED_AGAIN = (Reason.STAGE_STALLED, Reason.SPEECH_FAILED, Reason.RENDER_FAILED)
"""A few times only: the service is there, and does not do it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much to put up with.

    Attributes:
        away_seconds: how long a service may be away before the job fails.
        stall_seconds: how long a call may give no sign of life; then it is cancelled.
        stall_retries: how often a call is made again because it had stalled.
    """

    away_seconds: float
    stall_seconds: float
    stall_retries: int


async def persist(
    service: str,
    call: Callable[[], Awaitable[T]],
    report: Report,
    patience: Patience,
    *,
    progress: Callable[[], int | None] = lambda: 0,
) -> T:
    """Call until it succeeds or fails for good; wait while the service is away or full.

    `progress` tells how far the call has come, None while the service has nothing to do for it.

    Raises:
        Unavailable: patience has ended (SERVICE_UNAVAILABLE, STAGE_STALLED), or it is not worth
            another call (WORKER_LOST).
        ServiceDied: it died at work on the call.
        S2VError: what the service raised.
    """

    async def once() -> T:
        try:
            return await call()
        except grpc.RpcError as error:
            if died_at_work(error):
                raise ServiceDied(service, progress()) from error
            raise discreet(service, from_rpc_error(error)) from error

    trying = tenacity.AsyncRetrying(
        retry=_Judging(patience.stall_retries),
        wait=growing_delays,
        stop=_Away(patience.away_seconds),
        before_sleep=_TellAway(service, report),
        reraise=True,
    )
    return await trying(once)


@asynccontextmanager
async def pulsing(service: str, call: Any, seconds: float) -> AsyncIterator[AsyncIterator[Any]]:
    """Give the messages of a stream, each of which is a sign of life; at the end cancel the call.

    Raises:
        Unavailable: nothing came for so many seconds (STAGE_STALLED).
    """
    try:
        async with aclosing(_messages(service, call, seconds)) as messages:
            yield messages
    finally:
        call.cancel()


async def in_time(service: str, call: Awaitable[T], seconds: float) -> T:
    """Await the answer of a call.

    Raises:
        Unavailable: it took longer (STAGE_STALLED).
    """
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError as error:
        raise _stalled(service, seconds) from error


async def _messages(service: str, call: Any, seconds: float) -> AsyncGenerator[Any]:
    messages = aiter(call)
    while True:
        try:
            async with asyncio.timeout(seconds):
                message = await anext(messages)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _stalled(service, seconds) from error
        yield message


class _Judging(tenacity.retry_base):
    """Tells whether the same call may succeed later: not if it kills or blocks who works on it."""

    def __init__(self, stall_retries: int) -> None:
        self._stalls_left = stall_retries

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        error = _failure(state)
        if not isinstance(error, S2VError):
            return False
        if error.reason in _TRIED_AGAIN:
            self._stalls_left -= 1
            return self._stalls_left >= 0
        if error.reason is Reason.WORKER_LOST:
            return False
        return is_away(error) or error.reason is Reason.WORKERS_BUSY


@dataclass(slots=True)
class _Away:
    """Ends when a service was away for so long; a busy one may be waited for any time."""

    seconds: float
    waited_seconds: float = 0.0

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        if not isinstance(_failure(state), Exhausted):
            self.waited_seconds += state.upcoming_sleep
        return self.waited_seconds > self.seconds


@dataclass(slots=True)
class _TellAway:
    """Tells once that a service is away and waited for."""

    service: str
    report: Report
    told: bool = False

    def __call__(self, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        if not isinstance(error, Unavailable):
            return
        if error.reason is Reason.STAGE_STALLED:
            STALLS.labels(self.service).inc()
            _log.warning("call stalled", callee=self.service, message=error.message)
        if self.told:
            return
        self.told = True
        _log.warning("service away", callee=self.service, message=error.message)
        message = f"Waited for the {self.service} service to come back."
        self.report(Notice(NoticeCode.SERVICE_AWAY, message))


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _stalled(service: str, seconds: float) -> Unavailable:
    return Unavailable(
        Reason.STAGE_STALLED,
        f"the {service} service gave no sign of life for {seconds:g} s; try again later",
        retry_after_seconds=10.0,
    )
