"""Voices that callers make of recordings, by a real gateway and a real tts service."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from gateway_world import failure, png, rows
from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import job_pb2, voice_service_pb2
from s2v.core.errors import Reason, S2VError
from s2v.core.timebase import samples_per_frame
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_tts import FakeBackend, FakeCloner
from s2v_compositor.composing import FilmWriter
from s2v_gateway.records import voices as voice_records
from s2v_gateway.records.voice_rows import OwnVoice
from sounds import SAID, hours_of_silence, music, noise, silence, speech
from voice_world import CONSENT, VoiceWorld, recording, speaking

pb = voice_service_pb2


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[VoiceWorld]:
    async with speaking(tmp_path, FakeCloner(), database_url=database_url) as world:
        yield world


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[VoiceWorld]:
    async with speaking(tmp_path, FakeCloner()) as world:
        yield world


async def refusal(call: object) -> tuple[Reason, str]:
    error = await failure(call)
    return error.reason, error.field


async def test_a_voice_speaks_like_its_sample(world: VoiceWorld) -> None:
    began = datetime.now(UTC)
    made = await world.create(description="Anna, warm.")

    assert (made.name, made.backend, made.built_in) == ("voices/anna", "fake", False)
    assert (made.transcript, made.consent) == (SAID, CONSENT)
    assert 6 < made.sample.speech_seconds < made.sample.duration_seconds < 9
    assert [notice.code for notice in made.notices] == [media_pb2.NOTICE_CODE_SAMPLE_LENGTH]
    assert began <= made.create_time.ToDatetime(UTC) == made.update_time.ToDatetime(UTC)

    film = await world.server.finished((await world.server.create(voice="voices/anna")).name)
    assert film.state == job_pb2.JOB_STATE_SUCCEEDED
    assert film.spec.voice == "voices/anna"
    [(heard, wav)] = world.cloner.recordings
    assert (heard.transcript, heard.language) == (SAID, "en-US")
    assert wav[:4] == b"RIFF"
    assert len(wav) == pytest.approx(made.sample.duration_seconds * 96_000, abs=100)
    order = world.stages.orders[0]
    assert order.voice is not None
    assert order.voice.sample.sha256 == heard.sha256


async def test_voices_are_listed_beside_the_built_in_ones(world: VoiceWorld) -> None:
    for name in ("zoe", "anna"):
        await world.create(name, transcript="")
    listed = (await world.server.voices.ListVoices(pb.ListVoicesRequest())).voices
    assert [(voice.name, voice.built_in) for voice in listed] == [
        ("voices/alto", True),
        ("voices/bass", True),
        ("voices/anna", False),
        ("voices/zoe", False),
    ]
    assert {voice.backend for voice in listed} == {"fake"}
    assert media_pb2.NOTICE_CODE_TRANSCRIPT_MISSING in [n.code for n in listed[2].notices]
    seen, token = [], ""
    while True:
        request = pb.ListVoicesRequest(page_size=1, page_token=token)
        page = await world.server.voices.ListVoices(request)
        seen += page.voices
        if not (token := page.next_page_token):
            break
    assert seen == list(listed)
    got = await world.server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))
    assert got.voice == listed[2]


async def test_a_voice_belongs_to_its_tenant(world: VoiceWorld) -> None:
    await world.create()
    asset = await world.server.upload(recording(), "audio/wav")
    other = world.server.acting("blue/bob")
    voices = other.voices

    listed = (await voices.ListVoices(pb.ListVoicesRequest())).voices
    assert all(voice.built_in for voice in listed)
    for call in (
        voices.GetVoice(pb.GetVoiceRequest(name="voices/anna")),
        voices.DeleteVoice(pb.DeleteVoiceRequest(name="voices/anna")),
        voices.UpdateVoice(_update("anna", description="Mine.")),
        voices.PreviewVoice(pb.PreviewVoiceRequest(name="voices/anna")).read(),
    ):
        assert await refusal(call) == (Reason.VOICE_NOT_FOUND, "name")
    assert await refusal(other.create(voice="anna")) == (Reason.VOICE_UNKNOWN, "spec.voice")
    stolen = world.create("anna", server=other, asset=asset)
    assert await refusal(stolen) == (Reason.ASSET_NOT_FOUND, "asset")
    theirs = await world.create("anna", server=other)
    assert theirs.name == "voices/anna"
    assert rows(world.server, "voices", "name", "anna") == 2
    colleague = world.server.acting("red/amy").voices
    got = await colleague.GetVoice(pb.GetVoiceRequest(name="voices/anna"))
    assert got.voice.consent == CONSENT


async def test_the_names_of_unknown_voices_are_answered_with_those_there_are(
    one: VoiceWorld,
) -> None:
    await one.create()
    error = await failure(one.server.create(voice="ana"))
    assert (error.reason, error.field) == (Reason.VOICE_UNKNOWN, "spec.voice")
    assert "alto, bass, anna" in error.message


async def test_a_repeated_request_makes_one_voice(world: VoiceWorld) -> None:
    asset = await world.server.upload(recording(), "audio/wav")
    calls = [world.create("anna", asset=asset, request_id="once") for _ in range(4)]
    made = await asyncio.gather(*calls)

    assert all(voice == made[0] for voice in made)
    assert rows(world.server, "voices", "name", "anna") == 1
    other = world.create("berta", asset=asset, request_id="once")
    assert await refusal(other) == (Reason.REQUEST_ID_REUSED, "request_id")
    ours = world.server.acting("red/amy")
    theirs = await world.create("berta", server=ours, asset=asset, request_id="once")
    assert theirs.name == "voices/berta"


async def test_a_request_is_known_again_that_made_its_voice_between_two_looks(
    world: VoiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = await world.server.upload(recording(), "audio/wav")
    made = await world.create("anna", asset=asset, request_id="once")
    made_before, looks = voice_records._made_before, iter((False, False, True))

    def later(*asked: Any) -> OwnVoice | None:
        return made_before(*asked) if next(looks) else None

    monkeypatch.setattr(voice_records, "_made_before", later)
    assert await world.create("anna", asset=asset, request_id="once") == made


async def test_a_name_is_given_once(world: VoiceWorld) -> None:
    asset = await world.server.upload(recording(), "audio/wav")
    calls = [world.create("anna", asset=asset, description=str(n)) for n in range(4)]
    made = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(outcome, pb.Voice) for outcome in made) == 1
    assert rows(world.server, "voices", "name", "anna") == 1
    again = world.create("anna", asset=asset, description="again")
    assert await refusal(again) == (Reason.VOICE_EXISTS, "voice.name")
    built_in = world.create("alto", asset=asset)
    assert await refusal(built_in) == (Reason.VOICE_EXISTS, "voice.name")


async def test_what_is_said_of_a_voice_can_be_changed(world: VoiceWorld) -> None:
    made = await world.create()
    update = _update("anna", description=" Warm. ", transcript="My father bought a big balloon.")
    changed = (await world.server.voices.UpdateVoice(update)).voice

    assert (changed.description, changed.transcript) == ("Warm.", "My father bought a big balloon.")
    assert changed.update_time.ToDatetime() > made.update_time.ToDatetime()
    assert (changed.create_time, changed.consent) == (made.create_time, made.consent)
    got = (await world.server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))).voice
    assert got == changed


@pytest.mark.parametrize(
    ("update", "reason", "field"),
    [
        ({}, Reason.FIELD_INVALID, "update_mask"),
        ({"name": "voices/berta"}, Reason.FIELD_INVALID, "update_mask"),
        ({"language": "English!"}, Reason.FIELD_INVALID, "voice.language"),
        ({"description": "x" * 501}, Reason.FIELD_INVALID, "voice.description"),
        ({"transcript": "x" * 2001}, Reason.TEXT_TOO_LONG, "voice.transcript"),
        ({"transcript": "word " * 390}, Reason.FIELD_INVALID, "voice.transcript"),
        ({"backend": "none"}, Reason.FIELD_INVALID, "voice.backend"),
    ],
)
async def test_a_voice_cannot_become_what_none_can_be(
    one: VoiceWorld, update: dict[str, str], reason: Reason, field: str
) -> None:
    made = await one.create()
    changing = one.server.voices.UpdateVoice(_update("anna", **update))
    assert await refusal(changing) == (reason, field)
    got = (await one.server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))).voice
    assert got == made


async def test_names_and_texts_of_any_characters_are_answered(world: VoiceWorld) -> None:
    voices = world.server.voices
    for name in ("voices/\0", "voices/", "", "voices/Anna", "voices/a/b", "voices/" + "x" * 9999):
        for call in (
            voices.GetVoice(pb.GetVoiceRequest(name=name)),
            voices.DeleteVoice(pb.DeleteVoiceRequest(name=name)),
            voices.UpdateVoice(_update(name.removeprefix("voices/"), description="x")),
            voices.PreviewVoice(pb.PreviewVoiceRequest(name=name)).read(),
        ):
            assert await refusal(call) == (Reason.VOICE_NOT_FOUND, "name")
    assert (await refusal(world.server.create(voice="\0")))[0] is Reason.VOICE_UNKNOWN
    for field in ("description", "transcript", "language", "backend"):
        made = world.create(**{field: "a\0b"})
        assert await refusal(made) == (Reason.FIELD_INVALID, f"voice.{field}")
    statement = pb.VoiceConsent(statement="She agreed.\0 Ünïcödé 😀", date="2026-11-01")
    assert (await world.create(consent=statement, transcript="Ünïcödé 😀")).consent == statement


async def test_built_in_voices_stay_as_they_are(one: VoiceWorld) -> None:
    voices = one.server.voices
    for call in (
        voices.DeleteVoice(pb.DeleteVoiceRequest(name="voices/alto")),
        voices.UpdateVoice(_update("alto", description="Mine.")),
    ):
        assert await refusal(call) == (Reason.VOICE_BUILT_IN, "name")
    got = (await voices.GetVoice(pb.GetVoiceRequest(name="voices/alto"))).voice
    assert (got.built_in, got.description) == (True, "Hums at 220 Hz.")
    gone = voices.DeleteVoice(pb.DeleteVoiceRequest(name="voices/nobody"))
    assert await refusal(gone) == (Reason.VOICE_NOT_FOUND, "name")


def _update(voice: str, **fields: str) -> pb.UpdateVoiceRequest:
    message = pb.Voice(**{"name": f"voices/{voice}", **fields})
    return pb.UpdateVoiceRequest(voice=message, update_mask=FieldMask(paths=list(fields)))


TOMORROW = str((datetime.now(UTC) + timedelta(days=2)).date())


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"consent": None}, Reason.CONSENT_MISSING, "voice.consent.statement"),
        (
            {"consent": pb.VoiceConsent(statement="  ", date="2026-11-01")},
            Reason.CONSENT_MISSING,
            "voice.consent.statement",
        ),
        (
            {"consent": pb.VoiceConsent(statement="She agreed.")},
            Reason.CONSENT_MISSING,
            "voice.consent.date",
        ),
        (
            {"consent": pb.VoiceConsent(statement="She agreed.", date="2026-02-30")},
            Reason.CONSENT_MISSING,
            "voice.consent.date",
        ),
        (
            {"consent": pb.VoiceConsent(statement="She agreed.", date=TOMORROW)},
            Reason.CONSENT_MISSING,
            "voice.consent.date",
        ),
        (
            {"consent": pb.VoiceConsent(statement="x" * 1001, date="2026-11-01")},
            Reason.TEXT_TOO_LONG,
            "voice.consent.statement",
        ),
        ({"name": "voices/Anna Lee"}, Reason.FIELD_INVALID, "voice.name"),
        ({"name": "voices/"}, Reason.FIELD_INVALID, "voice.name"),
        ({"language": ""}, Reason.FIELD_INVALID, "voice.language"),
        ({"transcript": "x" * 2001}, Reason.TEXT_TOO_LONG, "voice.transcript"),
        ({"transcript": "..."}, Reason.TEXT_EMPTY, "voice.transcript"),
        ({"transcript": "word " * 390}, Reason.FIELD_INVALID, "voice.transcript"),
        ({"backend": "none"}, Reason.FIELD_INVALID, "voice.backend"),
        ({"asset": "assets/01ARZ3NDEKTSV4RRFFQ69G5FAV"}, Reason.ASSET_NOT_FOUND, "asset"),
        ({"asset": "x"}, Reason.ASSET_NOT_FOUND, "asset"),
        ({"request_id": "x" * 101}, Reason.FIELD_INVALID, "request_id"),
        ({"start_seconds": -1.0}, Reason.FIELD_INVALID, "start_seconds"),
        ({"end_seconds": float("nan")}, Reason.FIELD_INVALID, "end_seconds"),
    ],
)
async def test_what_no_voice_can_be_is_refused(
    one: VoiceWorld, fields: dict[str, object], reason: Reason, field: str
) -> None:
    assert await refusal(one.create(**fields)) == (reason, field)
    await nothing_is_left(one)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("silence", Reason.AUDIO_SILENT),
        ("half a second", Reason.AUDIO_TOO_SHORT),
        ("music", Reason.SAMPLE_UNSUITABLE),
        ("noise", Reason.SAMPLE_UNSUITABLE),
        ("long", Reason.AUDIO_TOO_LONG),
        ("two hours", Reason.AUDIO_TOO_LONG),
        ("picture", Reason.MEDIA_TYPE_UNSUPPORTED),
        ("video without sound", Reason.AUDIO_UNREADABLE),
    ],
)
async def test_recordings_that_make_no_voice_are_refused(
    one: VoiceWorld, tmp_path: Path, kind: str, reason: Reason
) -> None:
    media_type = "audio/wav"
    match kind:
        case "picture":
            data, media_type = png(), "image/png"
        case "two hours":
            data, media_type = hours_of_silence(2), "audio/flac"
        case "video without sound":
            data, media_type = _silent_film(tmp_path), "video/mp4"
        case _:
            data = recording(
                {
                    "silence": lambda: silence(10),
                    "half a second": lambda: speech()[:24_000],
                    "music": lambda: music(10),
                    "noise": lambda: noise(480_000),
                    "long": lambda: np.tile(speech(), 10),
                }[kind]()
            )
    asset = await one.server.upload(data, media_type)
    error = await failure(one.create(asset=asset))
    assert (error.reason, error.field) == (reason, "asset")
    await nothing_is_left(one)


async def test_a_voice_can_be_made_of_the_sound_of_a_video(one: VoiceWorld, tmp_path: Path) -> None:
    asset = await one.server.upload(_film(tmp_path), "video/mp4")
    made = await one.create(asset=asset)
    assert 6 < made.sample.speech_seconds < 9


async def test_where_no_backend_clones_no_voice_is_made(tmp_path: Path) -> None:
    async with speaking(tmp_path, FakeBackend()) as world:
        for fields in ({}, {"backend": "fake"}):
            error = await failure(world.create(**fields))
            assert (error.reason, error.field) == (Reason.CLONING_UNSUPPORTED, "voice.backend")
            assert "S2V_TTS_BACKEND" in error.message
        await nothing_is_left(world)


async def test_a_voice_whose_backend_went_is_not_spoken_with(one: VoiceWorld) -> None:
    await one.create()
    one.cloner.clones = False
    job = one.server.create(voice="anna")
    assert await refusal(job) == (Reason.CLONING_UNSUPPORTED, "spec.voice")
    heard = one.server.voices.PreviewVoice(pb.PreviewVoiceRequest(name="voices/anna")).read()
    assert (await refusal(heard))[0] is Reason.CLONING_UNSUPPORTED
    assert (await one.server.create(voice="alto")).spec.voice == "voices/alto"


async def test_a_tenant_makes_so_many_voices(tmp_path: Path) -> None:
    async with speaking(tmp_path, FakeCloner(), max_voices=2) as world:
        for name in ("anna", "berta"):
            await world.create(name)
        error: S2VError = await failure(world.create("clara"))
        assert error.reason is Reason.LIMIT_EXCEEDED
        assert error.metadata == {"setting": "max_voices", "limit": "2"}
        await world.create("clara", server=world.server.acting("blue/bob"))


async def nothing_is_left(world: VoiceWorld) -> None:
    listed = (await world.server.voices.ListVoices(pb.ListVoicesRequest())).voices
    assert all(voice.built_in for voice in listed)
    with world.server.gateway.database.connect() as connection:
        uploaded = set(connection.exec_driver_sql("SELECT sha256 FROM assets").scalars())
    assert set(world.stored()) == uploaded


def _silent_film(folder: Path) -> bytes:
    with ClipEncoder(folder / "film.mp4", width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((100, 64, 64, 3), np.uint8))
    return (folder / "film.mp4").read_bytes()


def _film(folder: Path) -> bytes:
    frame_samples = samples_per_frame(25)
    frames = len(speech()) // frame_samples
    with ClipEncoder(folder / "clip.mp4", width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((frames, 64, 64, 3), np.uint8))
    sound = recording(speech()[: frames * frame_samples])
    with FilmWriter(folder / "film.mp4", 25, marking=None) as writer:
        list(writer.add(folder / "clip.mp4", io.BytesIO(sound), frames))
        list(writer.finish())
    return (folder / "film.mp4").read_bytes()
