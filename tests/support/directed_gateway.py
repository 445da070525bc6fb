"""A gateway as a process whose work is faked, piece by piece as a director in the test has it."""

import asyncio
import json
import os

import structlog

from gateway_world import VOICES, compositor, engines
from s2v.rpc.logs import configure_logs
from s2v.rpc.settings import read_settings
from s2v.testing.fakes_stages import FakeStages, FakeVoiceStages
from s2v_gateway.film.offers import VoiceCatalogue
from s2v_gateway.main import serve
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.records.lock import DatabaseLock
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.wiring import Gateway, wire

DIRECTOR = "DIRECTOR_OF_TEST"


class DirectedStages(FakeStages):
    """Begins a piece of work by asking the director, who answers when it may go on."""

    async def _do(self, name: str) -> None:
        job_id = structlog.contextvars.get_contextvars().get("job_id", "")
        reader, writer = await asyncio.open_unix_connection(os.environ[DIRECTOR])
        writer.write(json.dumps([os.getpid(), job_id, name]).encode() + b"\n")
        await reader.readline()
        writer.close()


async def voices() -> VoiceCatalogue:
    return VOICES


async def workers() -> list[object]:
    return []


def wire_up(settings: GatewaySettings, lock: DatabaseLock | None) -> Gateway:
    stages, voice_stages = DirectedStages(), FakeVoiceStages()
    gateway = wire(
        settings,
        stages,
        Catalogue(engines, voices, compositor),
        voice_stages=voice_stages,
        channels={},
        list_workers=workers,  # type: ignore[arg-type]
        lock=lock,
    )
    stages.store = voice_stages.store = gateway.store
    return gateway


if __name__ == "__main__":
    configure_logs("gateway", "INFO")
    asyncio.run(serve(read_settings(GatewaySettings), wire_up))
