"""A gateway and a tts service that clones, both over real gRPC; films are faked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc

from gateway_world import Running, Start, compositor, engines, gateways
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.core.artifact import Artifact
from s2v.core.job import Order
from s2v.core.ports import Backend
from s2v.core.script import Segment, Speech
from s2v.core.stages import CutScript, Report
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.server import Server
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_stages import FakeStages
from s2v.testing.fakes_tts import FakeBackend, FakeCloner
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages
from s2v_gateway.remote.voices import RemoteVoices
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer
from sounds import SAID, Pcm, speech

CONSENT = pb.VoiceConsent(statement="Anna Lee agreed in writing.", date="2026-11-01")


def recording(pcm: Pcm | None = None) -> bytes:
    return wav_bytes(speech() if pcm is None else pcm)


class SpokenFilms(FakeStages):
    """Films whose script is cut and spoken by a real tts service."""

    def __init__(
        self, channels: Sequence[grpc.aio.Channel], hold: dict[str, asyncio.Event] | None
    ) -> None:
        super().__init__(hold=hold)
        self._real = RemoteStages(*channels, patience=Patience(1.0, 60.0, 0))

    async def cut(self, order: Order, report: Report) -> CutScript:
        self.orders.append(order)
        await self._do("cut")
        return await self._real.cut(order, report)

    async def speak(
        self, order: Order, segment: Segment, decoded_audio: Artifact | None, report: Report
    ) -> Speech:
        await self._do(f"speak-{segment.index}")
        return await self._real.speak(order, segment, decoded_audio, report)


@dataclass
class VoiceWorld:
    """A gateway and a tts service that run, what the latter speaks with, and what films ask for."""

    start: Start
    cloner: FakeCloner
    stages: "SpokenFilms"
    channel: grpc.aio.Channel
    server: Running

    async def create(
        self, name: str = "anna", *, server: Running | None = None, **fields: object
    ) -> pb.Voice:
        """Make a voice of a recording, or of an asset that is given."""
        one = server or self.server
        asset = fields.pop("asset", None) or await one.upload(recording(), "audio/wav")
        request = {name: fields.pop(name) for name in REQUEST & fields.keys()}
        voice = pb.Voice(
            **{  # type: ignore[arg-type]
                "name": f"voices/{name}",
                "language": "en-US",
                "transcript": SAID,
                "consent": CONSENT,
                **fields,
            }
        )
        call = one.voices.CreateVoice(pb.CreateVoiceRequest(voice=voice, asset=asset, **request))
        return (await call).voice

    def stored(self) -> list[str]:
        """Return the digests of what is in the store."""
        folder = Path(self.server.gateway.store._root)
        return [path.name for path in folder.glob("sha256/*/*")]


REQUEST = {"request_id", "start_seconds", "end_seconds"}


@asynccontextmanager
async def speaking(
    folder: Path,
    backend: Backend,
    *,
    hold: dict[str, asyncio.Event] | None = None,
    **settings: object,
) -> AsyncIterator[VoiceWorld]:
    """Run both services over a folder; `who` makes the calls is told apart."""
    servicer = SpeechServicer(
        Backends({"fake": backend}),
        Listener(FakeBackend(), words=None, sounds=None),
        FsspecStore(str(folder / "store")),
        given=GivenSounds(Reader(), folder / "tts"),
        speaking=Places(2, 8),
        cutting=Places(2, 8),
    )
    tts = Server("127.0.0.1:0", ["s2v.api.tts.v1.SpeechService"])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, tts.grpc)
    await tts.start()
    await tts.serving()
    channel = connect(tts.address)
    try:
        async with gateways(folder) as start:
            stages = SpokenFilms([channel] * 3, hold)
            starting = partial(
                start,
                stages,
                voice_stages=RemoteVoices(channel, stall_seconds=60.0),
                catalogue=Catalogue(engines, stages._real.list_voices, compositor),
                **({"access": "closed"} | settings),
            )
            server = (await starting()).acting("red/ann")
            yield VoiceWorld(starting, backend, stages, channel, server)  # type: ignore[arg-type]
    finally:
        await channel.close()
        await tts.stop(0)
