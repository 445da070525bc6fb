"""Make a call and get its answer or an error of ours; try again while the gateway is away."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import grpc

from s2v.core.errors import NotFound
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.patience import Judge, attempts, attempts_async, is_away, is_first
from s2v.rpc.tracing import TRACEPARENT, of_calling_program

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How calls are made.

    Attributes:
        patience_seconds: how long the gateway may be away before a call gives up.
        timeout_seconds: how long one attempt at a call that has one answer may take.
        headers: what goes with every call.
        traceparent: the trace that calls belong to; "" for that of the span in which a program
            that uses OpenTelemetry makes them.
    """

    patience_seconds: float = _SECONDS
    timeout_seconds: float = _SECONDS
    headers: tuple[tuple[str, str], ...] = ()
    traceparent: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with a call that is made now."""
        traceparent = self.traceparent or of_calling_program()
        return (*self.headers, (TRACEPARENT, traceparent)) if traceparent else self.headers

    def within(self, timeout_seconds: float | None) -> Self:
        """Return the same with another time limit; None leaves it."""
        if timeout_seconds is None:
            return self
        return replace(self, timeout_seconds=timeout_seconds)


def bearer(api_key: str | None) -> tuple[tuple[str, str], ...]:
    """Return the metadata that shows a key or a token.

    Raises:
        ValueError: it has characters that no header can carry.
    """
    if not api_key:
        return ()
    if not (api_key.isascii() and api_key.isprintable()):
        raise ValueError("the API key must be printable ASCII; is there a line break at its end?")
    return (("authorization", f"Bearer {api_key}"),)


class Sent:
    """What a call sends; keeps the error that making it ended with, which gRPC would hide."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def each(self, requests: Iterable[RequestT]) -> Iterator[RequestT]:
        """Yield the requests."""
        with self._kept():
            yield from requests

    async def each_async(self, requests: AsyncIterable[RequestT]) -> AsyncIterator[RequestT]:
        """Yield the requests."""
        with self._kept():
            async for request in requests:
                yield request

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = error
            raise


@contextmanager
def our_errors(sent: Sent | None = None) -> Iterator[None]:
    """Turn a failed call into the error that the server meant, or that broke what was sent."""
    try:
        yield
    except (grpc.RpcError, asyncio.CancelledError) as error:
        if sent is not None and sent.error is not None:
            raise sent.error from None
        if isinstance(error, grpc.RpcError):
            raise from_rpc_error(error) from error
        raise


def once(
    method: "grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]", request: RequestT, terms: Terms
) -> ResponseT:
    """Make a call.

    Raises:
        S2VError: what the server answered.
    """
    with our_errors():
        return method(request, timeout=terms.timeout_seconds, metadata=terms.metadata)


async def once_async(
    method: "grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT]", request: RequestT, terms: Terms
) -> ResponseT:
    """Make a call, as `once`."""
    with our_errors():
        return await method(request, timeout=terms.timeout_seconds, metadata=terms.metadata)


def ask(
    method: "grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]",
    request: RequestT,
    terms: Terms,
    again: Judge = is_away,
) -> ResponseT:
    """Make a call that is safe to repeat, again and again while the gateway is away.

    Raises:
        S2VError: what the server answered, or Unavailable when patience is at its end.
    """
    return attempts(terms.patience_seconds, again)(lambda: once(method, request, terms))


async def ask_async(
    method: "grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT]",
    request: RequestT,
    terms: Terms,
    again: Judge = is_away,
) -> ResponseT:
    """Make a call, as `ask`."""
    patience = attempts_async(terms.patience_seconds, again)
    response: ResponseT = await patience(once_async, method, request, terms)
    return response


def remove(
    method: "grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]", request: RequestT, terms: Terms
) -> None:
    """Make a call after which something is gone.

    Raises:
        S2VError: what the server answered.
    """
    for attempt in attempts(terms.patience_seconds):
        with attempt:
            try:
                once(method, request, terms)
            except NotFound:  # unless a call before removed it, whose answer was lost
                if is_first(attempt):
                    raise


async def remove_async(
    method: "grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT]", request: RequestT, terms: Terms
) -> None:
    """Make a call, as `remove`."""
    async for attempt in attempts_async(terms.patience_seconds):
        with attempt:
            try:
                await once_async(method, request, terms)
            except NotFound:
                if is_first(attempt):
                    raise
