"""How voices are heard before a film is made, and that nothing of it is kept."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from gateway_world import failure, rest
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.errors import Reason
from s2v.core.timebase import seconds
from s2v.media.pcm import wav_samples
from s2v.rpc.errors import from_rpc_error
from s2v.testing.fakes_tts import FakeCloner
from s2v_tts.places import Places
from voice_world import VoiceWorld, speaking


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[VoiceWorld]:
    async with speaking(tmp_path, FakeCloner(), max_previews=1) as world:
        yield world


async def heard(world: VoiceWorld, name: str, text: str = "") -> bytes:
    request = pb.PreviewVoiceRequest(name=f"voices/{name}", text=text)
    wav = b""
    async for response in world.server.voices.PreviewVoice(request):
        assert response.offset == (len(wav) if response.data else 0)
        assert response.media_type == ("audio/wav" if response.data and not wav else "")
        wav += response.data
    return wav


@pytest.mark.parametrize("name", ["alto", "anna"])
async def test_a_voice_is_heard_and_nothing_is_kept(world: VoiceWorld, name: str) -> None:
    if name == "anna":
        await world.create()
    before = world.stored()
    wav = await heard(world, name)
    long = await heard(world, name, "word " * 60)

    assert seconds(wav_samples(io.BytesIO(wav))) > 2
    assert len(long) > 2_000_000
    assert await heard(world, name) == wav
    assert len(world.cloner.recordings) == 3 * (name == "anna")
    assert world.stored() == before


async def test_what_cannot_be_previewed_is_refused(world: VoiceWorld) -> None:
    await world.create("anna")
    await world.create("uma", language="tlh", transcript="")
    for name, text, reason, field in (
        ("nobody", "", Reason.VOICE_NOT_FOUND, "name"),
        ("anna", "x" * 301, Reason.TEXT_TOO_LONG, "text"),
        ("anna", "...", Reason.TEXT_EMPTY, "text"),
        ("uma", "", Reason.TEXT_EMPTY, "text"),
    ):
        error = await failure(heard(world, name, text))
        assert (error.reason, error.field) == (reason, field)
    assert await heard(world, "uma", "nuqneH")


async def test_so_many_previews_are_made_at_once(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = asyncio.Event()
    reached = asyncio.Event()
    at_work = Places.at_work

    async def held(places: Places, work: object, *, pulse: object) -> AsyncIterator[object]:
        reached.set()
        yield pulse
        await opened.wait()
        async for item in at_work(places, work, pulse=pulse):  # type: ignore[arg-type, type-var]
            yield item

    monkeypatch.setattr(Places, "at_work", held)
    request = pb.PreviewVoiceRequest(name="voices/alto")
    first = world.server.voices.PreviewVoice(request)
    assert await first.read() == pb.PreviewVoiceResponse()
    await reached.wait()
    error = await failure(heard(world, "alto"))
    assert error.reason is Reason.LIMIT_EXCEEDED
    assert error.metadata == {"setting": "max_previews", "limit": "1"}
    assert error.retry_after_seconds
    opened.set()
    assert await rest(first)
    assert await heard(world, "alto")


async def test_a_listener_who_leaves_makes_room(world: VoiceWorld) -> None:
    for _ in range(3):
        call = world.server.voices.PreviewVoice(pb.PreviewVoiceRequest(name="voices/alto"))
        await call.read()
        call.cancel()
    while (wav := await _heard_or_busy(world)) is None:
        pass
    assert seconds(wav_samples(io.BytesIO(wav))) > 2


async def _heard_or_busy(world: VoiceWorld) -> bytes | None:
    try:
        return await heard(world, "alto")
    except grpc.RpcError as error:
        if from_rpc_error(error).reason is Reason.LIMIT_EXCEEDED:
            return None
        raise
