"""What kills the service that works on it is not given to it for ever."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa

from gateway_world import Running, gateways
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import Reason
from s2v.core.job import Order
from s2v.core.stages import CutScript, Report
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_status
from s2v.testing.fakes_stages import FakeStages
from s2v_cli.child import ServiceSpec
from s2v_cli.supervisor import Supervisor
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages

FAKE = Path(__file__).parents[2] / "data" / "fake_service.py"


class CuttingAfar(FakeStages):
    """Stages of which one is another process."""

    def __init__(self, tts: grpc.aio.Channel) -> None:
        super().__init__()
        self._remote = RemoteStages(tts, tts, tts, patience=Patience(600, 600, 0))

    async def cut(self, order: Order, report: Report) -> CutScript:
        """Let the other process cut."""
        return await self._remote.cut(order, report)


class Tts:
    """A service that dies of poison."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix:{folder}/tts.sock"
        self.command = (sys.executable, str(FAKE), self.address, "mortal")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)

    def end(self) -> list[str]:
        """Wait for its death; return the scripts that it was at in its life."""
        assert self._process is not None
        lines = self._process.communicate()[1].splitlines()
        return [line.removeprefix("cuts ") for line in lines if line.startswith("cuts ")]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()


@pytest.fixture
def tts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tts]:
    tts = Tts(tmp_path_factory.mktemp("t"))
    yield tts
    tts.kill()


def deaths(server: Running) -> list[str]:
    with server.gateway.database.connect() as connection:
        return list(connection.scalars(sa.text("SELECT deaths FROM jobs ORDER BY number")))


async def ended(server: Running, name: str) -> tuple[int, Reason]:
    job = await server.finished(name)
    return job.state, from_status(job.error).reason


async def test_a_script_that_kills_who_cuts_it_fails_after_the_second_death(
    tmp_path: Path, tts: Tts
) -> None:
    deaths: list[str] = []
    spec = ServiceSpec("tts", tts.command, tts.address, os.environ)
    supervisor = Supervisor([spec], report=deaths.append)
    await asyncio.to_thread(supervisor.start)
    try:
        async with connect(tts.address) as channel, gateways(tmp_path) as start:
            server = await start(CuttingAfar(channel))
            poison = await server.create(text="poison")
            assert await ended(server, poison.name) == (
                job_pb2.JOB_STATE_FAILED,
                Reason.WORKER_LOST,
            )
            good = await server.create(text="a bb")
            assert (await server.finished(good.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    finally:
        await asyncio.to_thread(supervisor.stop)
    assert [report.partition(";")[0] for report in deaths if "SIGKILL" in report] == [
        "tts was killed by SIGKILL"
    ] * 2


async def test_deaths_are_counted_over_restarts_of_the_gateway(tmp_path: Path, tts: Tts) -> None:
    tts.start()
    async with connect(tts.address) as channel, gateways(tmp_path) as start:
        server = await start(CuttingAfar(channel))
        job = await server.create(text="poison")
        assert await asyncio.to_thread(tts.end) == ["poison"]
        while deaths(server) != ['{"cut@0":1}']:  # noqa: ASYNC110 (it is in another thread)
            await asyncio.sleep(0.02)
    tts.start()
    async with connect(tts.address) as channel, gateways(tmp_path) as start:
        server = await start(CuttingAfar(channel))
        assert await asyncio.to_thread(tts.end) == ["poison"]
        assert await ended(server, job.name) == (job_pb2.JOB_STATE_FAILED, Reason.WORKER_LOST)
    tts.start()
    async with connect(tts.address) as channel, gateways(tmp_path) as start:
        server = await start(CuttingAfar(channel))
        other = await server.finished((await server.create(text="a bb")).name)
        assert other.state == job_pb2.JOB_STATE_SUCCEEDED
        tts.kill()
        assert await asyncio.to_thread(tts.end) == ["a bb"]
