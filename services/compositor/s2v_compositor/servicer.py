"""CompositorService over the composing core."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import ArtifactStore
from s2v.core.timebase import FRAME_RATES
from s2v.rpc.convert import (
    artifact_from_proto,
    measurement_to_proto,
    speech_from_proto,
)
from s2v.rpc.interceptor import Context
from s2v.rpc.pulse import PULSE_SECONDS, with_pulse
from s2v_compositor.composition import UNSIGNED, WORKING, Composition, Provenance
from s2v_compositor.measuring import measure_film, yield_to_others

if TYPE_CHECKING:
    from s2v_compositor.finishing.faces import Restores

Request = compositor_service_pb2.ComposeRequest
Response = compositor_service_pb2.ComposeResponse

T = TypeVar("T")

_PATIENCE_SECONDS = 600.0
"""Long enough to copy a long film to a slow store."""


class CompositorServicer(compositor_service_pb2_grpc.CompositorServiceServicer):
    """See compositor_service.proto."""

    def __init__(
        self,
        store: ArtifactStore,
        work_dir: Path,
        *,
        provenance: Provenance = UNSIGNED,
        restorer: "Restores | None" = None,
        pulse_seconds: float = PULSE_SECONDS,
    ) -> None:
        self._store = store
        self._work_dir = work_dir
        self._provenance = provenance
        self._restorer = restorer
        self._pulse_seconds = pulse_seconds
        # One film at a time, the others wait.
        self._measuring = ThreadPoolExecutor(1, "measure", initializer=yield_to_others)

    async def Compose(
        self, requests: AsyncIterator[Request], context: Context
    ) -> AsyncIterator[Response]:
        # One of its own: whatever is cancelled, closing comes after the work under way.
        thread = _Thread()
        composing = self._composed(requests, thread)
        pulsed = with_pulse(
            composing,
            thread.pulse,
            is_last=lambda response: response.HasField("film"),
            seconds=self._pulse_seconds,
        )
        async with aclosing(pulsed) as responses:
            async for response in responses:
                yield response

    async def _composed(
        self, requests: AsyncIterator[Request], thread: "_Thread"
    ) -> AsyncGenerator[Response]:
        config = await _config(requests)
        composition = await thread.run(
            Composition,
            self._store,
            self._work_dir,
            config,
            self._provenance,
            self._restorer,
        )
        try:
            async for request in requests:
                responses = composition.add(request)
                while response := await thread.run(next, responses, None):
                    yield response
            responses = composition.finish()
            while response := await thread.run(next, responses, None):
                yield response
        finally:
            thread.end(composition.close)

    async def MeasureFilm(
        self, request: compositor_service_pb2.MeasureFilmRequest, context: Context
    ) -> compositor_service_pb2.MeasureFilmResponse:
        _check_rate(request.frame_rate, "frame_rate")
        reference = request.reference if request.HasField("reference") else None
        stopped = threading.Event()
        work = partial(
            measure_film,
            self._store,
            artifact_from_proto(request.film, field="film"),
            [
                speech_from_proto(speech, field=f"speeches[{index}]")
                for index, speech in enumerate(request.speeches)
            ],
            frame_rate=request.frame_rate,
            reference=artifact_from_proto(reference, field="reference") if reference else None,
            stopped=stopped,
        )
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._measuring, work)
        finally:
            stopped.set()
        return compositor_service_pb2.MeasureFilmResponse(lip_sync=measurement_to_proto(found))

    async def GetCapabilities(
        self, request: compositor_service_pb2.GetCapabilitiesRequest, context: Context
    ) -> compositor_service_pb2.GetCapabilitiesResponse:
        return compositor_service_pb2.GetCapabilitiesResponse(
            restores_faces=self._restorer is not None
        )


class _Thread:
    """The thread of one composition, and whether it gets on with its work."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "compose")
        self._began_at: float | None = None

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self._began_at = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        finally:
            self._began_at = None

    def pulse(self) -> Response | None:
        """Say that the composition goes on, unless one piece of work takes too long."""
        if self._began_at and time.monotonic() - self._began_at > _PATIENCE_SECONDS:
            return None
        return WORKING

    def end(self, last: Callable[[], None]) -> None:
        self._thread.submit(last)
        self._thread.shutdown(wait=False)


async def _config(requests: AsyncIterator[Request]) -> compositor_service_pb2.ComposeConfig:
    async for request in requests:
        if not request.HasField("config"):
            break
        _check_rate(request.config.frame_rate, "config.frame_rate")
        return request.config
    raise InvalidInput(
        Reason.CONFIG_EXPECTED, "the first message must be the config", field="config"
    )


def _check_rate(frame_rate: int, field: str) -> None:
    if frame_rate not in FRAME_RATES:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"frame_rate is {frame_rate}; it must be one of {FRAME_RATES}",
            field=field,
        )
