"""Files that were made to hurt cost their sender a refusal and nobody else anything."""

import asyncio
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bombs import BOMBS, HARMLESS
from gateway_world import gateways, png
from s2v.core.errors import InvalidInput
from s2v.media.confined.children import shared_children
from s2v.media.confined.reading import Reader

MOST_SECONDS, MOST_BYTES = 60.0, 700 << 20


class Watch:
    """Takes note of the most memory that the children of this process have at a time."""

    def __init__(self) -> None:
        self.most_bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            process = shared_children()._process
            if process is not None:
                self.most_bytes = max(self.most_bytes, _children_bytes(process.pid))


def _children_bytes(pid: int) -> int:
    total = 0
    try:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
            total += pages * resource.getpagesize()
    except (OSError, IndexError):
        return 0
    return total


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.end()
    assert watch.most_bytes < MOST_BYTES


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once_and_in_little_memory(
    tmp_path: Path, name: str, watch: Watch
) -> None:
    write, reason, limit = BOMBS[name]
    write(tmp_path / "bomb")
    begun = time.monotonic()

    with pytest.raises(InvalidInput) as refusal:
        Reader().probe(tmp_path / "bomb")

    assert refusal.value.reason == reason
    assert not limit or limit in refusal.value.metadata
    assert time.monotonic() - begun < MOST_SECONDS


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_a_bomb_can_be_used(tmp_path: Path, name: str, watch: Watch) -> None:
    HARMLESS[name](tmp_path / "file")
    info = Reader().probe(tmp_path / "file")
    picture = Reader().still(tmp_path / "file", info.media_type)
    assert picture.shape == (info.height_pixels, info.width_pixels, 3)


@pytest.mark.parametrize("name", ["FLAC of 1 Hz", "MP4 of 50 million samples"])
def test_a_bomb_is_not_decoded_either(tmp_path: Path, name: str, watch: Watch) -> None:
    BOMBS[name][0](tmp_path / "bomb")
    with pytest.raises(InvalidInput) as refusal:
        Reader().decode_audio(tmp_path / "bomb", max_seconds=60, field="spec.script.audio")
    assert refusal.value.reason == "AUDIO_UNREADABLE"
    assert BOMBS[name][2] in refusal.value.metadata


async def test_a_gateway_serves_while_it_is_bombed(tmp_path: Path) -> None:
    for name, (write, _, _) in BOMBS.items():
        await asyncio.to_thread(write, tmp_path / name)
    async with gateways(tmp_path) as start:
        running = await start()
        health = health_pb2_grpc.HealthStub(running.channel)
        files = [(tmp_path / name).read_bytes() for name in BOMBS]
        bombs = [data for data in files if 0 < len(data) <= 1 << 20]
        uploads = [asyncio.create_task(running.upload(bomb)) for bomb in bombs * 2]
        slowest = 0.0
        while not all(upload.done() for upload in uploads):
            begun = time.monotonic()
            state = await health.Check(health_pb2.HealthCheckRequest(), timeout=5)
            slowest = max(slowest, time.monotonic() - begun)
            assert state.status == health_pb2.HealthCheckResponse.SERVING
            await asyncio.sleep(0.02)
        results = await asyncio.gather(*uploads, return_exceptions=True)
        assert await running.upload(png())

    codes = {error.code() for error in results if isinstance(error, grpc.RpcError)}
    assert len(results) == sum(isinstance(error, grpc.RpcError) for error in results)
    assert codes == {grpc.StatusCode.INVALID_ARGUMENT}
    assert slowest < 5
