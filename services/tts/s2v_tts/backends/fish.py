"""Fish-Speech's own server: POST /v1/tts, with samples in the request or kept by the server."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgpack

from s2v_tts.backends.http.calling import SpeechCall
from s2v_tts.backends.http.samples import VoiceSample, sample_of
from s2v_tts.backends.http.voices_file import (
    HttpVoice,
    LentVoice,
    VoicesFile,
    bad_file,
    check_options,
)

_OURS = frozenset(("text", "format", "streaming", "use_memory_cache", "reference_id", "references"))
_SEED = 1
"""With a seed the same text sounds the same."""


class Fish:
    """Asks Fish-Speech.

    A stream of its has no header, whatever it is called: bare samples at 44.1 kHz. An id that it
    does not know makes it speak with any voice, so its list is asked first.

    Raises:
        InvalidInput: the voices file does not give each voice a sample or a reference.
    """

    health_path = "/v1/health"
    bare_rate = 44_100
    clones = True

    def __init__(self, file: VoicesFile) -> None:
        self._streaming = file.streaming
        self._packed = file.encoding == "msgpack"
        check_options(file.voices, _OURS)
        for voice in file.voices:
            if bool(voice.sample) == bool(voice.reference):
                raise bad_file(
                    f"voice {voice.name}: give either `sample`, a recording, or `reference`, the "
                    "id of one that the server has; without, every sentence has another voice"
                )

    @asynccontextmanager
    async def asking(
        self, call: SpeechCall, text: str, voice: HttpVoice
    ) -> AsyncIterator[httpx2.Response]:
        """See `Dialect.asking`."""
        if voice.reference:
            await _require_known(call, voice.reference)
        request = {
            "seed": _SEED,
            **voice.options,
            "text": text,
            "format": "wav",
            "streaming": self._streaming,
            "use_memory_cache": "off" if isinstance(voice, LentVoice) else "on",
            "reference_id": voice.reference or None,
        }
        sample = sample_of(voice) if voice.sample else None
        headers, content = self._spelt(request, sample)
        async with call.opened("/v1/tts", headers=headers, content=content) as answer:
            yield answer

    def _spelt(
        self, request: Mapping[str, Any], sample: VoiceSample | None
    ) -> tuple[dict[str, str], bytes]:
        if self._packed:
            audio: Any = sample and sample.audio
            kind, spell = "application/msgpack", msgpack.packb
        else:
            audio = sample and base64.b64encode(sample.audio).decode()
            kind, spell = "application/json", _json_bytes
        references = [{"audio": audio, "text": sample.transcript}] if sample else []
        return {"Content-Type": kind}, spell({**request, "references": references})


async def _require_known(call: SpeechCall, reference: str) -> None:
    status, answer = await call.asked("GET", "/v1/references/list?format=json")
    if status >= 500:
        raise call.failed(f"failed ({status})")
    known = answer.get("reference_ids") if isinstance(answer, dict) else None
    if status != 200 or not isinstance(known, list):
        raise call.unusable(
            "cannot tell which references it has and would speak with any voice; give the voice a "
            "`sample` in the voices file instead"
        )
    if reference not in known:
        raise call.unusable(
            f'has no reference "{reference}" and would speak with any voice; add it to the server, '
            "or give the voice a `sample` in the voices file"
        )


def _json_bytes(value: object) -> bytes:
    return json.dumps(value).encode()
