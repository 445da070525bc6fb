"""Let a caller hear how a voice sounds; nothing of it is kept."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from s2v.core.artifact import Artifact
from s2v.core.errors import Exhausted, InvalidInput, NotFound, Reason
from s2v.core.job import JobSpec
from s2v.core.lexicon import Lexicon
from s2v.core.ports import Notice, Working
from s2v.core.script import Speech
from s2v.core.stages import Media, VoiceStages
from s2v.store.artifacts import FsspecStore
from s2v.text.languages import primary
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Library
from s2v_gateway.voices.library import Voices
from s2v_gateway.voices.rules import MAX_PREVIEW_CHARACTERS, check_short_text

_PIECE_BYTES = 256 << 10
_RETRY_SECONDS = 1.0
_TRIES = 3
_SENTENCES = {
    "de": "Guten Tag! So klingt diese Stimme, wenn sie etwas vorliest.",
    "en": "Hello! This is how this voice sounds when it reads something out.",
    "es": "¡Hola! Así suena esta voz cuando lee algo en voz alta.",
    "fr": "Bonjour ! Voici comment sonne cette voix quand elle lit à voix haute.",
    "hi": "नमस्ते! यह आवाज़ कुछ पढ़ते समय ऐसी सुनाई देती है।",
    "it": "Ciao! Ecco come suona questa voce quando legge qualcosa.",
    "ja": "こんにちは。この声で読み上げると、このように聞こえます。",
    "ko": "안녕하세요. 이 목소리로 읽으면 이렇게 들립니다.",
    "pt": "Olá! É assim que esta voz soa quando lê alguma coisa.",
    "zh": "你好。这就是这个声音朗读时的样子。",
}
"""What is said where a caller gives no text, by language."""


class Previews:
    """Speaks sentences for callers who want to hear a voice.

    Args:
        voices: that there are.
        stages: speak.
        store: where the sound lies meanwhile.
        library: knows who needs which bytes.
        max_at_once: previews that are made at once.
    """

    def __init__(
        self,
        voices: Voices,
        stages: VoiceStages,
        store: FsspecStore,
        library: Library,
        *,
        max_at_once: int,
    ) -> None:
        self._voices = voices
        self._stages = stages
        self._store = store
        self._library = library
        self._max_at_once = max_at_once
        self._at_work = 0
        self._read: Counter[str] = Counter()

    async def preview(
        self, caller: Caller, name: str, text: str
    ) -> AsyncGenerator[Working | Notice | Media]:
        """Speak a text, or a sentence in the voice's language; yield the bytes of a WAV file.

        Raises:
            NotFound: VOICE_NOT_FOUND.
            InvalidInput: nothing to say, or too much (TEXT_EMPTY, TEXT_TOO_LONG).
            NotReady: CLONING_UNSUPPORTED.
            Exhausted: as many previews are made as may (LIMIT_EXCEEDED), or tts is busy.
            Unavailable: the tts service is away.
        """
        voice = await self._voices.get(caller, name)
        chosen = await self._voices.choose(caller, JobSpec(voice=name))
        said = _checked(text or _sentence(voice.language), chosen.lexicon)
        with self._place():
            for attempt in range(_TRIES):
                speaking = self._stages.speak_once(said, voice=name, sampled=chosen.sampled)
                try:
                    async with aclosing(self._sent(speaking)) as sent:
                        async for item in sent:
                            yield item
                    return
                except NotFound:
                    # Somebody else dropped equal bytes in the moment before they were read.
                    if attempt == _TRIES - 1:
                        raise

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._at_work >= self._max_at_once:
            raise Exhausted(
                Reason.LIMIT_EXCEEDED,
                f"{self._at_work} previews are made already; try again in a moment",
                metadata={"setting": "max_previews", "limit": str(self._max_at_once)},
                retry_after_seconds=_RETRY_SECONDS,
            )
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    async def _sent(
        self, speaking: AsyncGenerator[Working | Notice | Speech]
    ) -> AsyncGenerator[Working | Notice | Media]:
        async with aclosing(speaking) as events:
            async for event in events:
                if not isinstance(event, Speech):
                    yield event
                    continue
                async with aclosing(self._bytes(event.audio)) as pieces:
                    async for piece in pieces:
                        yield piece

    async def _bytes(self, audio: Artifact) -> AsyncGenerator[Media]:
        """Yield an artifact in pieces, and drop it unless somebody else needs it."""
        self._read[audio.sha256] += 1
        try:
            with await asyncio.to_thread(self._store.open, audio) as file:
                offset = 0
                while data := await asyncio.to_thread(file.read, _PIECE_BYTES):
                    yield Media(offset, data)
                    offset += len(data)
        finally:
            self._read[audio.sha256] -= 1
            if not self._read[audio.sha256]:
                del self._read[audio.sha256]
                await asyncio.shield(asyncio.to_thread(self._library.drop_bytes, audio.sha256))


def _checked(text: str, lexicon: Lexicon) -> str:
    check_short_text(
        text,
        what="text",
        field="text",
        max_characters=MAX_PREVIEW_CHARACTERS,
        remedy="write a short sentence",
        lexicon=lexicon,
    )
    return text


def _sentence(language: str) -> str:
    sentence = _SENTENCES.get(primary(language))
    if sentence is None:
        raise InvalidInput(
            Reason.TEXT_EMPTY,
            f"there is no sentence in {language} to preview the voice with; write one as text",
            field="text",
        )
    return sentence
