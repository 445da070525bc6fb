"""What is told of the calls that a service answers: numbers and spans."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from s2v.rpc import conventions, metrics
from s2v.rpc.tracing import span

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_NUMBERS = {name: number for number, name in _NAMES.items()}


@contextmanager
def called(method: str, context: Any) -> Iterator[None]:
    """Count a call and make it a span; what is raised here has ended it.

    Args:
        method: full name, as "/s2v.api.gateway.v1.JobService/CreateJob"; a service has few.
        context: gRPC's own, which knows the status after an abort.
    """
    service, _, name = method.strip("/").partition("/")
    facts = {
        conventions.RPC_SYSTEM: "grpc",
        conventions.RPC_SERVICE: service,
        conventions.RPC_METHOD: name,
    }
    began = time.monotonic()
    code = "OK"
    with (
        span(f"{service}/{name}", facts, serves=True) as tell,
        metrics.CALLS_AT_WORK.track_inprogress(),
    ):
        try:
            yield
        except BaseException as error:
            code = _code(error, context)
            raise
        finally:
            label = _short(method)
            metrics.CALLS.labels(label, code).inc()
            metrics.CALL_SECONDS.labels(label).observe(time.monotonic() - began)
            tell(conventions.RPC_STATUS, _NUMBERS[code])


class Arriving:
    """The messages of a call as they arrive, whose bytes are counted."""

    def __init__(self, messages: AsyncIterator[bytes], method: str) -> None:
        self._messages = messages
        self._count = metrics.BYTES.labels(_short(method), "in")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        message = await anext(self._messages)
        self._count.inc(len(message))
        return message


def counting(spell: Callable[[Any], bytes], method: str) -> Callable[[Any], bytes]:
    """Return what spells the messages that leave, so that their bytes are counted."""
    count = metrics.BYTES.labels(_short(method), "out")

    def counted(message: Any) -> bytes:
        spelt = spell(message)
        count.inc(len(spelt))
        return spelt

    return counted


def _short(method: str) -> str:
    """Return "JobService/CreateJob"."""
    return method.rpartition(".")[2]


def _code(error: BaseException, context: Any) -> str:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "CANCELLED"
    code = context.code()
    return _NAMES.get(getattr(code, "value", (code,))[0], "UNKNOWN")
