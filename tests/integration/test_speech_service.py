"""The tts service under long work: it tells that it lives, lets others speak, and can be left."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import hostile_works
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.errors import Exhausted, Reason
from s2v.core.ports import Utterance
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.confined import reading
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_to_proto
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.choosing import Backends
from s2v_tts.given import Decoded, GivenSounds
from s2v_tts.listening.aligning import Pcm
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer

Stub = speech_service_pb2_grpc.SpeechServiceStub
Request = speech_service_pb2.CutScriptRequest | speech_service_pb2.SpeakRequest
Response = speech_service_pb2.CutScriptResponse | speech_service_pb2.SpeakResponse

NASTY = ("a-" * 10_000, '" ' * 9_990 + "a", "(" * 9_990 + "a" + ")" * 9_990)
SOUND = np.tile((np.hanning(SAMPLE_RATE // 4) * 9_000).astype(np.int16), 16)


class Work:
    """Something that never ends unless it is closed; tells that it was begun, and closed.

    Each step takes a moment, as those of real work do.
    """

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.closed = threading.Event()

    def steps(self) -> Iterator[None]:
        self.begun.set()
        try:
            while not self.closed.wait(0.005):
                yield
        finally:
            self.closed.set()


class Endless(FakeBackend):
    """Speaks "endless" for ever."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        if "endless" in text:
            yield from (Utterance(np.zeros(0, np.int16)) for _ in self._work.steps())
        yield from super().speak(text, voice)


class Recognising:
    """Recognises for ever."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def words(self, pcm: Pcm) -> Steps[str]:
        yield from self._work.steps()
        return ""

    def sounds(self, pcm: Pcm) -> Steps[tuple[()]]:
        yield from self._work.steps()
        return ()


@asynccontextmanager
async def serving(servicer: SpeechServicer) -> AsyncIterator[Stub]:
    server = Server("127.0.0.1:0", [])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    try:
        async with connect(server.address) as channel:
            yield speech_service_pb2_grpc.SpeechServiceStub(channel)
    finally:
        await server.stop(0)


class Given(GivenSounds):
    """Tells that a sound is being decoded."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Reader(), folder)
        self.begun = threading.Event()

    def decoding(self, path: Path, sha256: str, **options: Any) -> Steps[Decoded]:
        with closing(super().decoding(path, sha256, **options)) as steps:
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    decoded: Decoded = end.value
                    return decoded
                self.begun.set()
                yield


def service(
    work: Work, given: GivenSounds, *, waiting: int = 4
) -> tuple[SpeechServicer, dict[str, Any]]:
    """Return a service with one place, and requests that keep it at work for ever, by name."""
    backend, store = Endless(work), InMemoryStore()
    recognising = Recognising(work)
    servicer = SpeechServicer(
        Backends({"fake": backend}),
        Listener(backend, words=recognising, sounds=recognising),
        store,
        given=given,
        speaking=Places(1, waiting),
        cutting=Places(1, waiting),
    )
    sound = artifact_to_proto(store.put([wav_bytes(SOUND)], WAV))
    heard = speech_service_pb2.Segment(end_sample=len(SOUND))
    requests = {
        "speaking": speak("endless"),
        "recognising": speech_service_pb2.SpeakRequest(
            segment=heard, frame_rate=25, decoded_audio=sound
        ),
        "aligning": speech_service_pb2.SpeakRequest(
            segment=speech_service_pb2.Segment(text="endless", end_sample=len(SOUND)),
            frame_rate=25,
            decoded_audio=sound,
        ),
        "parting": speech_service_pb2.CutScriptRequest(
            audio=sound, frame_rate=25, transcript="endless"
        ),
    }
    return servicer, requests


def cut(requests: dict[str, Any]) -> speech_service_pb2.CutScriptRequest:
    return speech_service_pb2.CutScriptRequest(audio=requests["parting"].audio, frame_rate=25)


def speak(text: str) -> speech_service_pb2.SpeakRequest:
    return speech_service_pb2.SpeakRequest(
        segment=speech_service_pb2.Segment(text=text), frame_rate=25
    )


async def ended(stub: Stub, request: Request, **options: float) -> Response:
    """Return the answer of a call, or its last message."""
    if isinstance(request, speech_service_pb2.CutScriptRequest):
        return await stub.CutScript(request, **options)
    return [message async for message in stub.Speak(request, **options)][-1]


async def admitted(
    stub: Stub, request: speech_service_pb2.SpeakRequest
) -> AsyncIterator[object] | None:
    """Return the messages of a call after its first one, or None if it was sent away."""
    messages = aiter(stub.Speak(request))
    try:
        await anext(messages)
    except grpc.RpcError:
        return None
    return messages


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path)


KINDS = ["speaking", "recognising", "aligning", "parting"]


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelling_frees_the_only_place_whatever_is_at_work(kind: str, given: Given) -> None:
    work = Work()
    servicer, requests = service(work, given)
    async with serving(servicer) as stub:
        call = asyncio.create_task(ended(stub, requests[kind]))
        await asyncio.to_thread(work.begun.wait)
        call.cancel()

        assert (await ended(stub, speak("something else"))).HasField("speech")
        assert (await ended(stub, cut(requests))).segments
    assert work.closed.is_set()


async def test_cancelling_frees_the_only_place_while_sound_is_decoded(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    servicer, requests = service(Work(), given)
    async with serving(servicer) as stub:
        with monkeypatch.context() as patched:
            patched.setattr(reading.works, "sound", hostile_works.sleep)
            call = asyncio.create_task(ended(stub, cut(requests)))
            await asyncio.to_thread(given.begun.wait)
            call.cancel()

        assert (await ended(stub, cut(requests))).segments


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_goes_on_after_the_deadline(kind: str, given: Given) -> None:
    work = Work()
    servicer, requests = service(work, given)
    async with serving(servicer) as stub:
        with pytest.raises(grpc.RpcError) as late:
            await ended(stub, requests[kind], timeout=1.0)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.to_thread(work.closed.wait)

        assert (await ended(stub, speak("something else"))).HasField("speech")


async def test_who_waits_is_told_so_takes_its_turn_and_who_is_too_many_is_sent_away(
    given: Given,
) -> None:
    work = Work()
    servicer, requests = service(work, given, waiting=1)
    async with serving(servicer) as stub:
        endless = stub.Speak(requests["speaking"])
        await endless.read()
        waiting = aiter(stub.Speak(speak("one")))
        assert (await anext(waiting)).HasField("working")

        with pytest.raises(grpc.RpcError) as refused:
            await ended(stub, speak("two"))
        error = from_rpc_error(refused.value)
        assert isinstance(error, Exhausted)
        assert error.reason is Reason.WORKERS_BUSY
        assert error.retry_after_seconds
        endless.cancel()

        assert [message async for message in waiting][-1].HasField("speech")


async def test_who_gave_up_waiting_leaves_its_chair(given: Given) -> None:
    work = Work()
    servicer, requests = service(work, given, waiting=1)
    async with serving(servicer) as stub:
        endless = stub.Speak(requests["speaking"])
        await endless.read()
        gone = stub.Speak(speak("one"))
        await gone.read()
        gone.cancel()
        while (waiting := await admitted(stub, speak("two"))) is None:
            pass
        endless.cancel()

        assert [message async for message in waiting][-1].HasField("speech")


async def test_cutting_given_sound_keeps_nobody_from_speaking(given: Given) -> None:
    work = Work()
    servicer, requests = service(work, given)
    async with serving(servicer) as stub:
        endless = asyncio.create_task(ended(stub, requests["parting"]))
        await asyncio.to_thread(work.begun.wait)

        assert (await ended(stub, speak("something else"))).HasField("speech")
        text = speech_service_pb2.CutScriptRequest(text="Cut this.", frame_rate=25)
        assert (await ended(stub, text)).segments
        assert not endless.done()
        endless.cancel()


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


@pytest.mark.parametrize("text", NASTY, ids=["hyphens", "quotes", "brackets"])
async def test_others_speak_while_a_nasty_text_is_spoken(
    backend: EmbeddedBackend, text: str, tmp_path: Path
) -> None:
    nasty = " ".join([text] * 2)
    servicer = SpeechServicer(
        Backends({"embedded": backend}),
        Listener(backend, words=None, sounds=None),
        InMemoryStore(),
        given=GivenSounds(Reader(), tmp_path),
        speaking=Places(2, 0),
        cutting=Places(1, 0),
    )
    async with serving(servicer) as stub:
        long = stub.Speak(speak(nasty))
        await long.read()

        assert (await ended(stub, speak("Good morning."))).HasField("speech")
        long.cancel()
        assert (await ended(stub, speak("Good evening."))).HasField("speech")
