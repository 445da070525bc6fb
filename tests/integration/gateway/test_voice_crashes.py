"""A gateway that dies while it makes a voice leaves nothing; PostgreSQL keeps the order."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.client import AsyncClient
from s2v.core.artifact import Artifact
from s2v.core.stages import KeptSample
from s2v.core.voice import Consent
from s2v.media.confined.reading import Reader
from s2v.rpc.interceptor import Context
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_stages import FAKE_SAMPLE
from s2v.testing.fakes_tts import FakeCloner
from s2v_gateway.access.callers import LOCAL
from s2v_gateway.records.assets import AssetRecords
from s2v_gateway.records.database import open_database
from s2v_gateway.records.migrating import migrate
from s2v_gateway.records.voice_rows import NewVoice, require_voice
from s2v_gateway.records.voices import VoiceRecords
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer
from voice_world import CONSENT, recording


class Halting(SpeechServicer):
    """Takes samples and then holds the answer back."""

    def __init__(self, folder: Path) -> None:
        backend = FakeCloner()
        super().__init__(
            Backends({"fake": backend}),
            Listener(backend, words=None, sounds=None),
            FsspecStore(str(folder / "store")),
            given=GivenSounds(Reader(), folder / "tts"),
            speaking=Places(1, 4),
            cutting=Places(1, 4),
        )
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.before = False

    async def TakeSample(
        self, request: speech_service_pb2.TakeSampleRequest, context: Context
    ) -> speech_service_pb2.TakeSampleResponse:
        if self.before:
            await self._halt()
        response = await super().TakeSample(request, context)
        if not self.before:
            await self._halt()
        return response

    async def _halt(self) -> None:
        self.reached.set()
        await self.go_on.wait()


@asynccontextmanager
async def gateway(folder: Path, tts: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a gateway as a process of its own, at a socket in the folder."""
    settings = {
        "LISTEN": f"unix:{folder}/g.sock",
        "HTTP_LISTEN": "",
        "DATA_DIR": str(folder / "gateway"),
        "STORE_URL": str(folder / "store"),
        "TTS_ADDRESS": tts,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "s2v_gateway.main"),
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path)}
        | {f"S2V_GATEWAY_{name}": value for name, value in settings.items()},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_gateway_that_dies_while_a_sample_is_taken_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, before: bool
) -> None:
    folder = tmp_path_factory.mktemp("v")
    servicer = Halting(folder)
    servicer.before = before
    tts = Server("127.0.0.1:0", ["s2v.api.tts.v1.SpeechService"])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, tts.grpc)
    await tts.start()
    await tts.serving()
    voice = pb.Voice(name="voices/anna", language="en-US", consent=CONSENT)
    async with AsyncClient(f"unix:{folder}/g.sock") as client:
        async with gateway(folder, tts.address) as process:
            asset = await client.upload(recording())
            creating = asyncio.create_task(client.create_voice(voice, asset.name))
            await servicer.reached.wait()
            process.kill()
            await process.wait()
        servicer.go_on.set()
        creating.cancel()
        await asyncio.wait({creating})
        async with gateway(folder, tts.address):
            listed = await client.voices()
            assert all(voice.built_in for voice in listed)
            _sweep(folder)
            assert _stored(folder) == {asset.sha256}
            made = await client.create_voice(voice, asset.name)
            assert made.name == "voices/anna"
            await client.delete_voice("voices/anna")
            assert _stored(folder) == {asset.sha256}
    await tts.stop(0)


def _sweep(folder: Path) -> None:
    engine = open_database(f"sqlite:///{folder}/gateway/gateway.db")
    needed = AssetRecords(engine, lambda: datetime.now(UTC)).needed
    FsspecStore(str(folder / "store")).sweep(needed, older_than_seconds=0)
    engine.dispose()


def _stored(folder: Path) -> set[str]:
    return {path.name for path in (folder / "store").glob("sha256/*/*")}


def test_a_voice_that_a_job_is_about_to_speak_with_is_deleted_after_it_has_begun(
    postgres_url: str,
) -> None:
    engine = open_database(postgres_url)
    migrate(engine)
    records = VoiceRecords(engine, max_voices=9)
    asked = NewVoice("anna", "en", "", "", "", Consent("She agreed.", date(2026, 11, 1)), "", 0, 0)
    kept = KeptSample(Artifact("a" * 64, 9, "audio/wav"), FAKE_SAMPLE)
    voice = records.add(LOCAL, asked, kept, backend="fake", notices=(), request_id="")
    with ThreadPoolExecutor(1) as threads:
        with engine.begin() as beginning:
            require_voice(beginning, voice.sampled, "anna")
            deleting = threads.submit(records.delete, LOCAL, "anna")
            while not (waits := _somebody_waits(engine)) and not deleting.done():
                pass
            assert waits
        assert deleting.result().sha256 == "a" * 64
    engine.dispose()


def _somebody_waits(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(connection.execute(query).scalar_one())
