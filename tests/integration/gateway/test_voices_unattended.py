"""Voices while the tts service is away, or has come to have others."""

import grpc
import pytest

from gateway_world import Start, compositor, engines, failure, wav
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.artifact import Artifact
from s2v.core.errors import Reason, Unavailable
from s2v.rpc.channel import connect
from s2v.testing.fakes_stages import FakeVoiceStages
from s2v_gateway.film.offers import BackendOffer, VoiceCatalogue, VoiceOffer
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.remote.voices import RemoteVoices
from voice_world import CONSENT

FAKE = (BackendOffer("fake", clones=True),)


def asked(asset: str, name: str = "anna") -> pb.CreateVoiceRequest:
    voice = pb.Voice(name=f"voices/{name}", language="en-US", consent=CONSENT)
    return pb.CreateVoiceRequest(voice=voice, asset=asset)


async def test_a_voice_is_not_made_while_tts_is_away_and_then_is(start: Start) -> None:
    stages = FakeVoiceStages()
    server = await start(voice_stages=stages)
    asset = await server.upload(wav(), "audio/wav")
    stages.fail = Unavailable(Reason.SERVICE_UNAVAILABLE, "away", retry_after_seconds=1.0)
    error = await failure(server.voices.CreateVoice(asked(asset)))
    assert error.reason is Reason.SERVICE_UNAVAILABLE
    stages.fail = None
    assert (await server.voices.CreateVoice(asked(asset))).voice.name == "voices/anna"
    heard = server.voices.PreviewVoice(pb.PreviewVoiceRequest(name="voices/anna", text="Hi."))
    assert b"".join([part.data async for part in heard]) == b"anna says Hi."
    [(_, _, sampled)] = stages.spoken
    assert sampled is not None


async def test_a_tts_service_that_does_not_answer_is_told_without_its_address() -> None:
    async with connect("127.0.0.1:1") as channel:
        voices = RemoteVoices(channel, stall_seconds=10.0)
        with pytest.raises(Unavailable) as caught:
            await voices.take_sample(
                Artifact("a" * 64, 9, "audio/wav"), start_seconds=0.0, end_seconds=0.0
            )
    assert caught.value.reason is Reason.SERVICE_UNAVAILABLE
    assert "127.0.0.1" not in caught.value.message


async def test_a_voice_hides_one_that_has_come_to_be_built_in(start: Start) -> None:
    built_in = ["heart"]

    async def voices() -> VoiceCatalogue:
        return VoiceCatalogue(tuple(VoiceOffer(n, "en-US", "", "fake") for n in built_in), FAKE)

    server = await start(catalogue=Catalogue(engines, voices, compositor))
    asset = await server.upload(wav(), "audio/wav")
    await server.voices.CreateVoice(asked(asset))
    built_in.append("anna")
    listed = (await server.voices.ListVoices(pb.ListVoicesRequest())).voices
    assert [(v.name, v.built_in) for v in listed] == [
        ("voices/heart", True),
        ("voices/anna", False),
    ]
    job = await server.create(voice="anna")
    await server.finished(job.name)
    assert server.stages.orders[0].voice is not None
    await server.voices.DeleteVoice(pb.DeleteVoiceRequest(name="voices/anna"))
    got = await server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))
    assert got.voice.built_in


async def test_a_voice_can_go_while_tts_never_answered(start: Start) -> None:
    """Consent that is taken back waits for nobody."""
    away = False

    async def voices() -> VoiceCatalogue:
        if away:
            raise Unavailable(Reason.SERVICE_UNAVAILABLE, "away")
        return VoiceCatalogue((VoiceOffer("heart", "en-US", "", "fake"),), FAKE)

    server = await start(catalogue=Catalogue(engines, voices, compositor))
    asset = await server.upload(wav(), "audio/wav")
    await server.voices.CreateVoice(asked(asset))
    away = True
    await server.voices.DeleteVoice(pb.DeleteVoiceRequest(name="voices/anna"))
    with pytest.raises(grpc.RpcError):
        await server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))
