"""Which engines, voices and finishes there are, as the services told."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.text.languages import check_language, primary, speakers_of, voices_for
from s2v_gateway.film.offers import (
    BackendOffer,
    EngineCatalogue,
    EngineOffer,
    FinishOffer,
    VoiceCatalogue,
    VoiceOffer,
)

OfferT = TypeVar("OfferT", EngineOffer, VoiceOffer)


class Catalogue:
    """What there is now, or was when the services last answered."""

    def __init__(
        self,
        list_engines: Callable[[], Awaitable[EngineCatalogue]],
        list_voices: Callable[[], Awaitable[VoiceCatalogue]],
        ask_compositor: Callable[[], Awaitable[FinishOffer]],
    ) -> None:
        self._list_engines = list_engines
        self._list_voices = list_voices
        self._ask_compositor = ask_compositor
        self._engines = EngineCatalogue()
        self._voices = VoiceCatalogue()
        self._finishes: FinishOffer | None = None

    async def engines(self) -> Sequence[EngineOffer]:
        """Return every engine, the default one first.

        Raises:
            Unavailable: the render service never answered.
        """
        try:
            self._engines = await self._list_engines()
        except Unavailable:
            if not self._engines.offers:
                raise
        return self._engines.offers

    async def voices(self) -> Sequence[VoiceOffer]:
        """Return every voice, the default one first.

        Raises:
            Unavailable: the tts service never answered.
        """
        return (await self._spoken()).offers

    async def backends(self) -> Sequence[BackendOffer]:
        """Return every backend, the one of the default voice first.

        Raises:
            Unavailable: the tts service never answered.
        """
        return (await self._spoken()).backends

    async def finishes(self) -> FinishOffer:
        """Return what the compositor can do.

        Raises:
            Unavailable: the compositor never answered.
        """
        try:
            self._finishes = await self._ask_compositor()
        except Unavailable:
            if self._finishes is None:
                raise
        return self._finishes

    async def _spoken(self) -> VoiceCatalogue:
        try:
            self._voices = await self._list_voices()
        except Unavailable:
            if not self._voices.offers:
                raise
        return self._voices

    async def engine(self, name: str) -> EngineOffer:
        """Return the engine of that name, or the default one for an empty name.

        Raises:
            InvalidInput: ENGINE_UNKNOWN.
            Unavailable: the render service never answered.
        """
        found = _find(await self.engines(), name)
        if found is None:
            raise self._unknown_engine(name)
        return found

    def _unknown_engine(self, name: str) -> InvalidInput:
        names = ", ".join(offer.name for offer in self._engines.offers)
        withheld = self._engines.withheld
        remedy = f"; {withheld[name]}" if name in withheld else ""
        return InvalidInput(
            Reason.ENGINE_UNKNOWN,
            f"no engine {name!r}; there are: {names}{remedy}",
            field="spec.engine",
        )

    async def voice(
        self, name: str, *, language: str = "", text: str = "", beside: Iterable[str] = ()
    ) -> VoiceOffer:
        """Return the voice of that name.

        For an empty name the first one that speaks the language; where that is empty, too, the one
        that the text is surely written in, if a voice speaks it, or else the default voice's.

        `beside` has the names of voices that are none of the tts service's.

        Raises:
            InvalidInput: VOICE_UNKNOWN, or no language, or one that the named voice does not speak.
            Unavailable: the tts service never answered.
        """
        if language:
            check_language(language, field="spec.language")
        voices = await self.voices()
        if not name:
            fitting = speakers_of(voices, language) if language else voices_for(voices, text)
            if not fitting:
                raise _no_speaker(language, voices)
            return fitting[0]
        found = _find(voices, name)
        if found is None:
            names = ", ".join([*(v.name for v in self._voices.offers), *beside])
            raise InvalidInput(
                Reason.VOICE_UNKNOWN, f"no voice {name!r}; there are: {names}", field="spec.voice"
            )
        require_language(language, name, found.language)
        return found


def require_language(language: str, voice: str, spoken: str) -> None:
    """Refuse a language, if one is asked for, that a voice does not speak.

    Raises:
        InvalidInput: it speaks another one (FIELD_INVALID).
    """
    if language and primary(language) != primary(spoken):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"voice {voice} speaks {spoken}, not {language}; leave one of them out",
            field="spec.language",
        )


def _no_speaker(language: str, voices: Sequence[VoiceOffer]) -> InvalidInput:
    spoken = ", ".join(dict.fromkeys(voice.language for voice in voices))
    return InvalidInput(
        Reason.VOICE_UNKNOWN,
        f"no voice speaks {language}; there are voices of: {spoken}; docs/voices.md tells how to "
        "add others",
        field="spec.language",
    )


def _find(offers: Sequence[OfferT], name: str) -> OfferT | None:
    return next((offer for offer in offers if name in ("", offer.name)), None)
