"""Start the tts service: python -m s2v_tts.main."""

import asyncio
import os
import sys
from dataclasses import fields, replace
from functools import partial
from typing import Any

import structlog

from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.core.errors import InvalidInput
from s2v.core.ports import Backend
from s2v.core.script import LipCues
from s2v.media.confined.reading import DECODING, Reader
from s2v.rpc.logs import configure_logs
from s2v.rpc.metrics import CALLS_INSIDE
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.rpc.tracing import configure_tracing
from s2v.rpc.trust import admit_by_token
from s2v.store.artifacts import FsspecStore
from s2v.text.normal.normalising import normalise
from s2v_tts.backends import DIALECTS, REGISTRY
from s2v_tts.backends.http.building import http_backend
from s2v_tts.backends.http.calling import HttpLimits
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.memory import give_back
from s2v_tts.places import Places
from s2v_tts.samples.judging import SampleLimits
from s2v_tts.servicer import SpeechServicer
from s2v_tts.settings import TtsSettings
from s2v_tts.wording import WordingBackend

_log = structlog.get_logger()


async def serve(settings: TtsSettings) -> None:
    """Wire everything together and serve until a signal comes."""
    backends = Backends({name: _backend(name, settings) for name in settings.backends})
    server = Server(
        settings.listen,
        ["s2v.api.tts.v1.SpeechService"],
        reflection_enabled=settings.reflection,
        admit=admit_by_token(settings.internal_token),
        limits=settings.call_limits,
        log_level=settings.log_level,
        metrics_listen=settings.metrics_listen,
        introduces_itself=True,
    )
    rooms = {
        "speaking": Places(settings.max_speaking, settings.max_waiting, when_stuck=_end),
        "cutting": Places(settings.max_cutting, settings.max_waiting, when_stuck=_end),
    }
    for name, places in rooms.items():
        CALLS_INSIDE.labels(name).set_function(partial(getattr, places, "inside"))
    servicer = SpeechServicer(
        backends,
        Listener.installed(WordingBackend(_telling(backends.first))),
        FsspecStore(settings.store_url),
        given=_given(settings),
        **rooms,
        sampling=SampleLimits(
            min_seconds=settings.sample_min_seconds,
            max_seconds=settings.sample_max_seconds,
            max_source_seconds=settings.sample_max_source_seconds,
        ),
    )
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.run(
        warm=lambda: asyncio.to_thread(_warm, backends),
        grace_seconds=settings.shutdown_grace_seconds,
    )


def _backend(name: str, settings: TtsSettings) -> Any:
    if name in DIALECTS.names:
        limits = HttpLimits(
            **{field.name: getattr(settings, f"http_{field.name}") for field in fields(HttpLimits)}
        )
        return http_backend(name, settings.voices_file, limits)
    kind = REGISTRY.load(name)
    return kind(settings.piper_voices) if name == "piper" else kind()


def _warm(backends: Backends) -> None:
    """Load what the first text would wait for: voices, and the patterns that texts are read by."""
    normalise("")
    backends.warm()


def _telling(backend: Backend) -> Backend:
    """Return a backend that tells when it makes which sound: others are compared with it."""
    if backend.cues is LipCues.PHONEMES:
        return backend
    telling: Backend = REGISTRY.load("embedded")()
    return telling


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
    give_back()
    settings = read_settings(TtsSettings)
    configure_logs("tts", settings.log_level)
    configure_tracing("tts")
    try:
        asyncio.run(serve(settings))
    except InvalidInput as error:
        sys.exit(f"bad setting {error.field}: {error.message}")


if __name__ == "__main__":
    main()
