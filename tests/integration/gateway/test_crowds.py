"""Many at once: nobody is forgotten, and what is held for them stays small."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from gateway_world import Start, gateways, png
from s2v.api.gateway.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from s2v.rpc.channel import connect
from s2v.testing.fakes_stages import FakeStages

WATCHERS = 300


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with gateways(tmp_path) as start:
        yield start


class Audience:
    """Watches one job to its end, many times over; `all_there` is set when everybody sees it."""

    def __init__(self, job: job_pb2.Job) -> None:
        self.all_there = asyncio.Event()
        self._job = job
        self._there = 0

    async def watch(self, channel: grpc.aio.Channel) -> list[tuple[str, int]]:
        """Return the facts that are told, which nobody may miss."""
        request = job_service_pb2.WatchJobRequest(name=self._job.name)
        stub = job_service_pb2_grpc.JobServiceStub(channel)
        events = []
        async for event in stub.WatchJob(request, timeout=100):
            if not events:
                self._arrive()
            events.append(event)
        assert events[0].WhichOneof("event") == "snapshot"
        assert events[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
        return [(event.resume_token, event.state) for event in events if event.HasField("state")]

    def _arrive(self) -> None:
        self._there += 1
        if self._there == WATCHERS:
            self.all_there.set()


@pytest.mark.parametrize("connections", [1, 30])
async def test_three_hundred_watchers_hear_everything(start: Start, connections: int) -> None:
    held = asyncio.Event()
    running = await start(FakeStages(hold={"render-2": held}))
    channels = [connect(running.gateway.server.address) for _ in range(connections)]
    audience = Audience(await running.create(text="a bb ccc dddd eeeee"))
    watching = [
        asyncio.create_task(audience.watch(channels[number % connections]))
        for number in range(WATCHERS)
    ]
    await audience.all_there.wait()
    held.set()
    told = await asyncio.gather(*watching)
    for channel in channels:
        await channel.close()
    assert told[0]
    assert told == [told[0]] * WATCHERS


async def test_many_jobs_end_with_few_threads(start: Start) -> None:
    running = await start(max_threads=8, max_checks=1, max_waiting_checks=40)
    pictures = [running.upload(png(f"#{n:06x}")) for n in range(40)]
    references = await asyncio.gather(*pictures)
    jobs = await asyncio.gather(*(running.create(reference=name) for name in references))
    ends = await asyncio.gather(*(running.finished(job.name) for job in jobs))
    assert {job.state for job in ends} == {job_pb2.JOB_STATE_SUCCEEDED}
    threads = [thread for thread in threading.enumerate() if "dbos-executor" in thread.name]
    assert 0 < len(threads) <= 8 + 1 + 40
