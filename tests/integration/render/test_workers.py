"""Takes share workers, which die, are cancelled and are full."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from render_studio import BUSY, FRAMES, LONG_FRAMES, Studio, begun, slowly
from s2v.api.common.v1 import media_pb2
from s2v.core.errors import Exhausted, Reason, Unavailable
from s2v.testing.fakes_render import FakeScript
from s2v_render.workers.pool import MAX_TAKES

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_workers_are_listed(studio: Studio, folder: Path) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    await begun(folder)
    (worker,) = (await studio.workers()).workers

    assert (worker.name, worker.state, worker.device) == ("worker-0", BUSY, "cpu")
    assert worker.pid == await begun(folder)
    call.cancel()
    assert (await studio.until_idle()).pid == worker.pid


async def test_cancelling_closes_the_engine_and_frees_the_worker_that_lives_on(
    studio: Studio, folder: Path
) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    pid = await begun(folder)

    call.cancel()

    async with asyncio.timeout(2):
        worker = await studio.until_idle()
    assert (folder / "closed").exists()
    assert worker.pid == pid
    assert (await studio.clip(studio.request())).frames == FRAMES


async def test_takes_of_a_worker_run_on_one_thread_the_cancelled_ones_too(
    studio: Studio, folder: Path
) -> None:
    await studio.clip(studio.request(FakeScript(str(folder))))
    (folder / "begun").unlink()
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await begun(folder)
    call.cancel()
    await studio.clip(studio.request(FakeScript(str(folder))))

    threads = (folder / "threads").read_text().split()
    assert len(threads) == 3
    assert len(set(threads)) == 1


async def test_an_engine_that_does_not_stop_is_stopped_with_its_worker(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    call = studio.stub.Render(studio.request(stuck))
    await call.read()
    pid = await begun(folder)

    call.cancel()

    assert (await studio.until_idle()).pid != pid
    assert await studio.restarts() == restarts + 1
    assert (await studio.clip(studio.request())).frames == FRAMES


async def test_a_take_whose_worker_is_killed_is_tried_again(studio: Studio, folder: Path) -> None:
    restarts = await studio.restarts()
    rendering = asyncio.create_task(
        studio.responses(studio.request(slowly(folder), frames=LONG_FRAMES))
    )
    await begun(folder)

    os.kill(await begun(folder), signal.SIGKILL)
    (folder / "go").touch()
    responses = await rendering

    clip = responses[-1].clip
    assert clip.frames == LONG_FRAMES
    assert studio.decoded(clip)[:70] == [frame % 64 for frame in range(70)]
    assert [r.notice.code for r in responses if r.HasField("notice")] == [
        media_pb2.NOTICE_CODE_RANDOM_WEIGHTS
    ]
    assert await studio.restarts() == restarts + 1


async def test_a_take_under_which_every_worker_dies_is_given_up(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    refusal = await studio.refusal(studio.request(FakeScript(str(folder), die=True)))

    assert isinstance(refusal, Unavailable)
    assert refusal.reason == Reason.WORKER_LOST
    assert refusal.retry_after_seconds
    assert await studio.restarts() == restarts + MAX_TAKES
    assert (await studio.clip(studio.request())).frames == FRAMES


async def test_a_worker_that_dies_idle_is_noticed_by_the_next_take(studio: Studio) -> None:
    restarts = await studio.restarts()
    os.kill((await studio.until_idle()).pid, signal.SIGKILL)

    assert (await studio.clip(studio.request())).frames == FRAMES
    assert await studio.restarts() == restarts + 1


async def test_when_all_is_full_a_take_is_refused_and_told_when_to_come_back(
    studio: Studio, folder: Path
) -> None:
    long = studio.request(slowly(folder), frames=LONG_FRAMES)
    rendering = asyncio.create_task(studio.clip(long))
    await begun(folder)
    waiting = asyncio.create_task(studio.clip(studio.request()))
    await studio.until_waiting(1)

    refusal = await studio.refusal(studio.request())

    assert isinstance(refusal, Exhausted)
    assert refusal.reason == Reason.WORKERS_BUSY
    assert refusal.retry_after_seconds
    (folder / "go").touch()
    assert (await rendering).frames == LONG_FRAMES
    assert (await waiting).frames == FRAMES


async def test_a_take_that_stops_waiting_makes_room(studio: Studio, folder: Path) -> None:
    restarts = await studio.restarts()
    long = studio.request(slowly(folder), frames=LONG_FRAMES)
    rendering = asyncio.create_task(studio.clip(long))
    await begun(folder)
    impatient = studio.stub.Render(studio.request())
    await studio.until_waiting(1)

    impatient.cancel()

    await studio.until_waiting(0)
    (folder / "go").touch()
    assert (await rendering).frames == LONG_FRAMES
    assert await studio.restarts() == restarts
