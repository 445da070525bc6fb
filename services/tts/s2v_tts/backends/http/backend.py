"""A voice backend over speech servers of one kind."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

import httpx2
import numpy as np
import structlog

from s2v.core.errors import InvalidInput, NotReady, Reason, S2VError, Unavailable
from s2v.core.ports import Utterance, Voice, VoiceRecording
from s2v.core.script import LipCues
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.media.pcm import Pcm
from s2v.text.segmentation import cut_text, is_speakable
from s2v_tts.backends.http.calling import HttpLimits, SpeechCall, calling
from s2v_tts.backends.http.endpoints import Endpoint, in_turn
from s2v_tts.backends.http.voices_file import HttpVoice, LentVoice, SpeechServer
from s2v_tts.backends.http.waiting import taken
from s2v_tts.backends.http.wave import BadSound, SoundStream
from s2v_tts.loudness import audible_range

_log = structlog.get_logger()

_MAX_CHARACTERS = 600
"""Of one request; a segment has about 220."""
_LETTERS_A_SECOND = 45
"""Nobody says more; an answer that claims to is cut short."""
_LEAD_SAMPLES = SAMPLE_RATE // 10
_NOTHING_YET = Utterance(np.zeros(0, np.int16))


class Dialect(Protocol):
    """How servers of one kind are asked."""

    @property
    def health_path(self) -> str:
        """What answers quickly, if anything does."""

    @property
    def clones(self) -> bool:
        """Whether such servers take samples, as they are set up."""

    @property
    def bare_rate(self) -> int | None:
        """Samples a second of sound that comes without a header; None if none may."""

    def asking(
        self, call: SpeechCall, text: str, voice: HttpVoice
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        """Ask for a text to be spoken and give the answer, which is sound.

        Raises:
            Unavailable, NotReady: as `SpeechCall.opened`; or the server has no such voice.
        """


@dataclass(frozen=True, slots=True)
class HttpBackend:
    """Speaks by servers that are asked over HTTP.

    Attributes:
        dialect: how they are asked.
        endpoints: where they are; what one cannot do, the next one does.
        known: the voices.
        limits: in time and memory.
        group: device group whose server is asked first; empty for the idlest.
    """

    dialect: Dialect
    endpoints: Sequence[Endpoint]
    known: Sequence[HttpVoice]
    limits: HttpLimits
    group: str = ""

    @property
    def voices(self) -> Sequence[Voice]:
        """The voices as the voices file names them."""
        return [Voice(voice.name, voice.language, voice.description) for voice in self.known]

    @property
    def cues(self) -> LipCues:
        """Loudness: such servers do not tell when they make which sound."""
        return LipCues.LOUDNESS

    @property
    def clones(self) -> bool:
        """Whether the servers take samples, as they are set up."""
        return self.dialect.clones

    def near(self, group: str) -> "HttpBackend":
        """Return this backend with the server of a device group asked first."""
        return replace(self, group=group)

    def warm(self) -> None:
        """Ask each server how it is, for the log; one that is away may still come."""
        asyncio.run(self._greet_all())

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding sound as soon as the server sends it.

        Raises:
            InvalidInput: the text holds nothing to pronounce (TEXT_EMPTY).
            KeyError: no voice of that name.
            Unavailable: no server does it (SERVICE_UNAVAILABLE, SPEECH_FAILED, STAGE_STALLED).
            NotReady: no server can, as it is set up (VOICE_UNUSABLE).
        """
        yield from self._speak(text, {known.name: known for known in self.known}[voice])

    def speak_like(self, text: str, recording: VoiceRecording) -> Iterator[Utterance]:
        """Speak a text as `speak`, in the voice of a recording."""
        lent = LentVoice(
            name="sample",
            language=recording.language,
            sample=recording.path,
            transcript=recording.transcript,
        )
        yield from self._speak(text, lent)

    def _speak(self, text: str, voice: HttpVoice) -> Iterator[Utterance]:
        pieces = list(_pieces(text))
        if not pieces:
            message = "The text holds nothing that can be pronounced; write at least one word."
            raise InvalidInput(Reason.TEXT_EMPTY, message, field="spec.script.text")
        for piece in pieces:
            yield from self._spoken_somewhere(piece, voice)

    async def _greet_all(self) -> None:
        await asyncio.gather(*(self._greet(endpoint.server) for endpoint in self.endpoints))

    async def _greet(self, server: SpeechServer) -> None:
        short = self.limits.connect_seconds
        limits = replace(self.limits, first_sound_seconds=short, total_seconds=short)
        async with calling(server, limits) as call:
            with suppress(S2VError):  # which has been logged
                status, _ = await call.asked("GET", self.dialect.health_path)
                _log.info("speech server answers", server=server.name, status=status)

    def _spoken_somewhere(self, text: str, voice: HttpVoice) -> Iterator[Utterance]:
        """Speak by the first server that can; one that fails in mid-speech ends it."""
        failures: list[S2VError] = []
        for endpoint in in_turn(self.endpoints, self.group):
            sounded = False
            try:
                for utterance in self._spoken(text, voice, endpoint):
                    sounded = sounded or bool(len(utterance.pcm))
                    yield utterance
                return
            except (Unavailable, NotReady) as error:
                if sounded:
                    raise
                failures.append(error)
        raise next((error for error in failures if isinstance(error, Unavailable)), failures[0])

    def _spoken(self, text: str, voice: HttpVoice, endpoint: Endpoint) -> Iterator[Utterance]:
        with endpoint.call():
            for pcm in taken(lambda: self._sound(text, voice, endpoint)):
                yield _NOTHING_YET if pcm is None else Utterance(pcm)

    async def _sound(self, text: str, voice: HttpVoice, endpoint: Endpoint) -> AsyncGenerator[Pcm]:
        async with (
            calling(endpoint.server, self.limits) as call,
            self.dialect.asking(call, text, voice) as answer,
        ):
            spoken = _AnswerSound(text)
            try:
                async for pcm in _decoded(call.chunks(answer), self.dialect.bare_rate):
                    if len(heard := spoken.heard(pcm)):
                        yield heard
                spoken.end()
            except BadSound as error:
                raise call.failed(str(error)) from error


class _AnswerSound:
    """Passes sound on from its beginning, and tells whether it can be all that was to be said."""

    def __init__(self, text: str) -> None:
        self._letters = sum(map(str.isalnum, text))
        self._silence = np.zeros(0, np.int16)
        self._samples = 0

    def heard(self, pcm: Pcm) -> Pcm:
        """Return what to pass on: nothing of the silence before the first sound but its end."""
        if not self._samples:
            pcm = np.concatenate([self._silence, pcm])
            first, end = audible_range(pcm)
            if first == end:
                self._silence = pcm[-_LEAD_SAMPLES:]
                return pcm[:0]
            pcm = pcm[max(first - _LEAD_SAMPLES, 0) :]
        self._samples += len(pcm)
        return pcm

    def end(self) -> None:
        """Raise BadSound where nothing was heard, or too little for the text."""
        if not self._samples:
            raise BadSound("answered with silence")
        if seconds(self._samples) < self._letters / _LETTERS_A_SECOND:
            raise BadSound(
                f"answered with {seconds(self._samples):.2f} seconds of sound for a text of "
                f"{self._letters} letters"
            )


async def _decoded(chunks: AsyncIterator[bytes], bare_rate: int | None) -> AsyncIterator[Pcm]:
    stream = SoundStream(bare_rate)
    async for chunk in chunks:
        yield stream.feed(chunk)
    yield stream.end()


def _pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces that are asked for one by one, without runs of white space."""
    plain = " ".join(text.split())
    whole = (
        [plain]
        if len(plain) <= _MAX_CHARACTERS
        else cut_text(plain, max_characters=_MAX_CHARACTERS)
    )
    yield from filter(is_speakable, whole)
