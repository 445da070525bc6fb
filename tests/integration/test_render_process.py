"""The render service as a process: what is left of it and of its Ray when something is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from processes import command_of, descendants_of
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.errors import Reason
from s2v.core.script import Speech
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect_sync
from s2v.rpc.convert import artifact_to_proto, speech_to_proto
from s2v.rpc.errors import from_rpc_error
from s2v.store.artifacts import FsspecStore

FRAME_SAMPLES = 1920
PORTRAIT = Path(str(resources.files("s2v.samples") / "portrait.jpg"))


class Service:
    """A render service of one worker in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.address = f"unix:{home}/render.sock"
        self._store_url = str(home / "store")
        self._environment = os.environ | {
            "S2V_RENDER_LISTEN": self.address,
            "S2V_RENDER_STORE_URL": self._store_url,
            "S2V_RENDER_WORKERS": "1",
            "TMPDIR": str(home),
        }
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-m", "s2v_render.main"], env=self._environment)
        with connect_sync(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            until(lambda: _is_serving(health) or process.poll() is not None)
        assert process.poll() is None
        return process

    def start_again(self) -> None:
        self.process = self._started()

    @property
    def ray(self) -> dict[int, str]:
        """The command lines of all processes that it started, by process id."""
        return {pid: command_of(pid) for pid in descendants_of(self.process.pid)}

    def render(self, frames: int, *, meanwhile: Callable[[], None] = lambda: None) -> Any:
        store = FsspecStore(self._store_url)
        pcm = np.zeros(frames * FRAME_SAMPLES, np.int16)
        request = render_service_pb2.RenderRequest(
            speech=speech_to_proto(Speech(store.put([wav_bytes(pcm)], WAV), len(pcm))),
            reference=artifact_to_proto(store.put(PORTRAIT, "image/jpeg")),
            frame_rate=25,
            preset="draft",
        )
        with connect_sync(self.address) as channel:
            responses = render_service_pb2_grpc.RenderServiceStub(channel).Render(request)
            next(responses)
            meanwhile()
            *_, last = responses
            return last.clip


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    service = Service(home)
    yield service
    service.process.terminate()
    service.process.wait()


def until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.05)


def test_sigterm_ends_the_service_and_all_of_its_ray(service: Service) -> None:
    ray = service.ray
    assert {"raylet", "gcs_server"} <= {
        Path(command.split(" ")[0]).name for command in ray.values()
    }

    service.process.send_signal(signal.SIGTERM)

    assert service.process.wait() == 0
    until(lambda: not _alive(ray))


def test_a_killed_service_takes_its_ray_along_and_starts_again(service: Service) -> None:
    ray = service.ray

    with pytest.raises(grpc.RpcError):
        service.render(5_000, meanwhile=service.process.kill)
    service.process.wait()
    service.start_again()

    until(lambda: not _alive(ray))
    clip = service.render(10)
    assert clip.frames == 10


@pytest.mark.parametrize("name", ["raylet", "gcs_server"])
def test_without_ray_takes_fail_as_unavailable_and_the_service_leaves(
    service: Service, name: str
) -> None:
    ray = service.ray
    (pid,) = (pid for pid, command in ray.items() if Path(command.split(" ")[0]).name == name)

    with pytest.raises(grpc.RpcError) as failure:
        service.render(5_000, meanwhile=lambda: os.kill(pid, signal.SIGKILL))

    error = from_rpc_error(failure.value)
    assert (error.reason, bool(error.retry_after_seconds)) == (Reason.SERVICE_UNAVAILABLE, True)
    assert service.process.wait() == 1
    until(lambda: not _alive(ray))


def _is_serving(health: health_pb2_grpc.HealthStub) -> bool:
    with contextlib.suppress(grpc.RpcError):
        response = health.Check(health_pb2.HealthCheckRequest(), timeout=1)
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)
    return False


def _alive(processes: dict[int, str]) -> list[int]:
    """Return those that still run, and are not others of the same process id."""
    return [pid for pid, known in processes.items() if known and command_of(pid) == known]
