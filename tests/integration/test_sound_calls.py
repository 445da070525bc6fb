"""The calls that look at given sound as a whole, over gRPC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from noisy import with_noise
from s2v.api.common.v1 import sound_pb2, speech_pb2
from s2v.api.tts.v1 import hearing_pb2, speech_service_pb2_grpc
from s2v.api.tts.v1 import speech_service_pb2 as tts
from s2v.core.artifact import WAV
from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.confined.reading import Reader
from s2v.media.pcm import Pcm, decode_audio, read_wav, wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_from_proto, artifact_to_proto
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer


class Service:
    """A tts service whose voice is the embedded one, and its store."""

    def __init__(self, stub: Any, folder: Path) -> None:
        self.stub = stub
        self.folder = folder
        self.store = InMemoryStore()

    def given(self, data: bytes) -> Any:
        return artifact_to_proto(self.store.put([data], WAV))

    async def enhanced(self, data: bytes, **asked: Any) -> tuple[hearing_pb2.EnhancedAudio, Pcm]:
        request = tts.EnhanceAudioRequest(
            audio=self.given(data), enhancement=sound_pb2.Enhancement(**asked)
        )
        responses = [response async for response in self.stub.EnhanceAudio(request)]
        shares = [response.fraction for response in responses if response.fraction]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        made = responses[-1].enhanced
        with self.store.open(artifact_from_proto(made.audio, field="audio")) as file:
            return made, read_wav(file)


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    return EmbeddedBackend()


@asynccontextmanager
async def serving(backend: EmbeddedBackend, folder: Path) -> AsyncIterator[Service]:
    given = GivenSounds(Reader(), folder)
    service = Service(None, given.folder)
    servicer = SpeechServicer(
        Backends({"embedded": backend}),
        Listener(backend, words=None, sounds=None),
        service.store,
        given=given,
        speaking=Places(1, 4),
        cutting=Places(1, 4),
    )
    server = Server("127.0.0.1:0", [])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    try:
        async with connect(server.address) as channel:
            service.stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
            yield service
            assert list(service.folder.iterdir()) == []
    finally:
        await server.stop(0)


async def test_sound_is_bettered(backend: EmbeddedBackend, spoken: Any, tmp_path: Path) -> None:
    noisy = wav_bytes(with_noise(spoken.pcm, 10.0))
    async with serving(backend, tmp_path) as service:
        made, pcm = await service.enhanced(
            noisy, noise_reduction=sound_pb2.NOISE_REDUCTION_STRONG, target_lufs=-20.0
        )
    assert made.after.integrated_lufs == pytest.approx(-20.0, abs=0.5)
    assert made.after.snr_db > made.before.snr_db + 10
    assert made.before.duration_seconds == len(pcm) / SAMPLE_RATE


async def test_without_a_wish_sound_is_what_was_decoded(
    backend: EmbeddedBackend, spoken: Any, tmp_path: Path
) -> None:
    data = wav_bytes(with_noise(spoken.pcm, 10.0))
    (tmp_path / "a.wav").write_bytes(data)
    async with serving(backend, tmp_path / "tts") as service:
        _, pcm = await service.enhanced(data)
    assert np.array_equal(pcm, decode_audio(tmp_path / "a.wav"))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"noise_reduction": 9}, "spec.script.enhancement.noise_reduction"),
        ({"target_lufs": -4.0}, "spec.script.enhancement.target_lufs"),
        ({"target_lufs": float("nan")}, "spec.script.enhancement.target_lufs"),
    ],
)
async def test_a_wish_that_nobody_can_fulfil_is_refused(
    backend: EmbeddedBackend, asked: dict[str, Any], field: str, tmp_path: Path
) -> None:
    async with serving(backend, tmp_path) as service:
        with pytest.raises(grpc.RpcError) as refused:
            await service.enhanced(wav_bytes(np.ones(SAMPLE_RATE, np.int16)), **asked)
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidInput)
    assert (error.reason, error.field) == (Reason.FIELD_INVALID, field)


async def test_sound_is_measured(backend: EmbeddedBackend, spoken: Any, tmp_path: Path) -> None:
    async with serving(backend, tmp_path) as service:
        request = tts.AnalyzeAudioRequest(audio=service.given(wav_bytes(spoken.pcm)))
        *_, last = [response async for response in service.stub.AnalyzeAudio(request)]
    found = last.analysis.measurement
    assert found.duration_seconds == len(spoken.pcm) / SAMPLE_RATE
    assert -35 < found.integrated_lufs < -15
    assert found.snr_db > 40


async def test_a_text_is_found_in_sound(
    backend: EmbeddedBackend, spoken: Any, tmp_path: Path
) -> None:
    sound = np.concatenate([np.zeros(SAMPLE_RATE, np.int16), spoken.pcm])
    async with serving(backend, tmp_path) as service:
        request = tts.AlignTextRequest(
            audio=service.given(wav_bytes(sound)), text=spoken.text, language="en"
        )
        responses = [response async for response in service.stub.AlignText(request)]
    stretches = [response.heard for response in responses if response.HasField("heard")]
    assert stretches[0].first_sample == 0
    assert stretches[-1].end_sample == len(sound)
    words = [mark for stretch in stretches for mark in stretch.words]
    assert " ".join(mark.label for mark in words) == spoken.text
    assert responses[-1].alignment.fits
    assert responses[-1].alignment.cost < 0.5
    phonemes = [mark for stretch in stretches for mark in stretch.phonemes]
    found = {mark.label: mark.first_sample - SAMPLE_RATE for mark in reversed(phonemes)}
    true = {mark.label: mark.first_sample for mark in reversed(spoken.phonemes)}
    assert len(set(found) & set(true)) > 15
    off = [abs(found[label] - true[label]) for label in set(found) & set(true)]
    assert np.median(off) < SAMPLE_RATE // 50


async def test_marks_of_an_analysis_come_stretch_by_stretch(
    backend: EmbeddedBackend, spoken: Any, tmp_path: Path
) -> None:
    async with serving(backend, tmp_path) as service:
        request = tts.AnalyzeAudioRequest(
            audio=service.given(wav_bytes(spoken.pcm)), with_marks=True, transcript=spoken.text
        )
        responses = [response async for response in service.stub.AnalyzeAudio(request)]
    heard = [response.heard for response in responses if response.HasField("heard")]
    assert {stretch.cues for stretch in heard} == {speech_pb2.LIP_CUES_TRANSCRIPT}
    assert responses[-1].analysis.language == "en-US"


async def test_another_text_does_not_fit(
    backend: EmbeddedBackend, spoken: Any, other_words: Any, tmp_path: Path
) -> None:
    async with serving(backend, tmp_path) as service:
        request = tts.AlignTextRequest(
            audio=service.given(wav_bytes(spoken.pcm)), text=other_words.text
        )
        *_, last = [response async for response in service.stub.AlignText(request)]
    assert not last.alignment.fits
    assert last.alignment.cost > 0.8


@pytest.mark.parametrize(
    ("asked", "reason", "field"),
    [
        ({"text": "Hello.", "language": "tlh"}, Reason.VOICE_UNKNOWN, "language"),
        ({"text": " ..."}, Reason.TEXT_EMPTY, "text"),
        ({"text": "a" * 100_001}, Reason.TEXT_TOO_LONG, "text"),
    ],
)
async def test_what_cannot_be_aligned_is_refused(
    backend: EmbeddedBackend,
    spoken: Any,
    asked: dict[str, str],
    reason: Reason,
    field: str,
    tmp_path: Path,
) -> None:
    async with serving(backend, tmp_path) as service:
        request = tts.AlignTextRequest(audio=service.given(wav_bytes(spoken.pcm)), **asked)
        with pytest.raises(grpc.RpcError) as refused:
            [response async for response in service.stub.AlignText(request)]
    error = from_rpc_error(refused.value)
    assert (error.reason, error.field) == (reason, field)


async def test_cancelling_frees_the_only_place_and_leaves_nothing(
    backend: EmbeddedBackend, spoken: Any, tmp_path: Path
) -> None:
    minute = wav_bytes(np.tile(spoken.pcm, 10))
    async with serving(backend, tmp_path) as service:
        request = tts.EnhanceAudioRequest(
            audio=service.given(minute),
            enhancement=sound_pb2.Enhancement(noise_reduction=sound_pb2.NOISE_REDUCTION_STRONG),
        )
        call = service.stub.EnhanceAudio(request)
        async for response in call:
            if response.fraction > 0.2:
                break
        call.cancel()
        await service.enhanced(wav_bytes(spoken.pcm))
