"""The real tts service over a speech server: its marks, notices, errors, and being left."""

import os
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
import soxr

from s2v.api.common.v1 import speech_pb2
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.errors import InvalidInput, NotReady, Reason, Unavailable
from s2v.core.timebase import SAMPLE_RATE
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_rpc_error
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from speech_servers import KEY, speaking

Stub = speech_service_pb2_grpc.SpeechServiceStub
Responses = list[speech_service_pb2.SpeakResponse]

TEXT = "My father bought a big balloon, and would you keep a beautiful bee?"


@contextmanager
def process(kind: str, folder: Path, **settings: str) -> Iterator[str]:
    """Run the tts service over the voices file of the folder; give its address."""
    address = f"unix:{folder}/tts.sock"
    environment = {
        **os.environ,
        "S2V_HOME": str(folder / "home"),
        "S2V_TTS_LISTEN": address,
        "S2V_TTS_BACKEND": kind,
        "S2V_TTS_VOICES_FILE": str(folder / "voices.toml"),
        **{f"S2V_TTS_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "s2v_tts.main"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as service,
    ):
        try:
            yield address
        finally:
            service.terminate()


@asynccontextmanager
async def service(kind: str, folder: Path, **settings: str) -> AsyncIterator[Stub]:
    with process(kind, folder, **settings) as address:
        async with connect(address) as channel:
            stub = Stub(channel)
            await stub.ListVoices(speech_service_pb2.ListVoicesRequest(), wait_for_ready=True)
            yield stub


def speak(text: str = TEXT, **fields: str) -> speech_service_pb2.SpeakRequest:
    segment = speech_service_pb2.Segment(text=text)
    return speech_service_pb2.SpeakRequest(segment=segment, frame_rate=25, **fields)


async def spoken(stub: Stub, text: str = TEXT, **fields: str) -> Responses:
    try:
        return [message async for message in stub.Speak(speak(text, **fields))]
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a voice says, at the rate of a speech server."""
    path = tmp_path_factory.mktemp("english") / "english.wav"
    pcm = np.concatenate([u.pcm for u in EmbeddedBackend().speak(TEXT, "oak")])
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 44_100, 0, "NONE", ""))
        writer.writeframes(soxr.resample(pcm, SAMPLE_RATE, 44_100).tobytes())
    return path


async def test_words_and_phonemes_of_an_english_voice_are_found_in_its_sound(
    tmp_path: Path, english: Path
) -> None:
    with speaking("fish", tmp_path) as said:
        said.server.behave(says=str(english))
        async with service("fish", tmp_path) as stub:
            responses = await spoken(stub)

    speech = responses[-1].speech
    assert speech.cues == speech_pb2.LIP_CUES_TRANSCRIPT
    assert [mark.label for mark in speech.words] == TEXT.split()
    assert len(speech.phonemes) > 40
    assert not any(response.HasField("notice") for response in responses)


async def test_a_server_that_hangs_is_a_stalled_stage_with_the_remedy(tmp_path: Path) -> None:
    with speaking("fish", tmp_path) as said:
        said.server.behave("hang")
        async with service("fish", tmp_path, http_first_sound_seconds="1") as stub:
            with pytest.raises(Unavailable) as failure:
                await spoken(stub)
        said.server.wait_for("left")

    assert failure.value.reason is Reason.STAGE_STALLED
    assert "start it again" in failure.value.message


async def test_while_a_server_is_waited_for_the_call_lives_and_leaving_it_closes_the_connection(
    tmp_path: Path, english: Path
) -> None:
    with speaking("ziming", tmp_path) as said:
        said.server.behave("hang")
        async with service("ziming", tmp_path) as stub:
            call = stub.Speak(speak())
            for _ in range(2):
                response = await call.read()
                assert isinstance(response, speech_service_pb2.SpeakResponse)
                assert response.HasField("working")
            call.cancel()
            said.server.wait_for("left")

            said.server.behave(says=str(english))
            assert (await spoken(stub))[-1].HasField("speech")


async def test_no_voice_takes_the_place_of_one_that_the_server_does_not_know(
    tmp_path: Path,
) -> None:
    voices = '[[voices]]\nname = "gone"\nlanguage = "en-US"\nreference = "nobody"'
    with speaking("fish", tmp_path, voices=voices) as said:
        async with service("fish", tmp_path) as stub:
            with pytest.raises(NotReady) as failure:
                await spoken(stub)
        assert said.server.requests == []

    assert failure.value.reason is Reason.VOICE_UNUSABLE
    assert failure.value.field == "spec.voice"


@pytest.mark.parametrize("mode", ["fails", "elsewhere", "refuses"])
async def test_neither_messages_nor_logs_tell_a_key_and_messages_tell_no_address(
    mode: str, tmp_path: Path
) -> None:
    with speaking("fish", tmp_path) as said:
        said.server.behave(mode)
        async with service("fish", tmp_path, log_level="DEBUG") as stub:
            with pytest.raises((NotReady, Unavailable)) as failure:
                await spoken(stub)
        log = (tmp_path / "log").read_text()

        assert "speech server failed" in log
        assert said.server.url in log
        assert KEY not in log
        assert KEY not in failure.value.message
        assert "127.0.0.1" not in failure.value.message
        assert len(said.server.requests) == 1


async def test_the_server_of_the_device_group_speaks_and_another_one_if_it_fails(
    tmp_path: Path, english: Path
) -> None:
    with speaking("ziming", tmp_path, groups=("gpu0", "gpu1")) as said:
        for server in said.servers:
            server.behave(says=str(english))
        async with service("ziming", tmp_path) as stub:
            await spoken(stub, voice="inside", device_group="gpu1")
            assert [len(server.requests) for server in said.servers] == [0, 1]

            said.servers[1].behave("fails")
            responses = await spoken(stub, voice="inside", device_group="gpu1")
            assert responses[-1].HasField("speech")
            assert [len(server.requests) for server in said.servers] == [1, 1]


def test_a_voices_file_that_says_something_wrong_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "voices.toml").write_text('[[servers]]\nname = "a"\nurl = "http://k:s@h:1"\n')
    environment = {
        **os.environ,
        "S2V_TTS_BACKEND": "fish",
        "S2V_TTS_VOICES_FILE": str(tmp_path / "voices.toml"),
        "S2V_HOME": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "s2v_tts.main"], env=environment, capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert "S2V_TTS_VOICES_FILE" in ended.stderr
    assert "servers.0.url: use http://HOST:PORT" in ended.stderr


async def test_several_backends_speak_in_one_service(tmp_path: Path, english: Path) -> None:
    with speaking("fish", tmp_path) as fish:
        (tmp_path / "voices.toml").rename(tmp_path / "fish.toml")
        with speaking("openai_http", tmp_path) as openai:
            (tmp_path / "voices.toml").rename(tmp_path / "openai_http.toml")
            fish.server.behave(says=str(english))
            openai.server.behave(says=str(english))
            several = service("embedded, fish,openai_http", tmp_path, voices_file=str(tmp_path))
            async with several as stub:
                listed = await stub.ListVoices(speech_service_pb2.ListVoicesRequest())
                asked = {}
                for voice in listed.voices:
                    asked.setdefault(voice.backend, voice.name)
                for name in asked.values():
                    assert (await spoken(stub, voice=name))[-1].HasField("speech")
                with pytest.raises(InvalidInput, match="no voice"):
                    await spoken(stub, voice="fish.nobody")
            assert len(fish.server.requests) == len(openai.server.requests) == 1

    assert [backend.name for backend in listed.backends] == ["embedded", "fish", "openai_http"]
    assert listed.voices[0].name == asked["embedded"] == "heart"
    assert asked["fish"].startswith("fish.")
    assert asked["openai_http"].startswith("openai_http.")
