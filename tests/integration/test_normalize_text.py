"""The tts service says what a text means: over its own process's voice and over gRPC."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from s2v.api.common.v1 import media_pb2
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.media.confined.reading import Reader
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer
from s2v_tts.wording import WordingBackend

Stub = speech_service_pb2_grpc.SpeechServiceStub
Request = speech_service_pb2.NormalizeTextRequest


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


@pytest.fixture
async def stub(backend: EmbeddedBackend, tmp_path: Path) -> AsyncIterator[Stub]:
    servicer = SpeechServicer(
        Backends({"embedded": backend}),
        Listener(WordingBackend(backend), words=None, sounds=None),
        InMemoryStore(),
        given=GivenSounds(Reader(), tmp_path),
        speaking=Places(1, 4),
        cutting=Places(1, 4),
    )
    server = Server("127.0.0.1:0", [])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    try:
        async with connect(server.address) as channel:
            yield speech_service_pb2_grpc.SpeechServiceStub(channel)
    finally:
        await server.stop(0)


async def speak(
    stub: Stub, text: str, lexicon: dict[str, str] | None = None
) -> tuple[speech_service_pb2.SpeakResponse, list[media_pb2.Notice]]:
    request = speech_service_pb2.SpeakRequest(
        segment=speech_service_pb2.Segment(text=text), frame_rate=25, lexicon=lexicon
    )
    messages = [message async for message in stub.Speak(request)]
    return messages[-1], [m.notice for m in messages if m.HasField("notice")]


async def test_a_text_is_told_as_it_is_said(stub: Stub) -> None:
    text = "It costs $5 in \u5317\u4eac."
    told = await stub.NormalizeText(Request(text=text))
    assert told.spoken_text == "It costs five dollars in \u5317\u4eac."
    assert told.normalizer_version
    pieces = [text[span.source_first : span.source_end] for span in told.spans]
    assert "".join(pieces) == text
    [money] = [span for span in told.spans if span.speech_class == "money"]
    assert told.spoken_text[money.spoken_first : money.spoken_end] == "five dollars"
    [warning] = told.warnings
    assert warning.code == speech_service_pb2.READING_WARNING_CODE_SCRIPT_UNKNOWN
    assert text[warning.source_first : warning.source_end] == "\u5317\u4eac"


async def test_language_voice_and_lexicon_count(stub: Stub) -> None:
    british = await stub.NormalizeText(Request(text="03/04/2025", language="en-GB"))
    assert british.spoken_text == "April third, twenty twenty five"
    voiced = await stub.NormalizeText(
        Request(text="JSON, SQL", voice="oak", lexicon={"SQL": "sequel"})
    )
    assert voiced.spoken_text == "jay sun, sequel"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Ask <sub alias="Dr. No">him</sub>.', "Ask Doctor No."),
        ('On <say-as interpret-as="date" format="mdy">10/12/2025</say-as>.', "On October twelfth,"),
        ('<say-as interpret-as="ordinal">3</say-as> <sub alias="JSON">x</sub>', "third jay sun"),
    ],
)
async def test_what_marks_say_is_told_and_spoken_alike(stub: Stub, text: str, said: str) -> None:
    told = await stub.NormalizeText(Request(text=text))
    assert told.spoken_text.startswith(said)
    assert "".join(text[span.source_first : span.source_end] for span in told.spans) == text
    marked, _ = await speak(stub, text)
    plain, _ = await speak(stub, told.spoken_text)
    assert marked.speech.audio.sha256 == plain.speech.audio.sha256


async def test_a_stretch_that_the_voice_cannot_say_is_named_and_the_rest_spoken(stub: Stub) -> None:
    text = "Hello my good old friends. [pause 1s] \u4f60\u597d [pause 1s] Bye."
    spoken, [notice] = await speak(stub, text)
    assert notice.code == media_pb2.NOTICE_CODE_WORDS_LEFT_OUT
    assert "\u4f60\u597d" in notice.message
    words = [mark.label for mark in spoken.speech.words]
    assert words == ["Hello", "my", "good", "old", "friends.", "Bye."]


async def test_characters_sound_like_those_of_an_acronym(stub: Stub) -> None:
    spelt, _ = await speak(stub, 'The <say-as interpret-as="characters">AAA</say-as> helps.')
    usual, _ = await speak(stub, "The AAA helps.")
    assert spelt.speech.audio.sha256 == usual.speech.audio.sha256


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (Request(text=" "), "text"),
        (Request(text="a" * 20_001), "text"),
        (Request(text="a", language="?"), "language"),
        (Request(text="a", voice="nobody"), "spec.voice"),
        (Request(text="a", lexicon={"a": ""}), "lexicon"),
    ],
)
async def test_what_cannot_be_read_is_refused(stub: Stub, request_: Request, field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await stub.NormalizeText(request_)
    assert from_rpc_error(refusal.value).field == field


async def test_what_is_meant_is_spoken_and_what_is_written_is_marked(stub: Stub) -> None:
    written, _ = await speak(stub, "Meet at 3:30 PM, pay $12.50.")
    said, _ = await speak(stub, "Meet at three thirty p m, pay twelve dollars and fifty cents.")
    words = [mark.label for mark in written.speech.words]
    assert words == ["Meet", "at", "3:30 PM,", "pay", "$12.50."]
    assert written.speech.audio.sha256 == said.speech.audio.sha256
    assert written.speech.phonemes == said.speech.phonemes


async def test_a_lexicon_of_the_request_is_spoken(stub: Stub) -> None:
    asked, _ = await speak(stub, "We use SQL.", {"SQL": "sequel"})
    said, _ = await speak(stub, "We use sequel.")
    assert asked.speech.audio.sha256 == said.speech.audio.sha256
    assert asked.speech.words[-1].label == "SQL."


async def test_what_the_voice_cannot_say_is_named(stub: Stub) -> None:
    beijing, moscow = "\u5317\u4eac", "\u041c\u043e\u0441\u043a\u0432\u0430"
    _, notices = await speak(stub, f"Hello {beijing} and {moscow}, my friends.")
    [notice] = notices
    assert notice.code == media_pb2.NOTICE_CODE_WORDS_LEFT_OUT
    assert beijing in notice.message
    assert moscow in notice.message
    _, notices = await speak(stub, "Das ist nicht der Tag und die Nacht ist kalt.")
    assert [notice.code for notice in notices] == [media_pb2.NOTICE_CODE_LANGUAGE_MISMATCH]


async def test_a_text_of_nothing_that_the_voice_can_say_is_refused(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await speak(stub, "\u4f60\u597d\u4e16\u754c")
    error = from_rpc_error(refusal.value)
    assert error.reason == "TEXT_EMPTY"
    assert "\u4f60\u597d\u4e16\u754c" in error.message
