"""A render service with one worker and room for one more take, and its client."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from s2v.api.common.v1 import clip_pb2
from s2v.api.render.v1 import render_service_pb2
from s2v.core.artifact import WAV
from s2v.core.errors import S2VError
from s2v.core.script import LipCues, Mark, Speech
from s2v.media.pcm import wav_bytes
from s2v.media.video import decode_frames
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    speech_to_proto,
)
from s2v.rpc.errors import from_rpc_error
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_render import FakeScript, fake_reference, frame_of

FRAMES = 60
LONG_FRAMES = 2_000
FRAME_SAMPLES = 1920
IDLE = render_service_pb2.WORKER_STATE_IDLE
BUSY = render_service_pb2.WORKER_STATE_BUSY


@dataclass
class Studio:
    """A render service with one worker and room for one more take, and its client."""

    stub: Any
    store: FsspecStore

    def request(
        self, script: FakeScript | None = None, *, frames: int = FRAMES, **changes: Any
    ) -> render_service_pb2.RenderRequest:
        pcm = np.zeros(frames * FRAME_SAMPLES, np.int16)
        audio = self.store.put([wav_bytes(pcm)], WAV)
        speech = Speech(audio, len(pcm), phonemes=(Mark("a", 0, 4800),), cues=LipCues.PHONEMES)
        reference = self.store.put([fake_reference(script=script)], "image/png")
        given: dict[str, Any] = {
            "speech": speech_to_proto(speech),
            "reference": artifact_to_proto(reference),
            "frame_rate": 25,
        }
        return render_service_pb2.RenderRequest(**(given | changes))

    async def responses(
        self, request: render_service_pb2.RenderRequest
    ) -> list[render_service_pb2.RenderResponse]:
        return [response async for response in self.stub.Render(request)]

    async def clip(self, request: render_service_pb2.RenderRequest) -> clip_pb2.Clip:
        responses = await self.responses(request)
        assert [response.HasField("clip") for response in responses].index(True) == (
            len(responses) - 1
        )
        return responses[-1].clip

    async def refusal(self, request: render_service_pb2.RenderRequest) -> S2VError:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await self.responses(request)
        return from_rpc_error(error.value)

    async def workers(self) -> Any:
        return await self.stub.ListWorkers(render_service_pb2.ListWorkersRequest())

    async def until_idle(self) -> Any:
        async def idle() -> bool:
            return bool((await self.workers()).workers[0].state == IDLE)

        await until(idle)
        return (await self.workers()).workers[0]

    async def restarts(self) -> int:
        return int((await self.until_idle()).restarts)

    async def until_waiting(self, takes: int) -> None:
        async def waiting() -> bool:
            return bool((await self.workers()).waiting_takes == takes)

        await until(waiting)

    def decoded(self, clip: clip_pb2.Clip) -> list[int]:
        with self.store.local(artifact_from_proto(clip.video, field="video")) as path:
            return [frame_of(picture) for picture in decode_frames(path)]


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    while not await happened():  # noqa: ASYNC110 (it happens in another process)
        await asyncio.sleep(0.02)


async def begun(folder: Path) -> int:
    """Wait until the fake has rendered its first batch; return its process id."""

    async def there() -> bool:
        return (folder / "begun").exists()

    await until(there)
    return int((folder / "begun").read_text())


def slowly(folder: Path) -> FakeScript:
    """Take a tenth of a second for each batch until the test says go."""
    return FakeScript(str(folder), seconds_per_batch=0.1)
