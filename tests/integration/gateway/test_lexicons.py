"""How words are said: by a script, by a voice, by a real gateway and a real tts service."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from gateway_world import failure, png, rest
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.errors import Reason
from s2v.core.ports import Utterance, VoiceRecording
from s2v.testing.fakes_tts import FakeCloner
from voice_world import VoiceWorld, speaking

BEIJING = "\u5317\u4eac"


class Hearing(FakeCloner):
    """Remembers what it is told to say."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        self.told.append(text)
        yield from super().speak(text, voice)

    def speak_like(self, text: str, recording: VoiceRecording) -> Iterator[Utterance]:
        self.told.append(text)
        yield from super().speak_like(text, recording)


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[VoiceWorld]:
    async with speaking(tmp_path, Hearing(), database_url=database_url) as world:
        yield world


def told(world: VoiceWorld) -> list[str]:
    assert isinstance(world.cloner, Hearing)
    return world.cloner.told


async def film(world: VoiceWorld, text: str, voice: str, **lexicon: str) -> job_pb2.Job:
    script = job_pb2.Script(text=text, lexicon=lexicon)
    job = await world.server.finished((await world.server.create(script=script, voice=voice)).name)
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    return job


async def changed(world: VoiceWorld, lexicon: dict[str, str]) -> pb.Voice:
    voice = pb.Voice(name="voices/anna", lexicon=lexicon)
    request = pb.UpdateVoiceRequest(voice=voice, update_mask=FieldMask(paths=["lexicon"]))
    return (await world.server.voices.UpdateVoice(request)).voice


async def got(world: VoiceWorld) -> pb.Voice:
    return (await world.server.voices.GetVoice(pb.GetVoiceRequest(name="voices/anna"))).voice


async def test_a_voice_keeps_its_lexicon_until_it_is_changed(world: VoiceWorld) -> None:
    made = await world.create(lexicon={"SQL": "sequel", BEIJING: "Bay jing"})
    assert made.lexicon == {"SQL": "sequel", BEIJING: "Bay jing"}
    assert await got(world) == made
    described = pb.Voice(name="voices/anna", description="Warm.")
    request = pb.UpdateVoiceRequest(voice=described, update_mask=FieldMask(paths=["description"]))
    assert (await world.server.voices.UpdateVoice(request)).voice.lexicon == made.lexicon
    assert (await changed(world, {"GIF": "jif"})).lexicon == {"GIF": "jif"}
    assert (await got(world)).lexicon == {"GIF": "jif"}
    listed = (await world.server.voices.ListVoices(pb.ListVoicesRequest())).voices
    assert [dict(voice.lexicon) for voice in listed] == [{}, {}, {}]
    assert (await changed(world, {})).lexicon == {}


async def test_a_voice_says_words_as_its_lexicon_does_wherever_it_speaks(world: VoiceWorld) -> None:
    await world.create(lexicon={"SQL": "sequel", BEIJING: "Bay jing"})
    await film(world, f"{BEIJING} has SQL.", "anna")
    assert told(world) == ["Bay jing has sequel."]
    request = pb.PreviewVoiceRequest(name="voices/anna", text=BEIJING)
    assert await rest(world.server.voices.PreviewVoice(request))
    assert told(world)[1:] == ["Bay jing"]


async def test_how_a_voice_says_a_text_is_told_without_speaking(world: VoiceWorld) -> None:
    await world.create(lexicon={"SQL": "sequel", BEIJING: "Bay jing"})
    text = f'{BEIJING} has <sub alias="5">V</sub> SQL, A GIF.'
    request = pb.NormalizeTextRequest(name="voices/anna", text=text, lexicon={"gif": "jif"})
    read = await world.server.voices.NormalizeText(request)
    assert read.spoken_text == "Bay jing has five sequel, A jif."
    assert "".join(text[span.source_first : span.source_end] for span in read.spans) == text
    assert [span.rule for span in read.spans if span.speech_class == "marked"] == ["sub"]
    assert read.normalizer_version
    await film(world, text, "anna", gif="jif")
    assert told(world) == [read.spoken_text]
    request = pb.NormalizeTextRequest(name="voices/alto", text=text)
    [warning] = (await world.server.voices.NormalizeText(request)).warnings
    assert warning.code == pb.READING_WARNING_CODE_SCRIPT_UNKNOWN
    assert text[warning.source_first : warning.source_end] == BEIJING


@pytest.mark.parametrize(
    ("name", "fields", "reason", "field"),
    [
        ("nobody", {"text": "a"}, Reason.VOICE_NOT_FOUND, "name"),
        ("alto", {"text": "..."}, Reason.TEXT_EMPTY, "text"),
        ("alto", {"text": "a" * 20_001}, Reason.TEXT_TOO_LONG, "text"),
        ("alto", {"text": "a", "lexicon": {"a": ""}}, Reason.FIELD_INVALID, "lexicon"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_name(
    world: VoiceWorld, name: str, fields: dict[str, Any], reason: Reason, field: str
) -> None:
    request = pb.NormalizeTextRequest(name=f"voices/{name}", **fields)
    error = await failure(world.server.voices.NormalizeText(request))
    assert (error.reason, error.field) == (reason, field)


async def test_what_a_script_says_goes_before_what_its_voice_says(world: VoiceWorld) -> None:
    await world.create(lexicon={"SQL": "sequel", "GIF": "jif"})
    job = await film(world, "A GIF of SQL.", "anna", sql="squeal")
    assert told(world) == ["A jif of squeal."]
    assert job.spec.script.lexicon == {"sql": "squeal"}
    await film(world, "SQL.", "alto", SQL="sequel")
    assert told(world)[1:] == ["sequel."]


async def test_a_script_that_comes_in_pieces_has_a_lexicon_in_its_config(world: VoiceWorld) -> None:
    script = job_pb2.Script(lexicon={"SQL": "sequel", "\u2661": "love"})
    config = generation_service_pb2.GenerateConfig(
        spec=job_pb2.JobSpec(script=script, voice="alto")
    )
    request = generation_service_pb2.GenerateRequest
    requests = [request(config=config), request(reference_chunk=png())]
    requests += [request(text_chunk=text) for text in ("We use SQL. ", "\u2661")]
    *_, last = await rest(world.server.generation.Generate(iter(requests)))
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert last.finished.spec.script.lexicon == script.lexicon
    assert told(world) == ["We use sequel.", "love"]


@pytest.mark.parametrize(
    "lexicon", [{"SQL": " "}, {"a" * 201: "b"}, {str(n): "b" for n in range(1001)}]
)
async def test_a_lexicon_that_cannot_be_is_refused_by_name(
    world: VoiceWorld, lexicon: dict[str, str]
) -> None:
    await world.create()
    script = job_pb2.Script(text="Hello.", lexicon=lexicon)
    for call, field in (
        (world.server.create(script=script), "spec.script.lexicon"),
        (changed(world, lexicon), "voice.lexicon"),
        (world.create("berta", lexicon=lexicon), "voice.lexicon"),
    ):
        error = await failure(call)
        assert (error.reason, error.field) == (Reason.FIELD_INVALID, field)


async def test_the_largest_lexicons_go_together(world: VoiceWorld) -> None:
    first = {f"a{n:03}" + "\u5317" * 20: "b" * 25 for n in range(1_000)}
    second = {f"c{n:03}" + "\u5317" * 20: "b" * 25 for n in range(1_000)}
    await world.create(lexicon=first)
    await film(world, "Hello.", "anna", **second)
    assert told(world) == ["Hello."]
