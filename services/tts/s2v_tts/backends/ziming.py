"""HeyGem's text-to-speech container (fish-speech-ziming): POST /v1/invoke, and what goes before."""

import hashlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from s2v.core.errors import NotReady, Reason
from s2v.text.languages import primary
from s2v_tts.backends.http.calling import SpeechCall
from s2v_tts.backends.http.samples import sample_of
from s2v_tts.backends.http.voices_file import (
    HttpVoice,
    LentVoice,
    SpeechServer,
    VoicesFile,
    bad_file,
    check_options,
)

_OURS = frozenset(
    (
        "speaker",
        "text",
        "format",
        "need_asr",
        "streaming",
        "is_norm",
        "reference_audio",
        "reference_text",
    )
)
_INSIDE = "/code/data/"
"""Where `data_dir` is in the container."""
_FOLDER = "s2v"


@dataclass(frozen=True, slots=True)
class _KnownSample:
    """What the container calls a sample and what is said in it, in its own words."""

    audio: str
    text: str


class Ziming:
    """Asks the container.

    It reads samples from its own folder, so ours are put there. What is said in one is recognised
    by another container where the voices file does not tell; what that answers is passed on
    untouched. Its normaliser puts commas for every script but two, so it is left out.

    Raises:
        InvalidInput: the voices file lacks what a voice or a server needs.
    """

    health_path = "/v1/health"
    bare_rate = None

    def __init__(self, file: VoicesFile) -> None:
        self._prepared: dict[tuple[str, str], _KnownSample] = {}
        self.clones = all(server.data_dir for server in file.servers)
        check_options(file.voices, _OURS)
        for voice in file.voices:
            if bool(voice.sample) == bool(voice.reference):
                raise bad_file(
                    f"voice {voice.name}: give either `sample`, a WAV file, or `reference`, the "
                    f"path of one in the container, such as {_INSIDE}reference/anna.wav"
                )
            if voice.sample and not all(server.data_dir for server in file.servers):
                raise bad_file(
                    f"voice {voice.name}: a `sample` needs `data_dir` at every server, the folder "
                    f"of this machine that is {_INSIDE} in the container"
                )

    @asynccontextmanager
    async def asking(
        self, call: SpeechCall, text: str, voice: HttpVoice
    ) -> AsyncIterator[httpx2.Response]:
        """See `Dialect.asking`."""
        with _placed(voice, call.server) as path:
            known = await self._as_known(call, voice, path)
            async with self._opened(call, text, voice, known) as answer:
                yield answer

    @asynccontextmanager
    async def _opened(
        self, call: SpeechCall, text: str, voice: HttpVoice, known: _KnownSample
    ) -> AsyncIterator[httpx2.Response]:
        request = {
            "topP": 0.7,
            "max_new_tokens": 1024,
            "chunk_length": 100,
            "repetition_penalty": 1.2,
            "temperature": 0.7,
            "is_fixed_seed": 1,
            **voice.options,
            "speaker": str(uuid.uuid4()),
            "text": text,
            "format": "wav",
            "need_asr": False,
            "streaming": False,
            "is_norm": 0,
            "reference_audio": known.audio,
            "reference_text": known.text,
        }
        content = json.dumps(request).encode()
        headers = {"Content-Type": "application/json"}
        async with call.opened("/v1/invoke", headers=headers, content=content) as answer:
            yield answer

    async def _as_known(self, call: SpeechCall, voice: HttpVoice, path: str) -> _KnownSample:
        if voice.transcript:
            return _KnownSample(path, voice.transcript)
        if isinstance(voice, LentVoice):
            raise _unusable(
                "Without a transcript of its sample the speech server would keep a copy of it; "
                "give the voice its transcript."
            )
        key = (call.server.name, path)
        if key not in self._prepared:
            self._prepared[key] = await _prepared(call, voice, path)
        return self._prepared[key]


async def _prepared(call: SpeechCall, voice: HttpVoice, path: str) -> _KnownSample:
    request = {
        "format": "wav",
        "reference_audio": path.removeprefix(_INSIDE),
        "lang": primary(voice.language),
    }
    status, answer = await call.asked("POST", "/v1/preprocess_and_tran", request)
    said = answer if isinstance(answer, dict) else {}
    audio, text = said.get("asr_format_audio_url"), said.get("reference_audio_text")
    if status != 200 or said.get("code") != 0 or not audio or not text:
        raise call.failed(
            f'cannot find out what is said in the sample of the voice "{voice.name}": give its '
            "`transcript` in the voices file, or start the container for speech recognition",
            detail=f"{status} {said}",
        )
    return _KnownSample(audio, text)


@contextmanager
def _placed(voice: HttpVoice, server: SpeechServer) -> Iterator[str]:
    """Put a voice's sample where the container reads it, if it has one; give its path in there.

    A sample of the voices file stays there. One that is lent goes when the context is left.

    Raises:
        NotReady: it cannot be put there, or is no WAV (VOICE_UNUSABLE).
    """
    if voice.reference:
        yield voice.reference
        return
    assert server.data_dir
    audio = sample_of(voice).audio
    if audio[:4] != b"RIFF":
        raise _unusable(f'The sample of the voice "{voice.name}" is no WAV file; make it one.')
    lent = isinstance(voice, LentVoice)
    name = f"lent-{uuid.uuid4().hex}.wav" if lent else f"{hashlib.sha256(audio).hexdigest()}.wav"
    path = server.data_dir / _FOLDER / name
    try:
        try:
            _write_once(path, audio)
        except OSError as error:
            raise _unusable(
                f'The sample of the voice "{voice.name}" cannot be put into the data_dir of the '
                f'speech server "{server.name}" ({error.strerror}); let the tts service write '
                "there."
            ) from error
        yield f"{_INSIDE}{_FOLDER}/{name}"
    finally:
        if lent:
            path.unlink(missing_ok=True)


def _write_once(path: Path, data: bytes) -> None:
    if path.is_file() and path.stat().st_size == len(data):
        return
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{uuid.uuid4().hex}")
    try:
        partial.write_bytes(data)
        partial.chmod(0o644)  # the container's user is another one
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _unusable(message: str) -> NotReady:
    return NotReady(Reason.VOICE_UNUSABLE, message, field="spec.voice")
