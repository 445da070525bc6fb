"""Voices of recordings, spoken by servers that clone."""

from pathlib import Path

import pytest

import speech_servers
from gateway_world import failure
from s2v.api.gateway.v1 import job_pb2
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.errors import Reason
from sounds import SAID
from voice_world import VoiceWorld, speaking


async def _heard(world: VoiceWorld) -> bytes:
    request = pb.PreviewVoiceRequest(name="voices/lee", text="Hello there.")
    return b"".join([part.data async for part in world.server.voices.PreviewVoice(request)])


@pytest.mark.parametrize("kind", ["fish", "ziming"])
async def test_a_server_speaks_like_the_sample_and_keeps_nothing_of_it(
    tmp_path: Path, kind: str
) -> None:
    with speech_servers.speaking(kind, tmp_path) as spoken:
        async with speaking(tmp_path, spoken.backend) as world:
            await world.create("lee")
            before = sorted(path for path in (tmp_path / "inside").rglob("*") if path.is_file())
            job = await world.server.finished((await world.server.create(voice="lee")).name)
            assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
            assert await _heard(world)
            asked = spoken.server.requests
            after = sorted(path for path in (tmp_path / "inside").rglob("*") if path.is_file())
    assert len(asked) >= 2
    for request in asked:
        if kind == "fish":
            assert (request["references"], request["use_memory_cache"]) == (1, "off")
        else:
            assert request["path"] == "/v1/invoke"
            assert request["reference_text"] == SAID
    assert after == before


async def test_a_container_that_would_keep_the_sample_is_not_given_it(tmp_path: Path) -> None:
    with speech_servers.speaking("ziming", tmp_path) as spoken:
        async with speaking(tmp_path, spoken.backend) as world:
            await world.create("lee", transcript="")
            error = await failure(_heard(world))
            assert (error.reason, error.field) == (Reason.VOICE_UNUSABLE, "name")
            assert "transcript" in error.message
        assert not spoken.server.requests
        assert not list((tmp_path / "inside").rglob("lent-*"))


async def test_servers_that_take_no_samples_make_no_voices(tmp_path: Path) -> None:
    with speech_servers.speaking("openai_http", tmp_path) as spoken:
        async with speaking(tmp_path, spoken.backend) as world:
            error = await failure(world.create("lee"))
            assert (error.reason, error.field) == (Reason.CLONING_UNSUPPORTED, "voice.backend")
