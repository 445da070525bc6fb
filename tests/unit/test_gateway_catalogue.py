"""The catalogue of engines and voices is as fresh as its services, and outlives them."""

import pytest

from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.core.ports import Continuity
from s2v_gateway.film.offers import (
    EngineCatalogue,
    EngineOffer,
    FinishOffer,
    PresetOffer,
    VoiceCatalogue,
    VoiceOffer,
)
from s2v_gateway.orders.catalogue import Catalogue

AWAY = Unavailable(Reason.SERVICE_UNAVAILABLE, "away")


def engine(name: str) -> EngineOffer:
    preset = PresetOffer("standard", "")
    return EngineOffer(name, "", Continuity.INDEPENDENT, (25,), 64, 1920, ("image/png",), (preset,))


class Services:
    """What the services offer now; they are away while `away` is set."""

    def __init__(self, engines: list[str], voices: list[str]) -> None:
        self.engine_names = engines
        self.voice_names = voices
        self.withheld: dict[str, str] = {}
        self.away = False
        self.restores_faces = False

    async def engines(self) -> EngineCatalogue:
        if self.away:
            raise AWAY
        return EngineCatalogue(tuple(map(engine, self.engine_names)), self.withheld)

    async def voices(self) -> VoiceCatalogue:
        if self.away:
            raise AWAY
        return VoiceCatalogue(tuple(VoiceOffer(name, "en-US", "") for name in self.voice_names))

    async def compositor(self) -> FinishOffer:
        if self.away:
            raise AWAY
        return FinishOffer(self.restores_faces)


@pytest.fixture
def services() -> Services:
    return Services(["portrait", "wan"], ["heart", "oak"])


@pytest.fixture
def catalogue(services: Services) -> Catalogue:
    return Catalogue(services.engines, services.voices, services.compositor)


async def test_the_first_ones_are_the_default(catalogue: Catalogue) -> None:
    assert (await catalogue.engine("")).name == "portrait"
    assert (await catalogue.voice("")).name == "heart"
    assert (await catalogue.engine("wan")).name == "wan"
    assert (await catalogue.voice("oak")).name == "oak"


async def test_a_new_default_is_seen_without_a_listing(
    catalogue: Catalogue, services: Services
) -> None:
    await catalogue.engine("")
    await catalogue.voice("")
    services.engine_names.insert(0, "new")
    services.voice_names.insert(0, "birch")
    assert (await catalogue.engine("")).name == "new"
    assert (await catalogue.voice("")).name == "birch"


async def test_what_is_offered_no_more_is_unknown(catalogue: Catalogue, services: Services) -> None:
    await catalogue.engine("wan")
    await catalogue.voice("oak")
    services.engine_names.remove("wan")
    services.voice_names.remove("oak")
    with pytest.raises(InvalidInput, match=r"no engine 'wan'; there are: portrait$") as caught:
        await catalogue.engine("wan")
    assert (caught.value.reason, caught.value.field) == (Reason.ENGINE_UNKNOWN, "spec.engine")
    with pytest.raises(InvalidInput, match=r"no voice 'oak'; there are: heart$") as caught:
        await catalogue.voice("oak")
    assert (caught.value.reason, caught.value.field) == (Reason.VOICE_UNKNOWN, "spec.voice")


async def test_an_engine_that_is_withheld_is_told_with_the_remedy_until_it_is_there(
    catalogue: Catalogue, services: Services
) -> None:
    services.withheld = {"large": "engine large needs a setting"}
    with pytest.raises(InvalidInput, match="engine large needs a setting"):
        await catalogue.engine("large")
    services.withheld = {}
    services.engine_names.append("large")
    assert (await catalogue.engine("large")).name == "large"


SPOKEN = (("heart", "en-US"), ("willow", "en-GB"), ("linde", "de-DE"))


@pytest.fixture
def polyglot(services: Services) -> Catalogue:
    async def voices() -> VoiceCatalogue:
        return VoiceCatalogue(tuple(VoiceOffer(name, language, "") for name, language in SPOKEN))

    return Catalogue(services.engines, voices, services.compositor)


@pytest.mark.parametrize(
    ("name", "language", "text", "chosen"),
    [
        ("", "", "Good morning, I hope you slept well.", "heart"),
        ("", "", "Guten Morgen, ich hoffe, Sie haben gut geschlafen.", "linde"),
        ("", "", "Buenos días, espero que hayas dormido bien.", "heart"),
        ("", "", "Hamburg", "heart"),
        ("", "de", "Good morning, I hope you slept well.", "linde"),
        ("", "de-AT", "", "linde"),
        ("", "en", "", "heart"),
        ("", "EN-gb", "", "willow"),
        ("heart", "", "Guten Morgen, ich hoffe, Sie haben gut geschlafen.", "heart"),
        ("linde", "de", "", "linde"),
    ],
)
async def test_the_voice_is_the_named_one_or_speaks_the_language_asked_for_or_the_texts(
    polyglot: Catalogue, name: str, language: str, text: str, chosen: str
) -> None:
    assert (await polyglot.voice(name, language=language, text=text)).name == chosen


@pytest.mark.parametrize(
    ("name", "language", "reason", "words"),
    [
        ("", "nl", Reason.VOICE_UNKNOWN, "there are voices of: en-US, en-GB, de-DE"),
        ("", "German!", Reason.FIELD_INVALID, "give a BCP 47 tag"),
        ("heart", "de", Reason.FIELD_INVALID, "voice heart speaks en-US, not de"),
    ],
)
async def test_a_language_that_cannot_be_had_is_refused_with_a_remedy(
    polyglot: Catalogue, name: str, language: str, reason: Reason, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        await polyglot.voice(name, language=language)
    assert (caught.value.reason, caught.value.field) == (reason, "spec.language")


async def test_while_the_services_are_away_the_last_answer_holds(
    catalogue: Catalogue, services: Services
) -> None:
    await catalogue.engines()
    await catalogue.voices()
    services.restores_faces = True
    await catalogue.finishes()
    services.away = True
    services.restores_faces = False
    services.engine_names, services.voice_names = ["other"], ["other"]
    assert [offer.name for offer in await catalogue.engines()] == ["portrait", "wan"]
    assert [offer.name for offer in await catalogue.voices()] == ["heart", "oak"]
    assert (await catalogue.finishes()).restores_faces
    assert (await catalogue.engine("")).name == "portrait"
    assert (await catalogue.voice("oak")).name == "oak"
    with pytest.raises(InvalidInput):
        await catalogue.engine("other")
    services.away = False
    assert (await catalogue.engine("")).name == "other"
    assert not (await catalogue.finishes()).restores_faces


async def test_services_that_never_answered_are_away(
    catalogue: Catalogue, services: Services
) -> None:
    services.away = True
    for call in (
        catalogue.engines(),
        catalogue.voices(),
        catalogue.engine(""),
        catalogue.voice("heart"),
        catalogue.finishes(),
    ):
        with pytest.raises(Unavailable):
            await call
