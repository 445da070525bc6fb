"""What is more than a server takes at once is refused with the limit's name, and does no harm."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.errors import Exhausted, Reason
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.interceptor import Context
from s2v.rpc.limits import CallLimits
from s2v.rpc.server import Server

SERVICE = "s2v.api.tts.v1.SpeechService"


class Waiting(speech_service_pb2_grpc.SpeechServiceServicer):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.entered = asyncio.Semaphore(0)
        self.released = asyncio.Event()

    async def ListVoices(
        self, request: speech_service_pb2.ListVoicesRequest, context: Context
    ) -> speech_service_pb2.ListVoicesResponse:
        self.entered.release()
        await self.released.wait()
        return speech_service_pb2.ListVoicesResponse()


Connect = Callable[[], Awaitable[grpc.aio.Channel]]


@asynccontextmanager
async def serving(
    limits: CallLimits, address: str = "127.0.0.1:0"
) -> AsyncIterator[tuple[Waiting, Connect]]:
    """Run a server; give its servicer and a function that opens connections to it."""
    waiting, server = Waiting(), Server(address, [SERVICE], limits=limits)
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(waiting, server.grpc)
    await server.start()
    await server.serving()
    async with AsyncExitStack() as stack:

        async def connected() -> grpc.aio.Channel:
            return await stack.enter_async_context(connect(server.address))

        try:
            yield waiting, connected
        finally:
            await server.stop(0)


def voices(channel: grpc.aio.Channel) -> grpc.aio.UnaryUnaryCall:
    stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
    return stub.ListVoices(speech_service_pb2.ListVoicesRequest(), timeout=60)


def arriving(channel: grpc.aio.Channel) -> grpc.aio.StreamUnaryCall:
    """Begin a call whose one message does not come yet."""
    return channel.stream_unary(f"/{SERVICE}/ListVoices")(timeout=60)


async def refusal(call: Awaitable[object]) -> tuple[str, str]:
    """Return the setting that a call met, and its value."""
    with pytest.raises(grpc.RpcError) as caught:
        await call
    error = from_rpc_error(caught.value)
    assert isinstance(error, Exhausted)
    assert error.reason is Reason.LIMIT_EXCEEDED
    assert error.retry_after_seconds
    assert error.metadata["setting"] in error.message
    return error.metadata["setting"], error.metadata["limit"]


async def healthy(channel: grpc.aio.Channel) -> bool:
    health = health_pb2_grpc.HealthStub(channel)
    state = await health.Check(health_pb2.HealthCheckRequest(), timeout=30)
    return bool(state.status == health_pb2.HealthCheckResponse.SERVING)


async def test_calls_beyond_the_limit_are_refused_until_others_end() -> None:
    async with serving(CallLimits(max_calls=3)) as (waiting, connected):
        channels = [await connected(), await connected()]
        calls = [voices(channels[n % 2]) for n in range(3)]
        for _ in calls:
            await waiting.entered.acquire()

        assert await refusal(voices(channels[0])) == ("max_calls", "3")
        assert await healthy(channels[0])

        waiting.released.set()
        await asyncio.gather(*calls)
        await voices(channels[0])


async def test_one_connection_cannot_take_every_call() -> None:
    async with serving(CallLimits(max_calls_per_connection=2)) as (waiting, connected):
        greedy, modest = await connected(), await connected()
        calls = [voices(greedy), voices(greedy)]
        for _ in calls:
            await waiting.entered.acquire()

        assert await refusal(voices(greedy)) == ("max_calls_per_connection", "2")

        calls.append(voices(modest))
        await waiting.entered.acquire()
        waiting.released.set()
        await asyncio.gather(*calls)


async def test_clients_of_a_unix_socket_are_not_taken_for_one(tmp_path: Path) -> None:
    limits = CallLimits(max_calls_per_connection=1)
    async with serving(limits, f"unix:{tmp_path}/s.sock") as (waiting, connected):
        calls = [voices(await connected()) for _ in range(3)]
        for _ in calls:
            await waiting.entered.acquire()
        waiting.released.set()
        await asyncio.gather(*calls)


async def test_calls_whose_message_has_not_come_are_few() -> None:
    async with serving(CallLimits(max_arriving_calls=2)) as (waiting, connected):
        waiting.released.set()
        channel = await connected()
        calls = [arriving(channel), arriving(channel)]
        for call in calls:
            await call.wait_for_connection()
        while await voices(channel).code() is grpc.StatusCode.OK:
            pass  # the server hears of the beginning of a call before or after the next one

        assert await refusal(voices(channel)) == ("max_arriving_calls", "2")
        assert await healthy(channel)

        for call in calls:
            call.cancel()
        while await voices(channel).code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            pass  # the server hears of the end of a call before or after the next one
        await voices(channel)


async def test_a_message_that_is_too_long_is_refused() -> None:
    async with serving(CallLimits(max_message_bytes=100_000)) as (_, connected):
        channel = await connected()
        with pytest.raises(grpc.RpcError) as caught:
            await channel.unary_unary(f"/{SERVICE}/ListVoices")(b"a" * 200_000)
        assert isinstance(from_rpc_error(caught.value), Exhausted)
        assert await healthy(channel)


async def test_connections_beyond_the_limit_are_closed() -> None:
    async with serving(CallLimits(max_connections=2)) as (_, connected):
        channels = [await connected(), await connected()]
        assert [await healthy(channel) for channel in channels] == [True, True]
        with pytest.raises(grpc.RpcError) as caught:
            await healthy(await connected())
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert await healthy(channels[0])
