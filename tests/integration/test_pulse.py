"""Streams that have nothing to say give signs of life."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.rpc.channel import connect
from s2v.rpc.pulse import with_pulse
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.servicer import CompositorServicer


async def test_a_composition_that_waits_for_segments_says_that_it_lives(tmp_path: Path) -> None:
    server = Server("127.0.0.1:0", ["s2v.api.compositor.v1.CompositorService"])
    servicer = CompositorServicer(InMemoryStore(), tmp_path, pulse_seconds=0.05)
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(servicer, server.grpc)
    await server.start()

    async def requests() -> AsyncIterator[compositor_service_pb2.ComposeRequest]:
        config = compositor_service_pb2.ComposeConfig(frame_rate=25)
        yield compositor_service_pb2.ComposeRequest(config=config)
        await asyncio.Event().wait()

    async with connect(server.address) as channel:
        call = compositor_service_pb2_grpc.CompositorServiceStub(channel).Compose(requests())
        for _ in range(3):
            response = await call.read()
            assert isinstance(response, compositor_service_pb2.ComposeResponse)
            assert response.HasField("working")
        call.cancel()
    await server.stop(0)


async def test_pulses_fill_the_silence_only_while_there_is_evidence() -> None:
    alive, more = True, asyncio.Event()

    async def items() -> AsyncGenerator[str]:
        yield "first"
        await more.wait()
        yield "last"

    async with aclosing(
        with_pulse(
            items(), lambda: "pulse" if alive else None, is_last=lambda _: False, seconds=0.01
        )
    ) as stream:
        assert [await anext(stream) for _ in range(3)] == ["first", "pulse", "pulse"]
        alive = False
        asyncio.get_running_loop().call_later(0.1, more.set)
        assert [item async for item in stream] == ["last"]


async def test_nothing_is_said_after_what_comes_last() -> None:
    async def items() -> AsyncGenerator[str]:
        yield "first"
        yield "last"
        await asyncio.sleep(0.1)  # ten pulses long

    stream = with_pulse(items(), lambda: "pulse", is_last=lambda item: item == "last", seconds=0.01)
    assert [item async for item in stream] == ["first", "last"]


async def test_closing_a_stream_with_pulses_ends_what_it_waited_for() -> None:
    ended = False

    async def items() -> AsyncGenerator[str]:
        nonlocal ended
        try:
            await asyncio.Event().wait()
            yield "never"
        finally:
            ended = True

    stream = with_pulse(items(), lambda: "pulse", is_last=lambda _: False, seconds=0.01)
    assert await anext(stream) == "pulse"
    await stream.aclose()
    assert ended
