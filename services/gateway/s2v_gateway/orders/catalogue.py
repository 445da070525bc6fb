"""Which engines and voices there are, as the services told."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v_gateway.film.offers import EngineCatalogue, EngineOffer, VoiceOffer

OfferT = TypeVar("OfferT", EngineOffer, VoiceOffer)


class Catalogue:
    """Engines and voices as they are now, or as they were when their services last answered."""

    def __init__(
        self,
        list_engines: Callable[[], Awaitable[EngineCatalogue]],
        list_voices: Callable[[], Awaitable[Sequence[VoiceOffer]]],
    ) -> None:
        self._list_engines = list_engines
        self._list_voices = list_voices
        self._engines = EngineCatalogue()
        self._voices: Sequence[VoiceOffer] = ()

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
        try:
            self._voices = await self._list_voices()
        except Unavailable:
            if not self._voices:
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

    async def voice(self, name: str) -> VoiceOffer:
        """Return the voice of that name, or the default one for an empty name.

        Raises:
            InvalidInput: VOICE_UNKNOWN.
            Unavailable: the tts service never answered.
        """
        found = _find(await self.voices(), name)
        if found is None:
            names = ", ".join(v.name for v in self._voices)
            raise InvalidInput(
                Reason.VOICE_UNKNOWN, f"no voice {name!r}; there are: {names}", field="spec.voice"
            )
        return found


def _find(offers: Sequence[OfferT], name: str) -> OfferT | None:
    return next((offer for offer in offers if name in ("", offer.name)), None)
