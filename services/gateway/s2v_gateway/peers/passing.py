"""Pass calls on, message by message, to the gateway that leads."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle

import grpc
from google.protobuf import descriptor_pool

from s2v.client.calling import Sent, our_errors
from s2v.core.errors import Reason, Unavailable
from s2v.rpc.channel import connect
from s2v.rpc.interceptor import Context
from s2v.rpc.tracing import TRACEPARENT, here
from s2v.rpc.trust import TOKEN_KEY, showing

_OWN = (TRACEPARENT, TOKEN_KEY, "user-agent")
"""Metadata that every call has of its own."""


class Leader:
    """The gateway that leads, as far as this one knows.

    Args:
        token: what gateways show each other; "" for nothing.
        connections: over so many of them calls are spread, as one takes only so many at once.

    Attributes:
        address: where it is reached; "" for nowhere.
    """

    def __init__(self, token: str, *, connections: int) -> None:
        self._token = token
        self._connections = connections
        self.address = ""
        self._channels: list[grpc.aio.Channel] = []
        self._turns = cycle(self._channels)
        self._calls: set[grpc.aio.Call] = set()

    async def is_at(self, address: str) -> None:
        """Take note of where it is reached, "" for nowhere; what was asked elsewhere ends."""
        if address == self.address:
            return
        gone, self.address = self._channels, address
        number = self._connections if address else 0
        self._channels = [showing(connect(address), self._token) for _ in range(number)]
        self._turns = cycle(self._channels)
        broken, self._calls = self._calls, set()
        for call in broken:
            call.cancel()
        for channel in gone:
            await channel.close()

    def channel(self) -> grpc.aio.Channel:
        """Return a channel to it.

        Raises:
            Unavailable: SERVICE_UNAVAILABLE, nobody is known to lead.
        """
        if not self._channels:
            raise _nobody_leads()
        return next(self._turns)

    @contextmanager
    def asked(self, call: grpc.aio.Call) -> Iterator[None]:
        """Ask it something, until the end of the context.

        Raises:
            Unavailable: SERVICE_UNAVAILABLE, it does not lead any more.
        """
        self._calls.add(call)
        try:
            yield
        except asyncio.CancelledError:
            if call in self._calls:
                raise
            raise _nobody_leads() from None
        finally:
            self._calls.discard(call)
            call.cancel()


class Passing(grpc.GenericRpcHandler):
    """Answers the methods of services with what the leader answers.

    Who calls is asked here and there, as both get what the caller shows.
    """

    def __init__(self, services: Sequence[str], leader: Leader) -> None:
        self._leader = leader
        pool = descriptor_pool.Default()
        found = [pool.FindServiceByName(name) for name in services]
        self._methods = {f"/{s.full_name}/{m.name}" for s in found for m in s.methods}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """Return what passes the calls of a method on, whichever of the four kinds it is."""
        method = str(handler_call_details.method)
        if method not in self._methods:
            return None
        pass_on = partial(self._pass_on, method)
        return grpc.stream_stream_rpc_method_handler(pass_on, bytes, bytes)

    async def _pass_on(
        self, method: str, requests: AsyncIterator[bytes], context: Context
    ) -> AsyncIterator[bytes]:
        sent = Sent()
        multi = self._leader.channel().stream_stream(
            method, request_serializer=bytes, response_deserializer=bytes
        )
        call = multi(
            sent.each_async(requests),
            timeout=context.time_remaining(),
            metadata=_passed_on(context),
        )
        with self._leader.asked(call), our_errors(sent):
            async for response in call:
                yield response


def _nobody_leads() -> Unavailable:
    return Unavailable(
        Reason.SERVICE_UNAVAILABLE,
        "none of the gateways leads at the moment; try again soon",
        retry_after_seconds=1.0,
    )


def _passed_on(context: Context) -> tuple[tuple[str, str | bytes], ...]:
    """Return what a caller shows, in the trace that the call is in here."""
    shown = tuple(
        (key, value)
        for key, value in context.invocation_metadata() or ()
        if key not in _OWN and not key.startswith("grpc-")
    )
    return (*shown, (TRACEPARENT, here())) if here() else shown
