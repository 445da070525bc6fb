"""Servers that speak as OpenAI's does: POST /v1/audio/speech."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from s2v_tts.backends.http.calling import SpeechCall
from s2v_tts.backends.http.voices_file import HttpVoice, VoicesFile, bad_file, check_options

_OURS = frozenset(("model", "input", "voice", "response_format", "stream_format"))


class OpenAi:
    """Asks OpenAI's server, or one of the many that speak as it does.

    Some of those take any voice for one that they do not know; where they list theirs, the list is
    asked first.

    Raises:
        InvalidInput: the voices file gives a voice a sample, which there is no way to send.
    """

    health_path = "/v1/models"
    clones = False

    def __init__(self, file: VoicesFile) -> None:
        self._list = file.voice_list
        self._format = file.format
        self.bare_rate = file.pcm_rate if file.format == "pcm" else None
        check_options(file.voices, _OURS)
        for voice in file.voices:
            if voice.sample or voice.transcript:
                raise bad_file(
                    f"voice {voice.name}: `sample` and `transcript` cannot be sent to such a "
                    "server; name one of its voices as `reference`"
                )

    @asynccontextmanager
    async def asking(
        self, call: SpeechCall, text: str, voice: HttpVoice
    ) -> AsyncIterator[httpx2.Response]:
        """See `Dialect.asking`."""
        name = voice.reference or voice.name
        if self._list:
            await _require_known(call, self._list, name)
        request = {
            **voice.options,
            "model": voice.model,
            "input": text,
            "voice": name,
            "response_format": self._format,
        }
        content = json.dumps(request).encode()
        headers = {"Content-Type": "application/json"}
        async with call.opened("/v1/audio/speech", headers=headers, content=content) as answer:
            yield answer


async def _require_known(call: SpeechCall, path: str, name: str) -> None:
    status, answer = await call.asked("GET", path)
    if status >= 500:
        raise call.failed(f"failed ({status})")
    known = _names(answer)
    if status != 200 or known is None:
        raise call.unusable(
            "has no list of voices where the voices file says; correct `voice_list` in it, or "
            "leave that out"
        )
    if name not in known:
        raise call.unusable(f'has no voice "{name}"; give one of its own as `reference`')


def _names(answer: Any) -> set[str] | None:
    """Return the names in a list of voices, in the ways such servers spell one."""
    if isinstance(answer, dict):
        answer = answer.get("voices", answer.get("data"))
    if not isinstance(answer, list):
        return None
    voices = [voice if isinstance(voice, dict) else {"id": voice} for voice in answer]
    return {
        str(voice[key]) for voice in voices for key in ("id", "voice_id", "name") if key in voice
    }
