"""Takes give signs of life; a worker that gives none is replaced, and its take tried again."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from render_studio import FRAMES, LONG_FRAMES, Studio, begun, slowly
from s2v.testing.fakes_render import FakeScript

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_take_whose_worker_stands_still_is_tried_again(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    rendering = asyncio.create_task(
        studio.responses(studio.request(slowly(folder), frames=LONG_FRAMES))
    )
    frozen = await begun(folder)

    os.kill(frozen, signal.SIGSTOP)
    (folder / "go").touch()
    responses = await rendering

    assert responses[-1].clip.frames == LONG_FRAMES
    worker = await studio.until_idle()
    assert (worker.restarts, worker.pid != frozen) == (restarts + 1, True)


async def test_a_worker_that_stands_still_after_its_take_was_cancelled_is_replaced(
    studio: Studio, folder: Path
) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=LONG_FRAMES))
    await call.read()
    frozen = await begun(folder)
    os.kill(frozen, signal.SIGSTOP)

    call.cancel()

    assert (await studio.until_idle()).pid != frozen
    assert (await studio.clip(studio.request())).frames == FRAMES


async def test_an_engine_that_yields_nothing_for_its_patience_loses_its_worker(
    studio: Studio, folder: Path
) -> None:
    restarts = await studio.restarts()
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    rendering = asyncio.create_task(studio.responses(studio.request(stuck, engine="impatient")))
    await begun(folder)
    (folder / "begun").unlink()
    await begun(folder)
    (folder / "go").touch()

    responses = await rendering

    assert responses[-1].clip.frames == FRAMES
    assert await studio.restarts() > restarts


async def test_a_take_that_waits_or_works_gives_signs_of_life(studio: Studio, folder: Path) -> None:
    stuck = FakeScript(str(folder), seconds_per_batch=600)
    working = studio.stub.Render(studio.request(stuck))
    await begun(folder)
    waiting = studio.stub.Render(studio.request())

    for call in (working, waiting):
        seen: list[int] = []
        while len(seen) < 6:
            response = await call.read()
            seen += [response.progress.frames_done] if response.HasField("progress") else []
        assert len(set(seen[-3:])) == 1
    (folder / "go").touch()
    working.cancel()
    waiting.cancel()
