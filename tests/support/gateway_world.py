"""A gateway over real gRPC, a real database and DBOS; the work is faked."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import google_crc32c
import grpc
import numpy as np
import pytest
import sqlalchemy as sa
from dbos import DBOS
from dbos._sys_db import SystemDatabase
from PIL import Image

import premade
from s2v.api.gateway.v1 import (
    asset_service_pb2,
    asset_service_pb2_grpc,
    generation_service_pb2,
    generation_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    system_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from s2v.core.errors import S2VError
from s2v.core.ports import Continuity
from s2v.core.stages import VoiceStages
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_rpc_error
from s2v.testing.fakes_stages import FakeStages, FakeVoiceStages
from s2v_gateway.access.callers import Caller
from s2v_gateway.film.offers import (
    BackendOffer,
    EngineCatalogue,
    EngineOffer,
    FinishOffer,
    PresetOffer,
    VoiceCatalogue,
    VoiceOffer,
)
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.records.keys import KeyRecords
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.facade import Facade
from s2v_gateway.wiring import SERVICES, Gateway, wire

ENGINE = EngineOffer(
    "portrait",
    "",
    Continuity.INDEPENDENT,
    (25, 30),
    64,
    1920,
    ("image/jpeg", "image/png"),
    (PresetOffer("standard", ""), PresetOffer("draft", "")),
)

DIRECTED = replace(ENGINE, name="directed", directed=True, side_step_pixels=64)

CHUNK_BYTES = 512 << 10


async def engines() -> EngineCatalogue:
    return EngineCatalogue((ENGINE, DIRECTED), {"large": "engine large needs a setting"})


VOICES = VoiceCatalogue(
    (VoiceOffer("heart", "en-US", "", "fake"),), (BackendOffer("fake", clones=True),)
)


async def _voices() -> VoiceCatalogue:
    return VOICES


async def compositor() -> FinishOffer:
    return FinishOffer()


async def _workers() -> list[object]:
    return []


class _Signed:
    """A stub whose calls show a key."""

    def __init__(self, stub: object, key: str) -> None:
        self._stub = stub
        self._metadata = (("authorization", f"Bearer {key}"),)

    def __getattr__(self, method: str) -> Callable[..., object]:
        return partial(getattr(self._stub, method), metadata=self._metadata)


@dataclass
class Running:
    """A gateway that runs, and stubs to call it with; with a key, where callers are told apart.

    `http` is its address for HTTP, where it has one: start it with `http_listen`.
    """

    gateway: Gateway
    stages: FakeStages
    channel: grpc.aio.Channel
    who: str = ""
    key: str = ""
    http: str = ""
    assets: asset_service_pb2_grpc.AssetServiceStub = field(init=False)
    jobs: job_service_pb2_grpc.JobServiceStub = field(init=False)
    generation: generation_service_pb2_grpc.GenerationServiceStub = field(init=False)
    system: system_service_pb2_grpc.SystemServiceStub = field(init=False)
    voices: voice_service_pb2_grpc.VoiceServiceStub = field(init=False)

    def __post_init__(self) -> None:
        self.assets = asset_service_pb2_grpc.AssetServiceStub(self.channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self.channel)
        self.generation = generation_service_pb2_grpc.GenerationServiceStub(self.channel)
        self.system = system_service_pb2_grpc.SystemServiceStub(self.channel)
        self.voices = voice_service_pb2_grpc.VoiceServiceStub(self.channel)
        if self.key:
            for service in ("assets", "jobs", "generation", "system", "voices"):
                setattr(self, service, _Signed(getattr(self, service), self.key))

    def acting(self, who: str) -> "Running":
        """The same gateway as a caller sees it, `red/ann`: start it with `access="closed"`."""
        tenant, _, subject = who.partition("/")
        key, _ = KeyRecords(self.gateway.database).make(Caller(tenant, subject))
        return Running(self.gateway, self.stages, self.channel, who, key)

    async def upload(self, data: bytes, media_type: str = "image/png") -> str:
        created = await self.assets.CreateUpload(
            asset_service_pb2.CreateUploadRequest(media_type=media_type, total_bytes=len(data))
        )
        await self.assets.WriteUpload(
            iter(
                [
                    asset_service_pb2.WriteUploadRequest(
                        name=created.upload.name,
                        offset=offset,
                        data=data[offset : offset + CHUNK_BYTES],
                        crc32c=google_crc32c.value(data[offset : offset + CHUNK_BYTES]),
                    )
                    for offset in range(0, len(data), CHUNK_BYTES)
                ]
            )
        )
        finished = await self.assets.FinishUpload(
            asset_service_pb2.FinishUploadRequest(
                name=created.upload.name, sha256=hashlib.sha256(data).hexdigest()
            )
        )
        return finished.asset.name

    async def create(self, request_id: str = "", **spec: object) -> job_pb2.Job:
        script = spec.pop("script", job_pb2.Script(text=str(spec.pop("text", "a bb ccc"))))
        reference = spec.pop("reference", None) or await self.upload(png())
        request = job_service_pb2.CreateJobRequest(
            request_id=request_id,
            spec=job_pb2.JobSpec(
                script=script,  # type: ignore[arg-type]
                reference=str(reference),
                **spec,  # type: ignore[arg-type]
            ),
        )
        return (await self.jobs.CreateJob(request)).job

    async def watch(self, name: str, token: str = "") -> list[job_service_pb2.WatchJobResponse]:
        request = job_service_pb2.WatchJobRequest(name=name, resume_token=token)
        return [event async for event in self.jobs.WatchJob(request)]

    async def finished(self, name: str) -> job_pb2.Job:
        return (await self.watch(name))[-1].finished


# On SQLite it looks each second for messages, of which a gateway sends none; the end of a test
# would wait for that second.
SystemDatabase._notification_listener_polling = lambda _: None  # type: ignore[method-assign]

Start = Callable[..., Awaitable[Running]]
T = TypeVar("T")


def png(colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


def wav() -> bytes:
    return wav_bytes(np.full(48_000, 1000, np.int16))


@asynccontextmanager
async def gateways(folder: Path) -> AsyncIterator[Start]:
    """Give a function that starts gateways over a folder; all of them stop at the end."""
    running: list[Running] = []
    stack = AsyncExitStack()

    async def starting(
        stages: FakeStages | None = None,
        *,
        voice_stages: VoiceStages | None = None,
        catalogue: Catalogue | None = None,
        **settings: object,
    ) -> Running:
        stages = stages or FakeStages()
        voice_stages = voice_stages or FakeVoiceStages()
        given = GatewaySettings(
            data_dir=folder / "gateway",
            store_url=str(folder / "store"),
            **({"listen": "127.0.0.1:0", "http_listen": ""} | settings),  # type: ignore[arg-type]
        )
        premade.fill(given.database)
        gateway = wire(
            given,
            stages,
            catalogue or Catalogue(engines, _voices, compositor),
            voice_stages=voice_stages,
            channels={},
            list_workers=_workers,  # type: ignore[arg-type]
        )
        stages.store = gateway.store
        if isinstance(voice_stages, FakeVoiceStages):
            voice_stages.store = gateway.store
        http = ""
        if given.http_listen:
            facade = await stack.enter_async_context(Facade(given, gateway.server, SERVICES))
            http = facade.address
        await gateway.server.start()
        await gateway.open()
        await gateway.server.serving()
        running.append(Running(gateway, stages, connect(gateway.server.address), http=http))
        return running[-1]

    try:
        yield starting
    finally:
        for one in running:
            await one.channel.close()
            await one.gateway.server.stop(0)
            await _stop_working(one.gateway)
        await stack.aclose()
        await _end_threads()
        for one in running:
            one.gateway.close()


async def _end_threads() -> None:
    """End DBOS, which had made its own threads the event loop's, and wait for them.

    A thread that still reads would open a connection of a database that is closed already.
    """
    loop = asyncio.get_running_loop()
    threads = getattr(loop, "_default_executor", None)
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
    loop.set_default_executor(ThreadPoolExecutor())
    if threads is not None:
        await asyncio.to_thread(getattr(threads, "executor", threads).shutdown)


async def _stop_working(gateway: Gateway) -> None:
    """Break off what is at work, as the end of the event loop does."""
    gateway.studio.close()
    runs = list(gateway.studio._running.values())
    for run in runs:
        run.task.cancel()
    for run in runs:
        await run.ended.wait()


class Gate:
    """Holds a function that works in a thread until `opened` is set."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def around(self, work: Callable[..., T], *, before: bool) -> Callable[..., T]:
        """Return the function, held before or after it has done its work."""

        def held(*args: object, **kwargs: object) -> T:
            if before:
                self._wait()
                return work(*args, **kwargs)
            done = work(*args, **kwargs)
            self._wait()
            return done

        return held

    def _wait(self) -> None:
        self._loop.call_soon_threadsafe(self.reached.set)
        asyncio.run_coroutine_threadsafe(self.opened.wait(), self._loop).result()


def rows(server: Running, table: str, column: str, value: str) -> int:
    query = sa.text(f"SELECT count(*) FROM {table} WHERE {column} = :value")
    with server.gateway.database.connect() as connection:
        return int(connection.execute(query, {"value": value}).scalar_one())


async def rest(call: grpc.aio.Call) -> list[object]:
    """Read a stream to its end; grpc.aio does not let `read` and iteration mix."""
    messages = []
    while (message := await call.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]
        messages.append(message)
    return messages


async def failure(call: object) -> S2VError:
    with pytest.raises(grpc.RpcError) as caught:
        await call  # type: ignore[misc]
    return from_rpc_error(caught.value)


def generate_requests(
    reference: bytes, *, text: tuple[str, ...] = ("a ", "bb"), **config: object
) -> list[generation_service_pb2.GenerateRequest]:
    request = generation_service_pb2.GenerateRequest
    half = len(reference) // 2
    return [
        request(config=generation_service_pb2.GenerateConfig(**config)),  # type: ignore[arg-type]
        *(request(text_chunk=chunk) for chunk in text),
        request(reference_chunk=reference[:half]),
        request(reference_chunk=reference[half:]),
    ]
