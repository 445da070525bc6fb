"""An hour of given sound goes through the tts service without being in its memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import soxr

from memory import MIB, forget_peak, peak_bytes
from s2v.api.tts.v1 import speech_service_pb2 as pb
from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.core.timebase import SAMPLE_RATE
from s2v.rpc.channel import connect_sync
from s2v.rpc.convert import artifact_to_proto
from s2v.store.artifacts import FsspecStore
from sounds import speech

_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Running:
    stub: speech_service_pb2_grpc.SpeechServiceStub
    store: FsspecStore
    pid: int


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    address, home = f"unix:{tmp_path}/tts.sock", tmp_path / "home"
    environment = {
        **os.environ,
        "S2V_HOME": str(home),
        "S2V_TTS_LISTEN": address,
        "S2V_TTS_STORE_URL": str(home / "store"),
    }
    with subprocess.Popen([sys.executable, "-m", "s2v_tts.main"], env=environment) as service:
        with connect_sync(address) as channel:
            stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
            stub.ListVoices(pb.ListVoicesRequest(), wait_for_ready=True)
            yield Running(stub, FsspecStore(str(home / "store")), service.pid)
        service.terminate()


def said_for(seconds: float, path: Path) -> Path:
    """Write somebody who says the same again and again, quieter on the right."""
    said = soxr.resample(speech(), SAMPLE_RATE, _RATE)
    both = np.stack([said, said // 2], axis=1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=_RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(both.reshape(1, -1), "s16", "stereo")
        frame.sample_rate = _RATE
        for pts in range(0, round(seconds * _RATE) - len(said) + 1, len(said)):
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def speak(running: Running, sound: Path) -> int:
    """Speak the first and the last segment of a sound; return how many there are."""
    audio = running.store.put(sound, "audio/flac")
    cut = running.stub.CutScript(pb.CutScriptRequest(audio=artifact_to_proto(audio), frame_rate=25))
    for segment in (cut.segments[0], cut.segments[-1]):
        request = pb.SpeakRequest(segment=segment, decoded_audio=cut.decoded_audio, frame_rate=25)
        *_, last = running.stub.Speak(request)
        assert last.HasField("speech")
    assert cut.film_audio.size_bytes > 2 * cut.decoded_audio.size_bytes - 100
    return len(cut.segments)


def test_an_hour_of_given_sound_takes_little_memory(running: Running, tmp_path: Path) -> None:
    speak(running, said_for(30, tmp_path / "short.flac"))  # loads what listens
    before = forget_peak(running.pid)

    assert speak(running, said_for(3600, tmp_path / "hour.flac")) > 100

    peak = peak_bytes(running.pid)
    print(f"{before / MIB:.0f} MiB before an hour of sound, {peak / MIB:.0f} MiB at its peak")
    assert peak - before < 50 * MIB
    assert peak < 300 * MIB
