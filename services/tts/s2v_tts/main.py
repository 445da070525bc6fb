"""Start the tts service: python -m s2v_tts.main."""

import asyncio
import os
import sys
from dataclasses import replace

import structlog

from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.media.confined.reading import DECODING, Reader
from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.store.artifacts import FsspecStore
from s2v_tts.backends import REGISTRY
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer
from s2v_tts.settings import TtsSettings

_log = structlog.get_logger()


async def serve(settings: TtsSettings) -> None:
    """Wire everything together and serve until a signal comes."""
    backend = REGISTRY.load(settings.backend)()
    server = Server(
        settings.listen,
        ["s2v.api.tts.v1.SpeechService"],
        reflection_enabled=settings.reflection,
        limits=settings.call_limits,
    )
    servicer = SpeechServicer(
        backend,
        Listener.installed(backend),
        FsspecStore(settings.store_url),
        backend_name=settings.backend,
        given=_given(settings),
        speaking=Places(settings.max_speaking, settings.max_waiting, when_stuck=_end),
        cutting=Places(settings.max_cutting, settings.max_waiting, when_stuck=_end),
    )
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.run(
        warm=lambda: asyncio.to_thread(backend.warm),
        grace_seconds=settings.shutdown_grace_seconds,
    )


def _given(settings: TtsSettings) -> GivenSounds:
    decoding = replace(
        DECODING,
        memory_bytes=settings.decode_memory_bytes,
        cpu_seconds=settings.decode_seconds,
        seconds=1.5 * settings.decode_seconds,
    )
    return GivenSounds(Reader(decoding=decoding), settings.data_dir)


def _end() -> None:
    """End at once, for whoever started this to start it again: a thread cannot be ended."""
    _log.error("work that was given up does not end; leaving")
    sys.stdout.flush()
    os._exit(1)


def main() -> None:
    """Run the tts service."""
    settings = read_settings(TtsSettings)
    configure_logs("tts", settings.log_level)
    if settings.backend not in REGISTRY.names:
        sys.exit(
            f"bad setting S2V_TTS_BACKEND: no backend {settings.backend!r}; "
            f"there are: {', '.join(REGISTRY.names)}"
        )
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
