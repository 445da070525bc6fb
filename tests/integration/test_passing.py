"""What goes to a gateway that follows is answered by the one that leads, whatever it is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import AsyncClient
from s2v.core.errors import NotFound, Reason, Unavailable
from s2v.rpc.channel import connect
from s2v.rpc.server import Server
from s2v.testing.fakes_gateway import FILM, FakeGateway
from s2v_gateway.peers.passing import Leader, Passing
from s2v_gateway.wiring import SERVICES


@pytest.fixture
async def leader(tmp_path: Path) -> AsyncIterator[Leader]:
    leader = Leader("", connections=2)
    yield leader
    await leader.is_at("")


@pytest.fixture
async def address(leader: Leader) -> AsyncIterator[str]:
    """Where a gateway listens that follows."""
    server = Server("127.0.0.1:0", SERVICES)
    server.grpc.add_generic_rpc_handlers((Passing(SERVICES, leader),))
    await server.start()
    await server.serving()
    yield server.address
    await server.stop(0)


@pytest.fixture
async def lead(leader: Leader) -> AsyncIterator[FakeGateway]:
    gateway = FakeGateway("127.0.0.1:0")
    gateway.start()
    await leader.is_at(gateway.address)
    yield gateway
    gateway.stop()


async def test_a_film_is_made_by_calls_of_every_kind(
    address: str, lead: FakeGateway, tmp_path: Path
) -> None:
    async with AsyncClient(address, api_key="s2v_secret") as client:
        asset = await client.upload(b"\x89PNG" * (1 << 18))
        job = await client.create_job(
            job_pb2.JobSpec(script=job_pb2.Script(text="hello"), reference=asset.name)
        )
        events = [event async for event in client.watch(job.name)]
        await client.download(events[-1].finished.film.asset, tmp_path / "film.mp4")

    assert (tmp_path / "film.mp4").read_bytes() == FILM
    assert set(lead.tokens) == {"Bearer s2v_secret"}


async def test_a_text_is_passed_on_while_its_film_is_made(address: str, lead: FakeGateway) -> None:
    accepted = asyncio.Event()
    lead.media = b"media" * 100_000

    async def dictated() -> AsyncIterator[str]:
        yield "One sentence. "
        await accepted.wait()
        yield "Another one."

    kinds = []
    config = generation_service_pb2.GenerateConfig()
    async with AsyncClient(address) as client:
        async for response in client.generate(config, text=dictated(), reference=b"\x89PNG"):
            accepted.set()
            kinds.append(response.WhichOneof("event"))

    assert (kinds[0], kinds[-1]) == ("accepted", "finished")
    assert "media" in kinds
    assert [one.text_chunk for one in lead.generated if one.text_chunk] == [
        "One sentence. ",
        "Another one.",
    ]


async def test_a_refusal_comes_as_it_was_meant(address: str, lead: FakeGateway) -> None:
    refusals = []
    for asked in (address, lead.address):
        async with AsyncClient(asked) as client:
            with pytest.raises(NotFound) as refusal:
                await client.job("jobs/none")
        refusals.append(refusal.value)

    first, second = refusals
    assert (first.reason, first.message) == (second.reason, second.message)


async def test_while_nobody_leads_calls_are_to_be_made_again(address: str) -> None:
    async with AsyncClient(address, patience_seconds=0) as client:
        with pytest.raises(Unavailable, match="none of the gateways leads") as refusal:
            await client.job("jobs/one")

    assert refusal.value.reason is Reason.SERVICE_UNAVAILABLE
    assert refusal.value.retry_after_seconds


async def test_what_was_asked_of_one_that_lost_the_lead_breaks_off_and_is_asked_anew(
    address: str, leader: Leader, lead: FakeGateway
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    await leader.is_at(f"127.0.0.1:{silent.getsockname()[1]}")
    async with AsyncClient(address) as client:
        asking = asyncio.create_task(client.server_info())
        taken, _ = await asyncio.to_thread(silent.accept)

        await leader.is_at(lead.address)

        assert await asking
    taken.close()
    silent.close()


async def test_a_message_that_is_none_is_refused(address: str, lead: FakeGateway) -> None:
    async with connect(address) as channel:
        call = channel.unary_unary("/s2v.api.gateway.v1.JobService/GetJob")
        with pytest.raises(grpc.RpcError):
            await call(b"\xff")
        with pytest.raises(grpc.RpcError) as unknown:
            await channel.unary_unary("/s2v.api.gateway.v1.JobService/Nonsense")(b"")
    assert unknown.value.code() is grpc.StatusCode.UNIMPLEMENTED
