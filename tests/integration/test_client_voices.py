"""Voices by the two clients and by the command, against a gateway in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import s2v
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.media.pcm import wav_bytes
from s2v.testing.fakes_gateway import FakeGateway
from s2v.testing.fakes_gateway_voices import PREVIEW
from sounds import speech

ANNA = pb.Voice(
    name="voices/anna",
    language="en-US",
    description="Warm.",
    transcript="My father.",
    consent=pb.VoiceConsent(statement="Anna agreed.", date="2026-11-01"),
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "anna.wav"
    path.write_bytes(wav_bytes(speech()))
    return path


def test_a_voice_is_made_changed_heard_and_gone(
    gateway: FakeGateway, client: Any, recording: Path
) -> None:
    asset = client.upload(recording).name
    made = client.create_voice(ANNA, asset, start_seconds=1.0, end_seconds=6.0)
    assert (made.sample.duration_seconds, made.backend) == (5.0, "fake")
    assert client.voice("voices/anna") == made

    changed = pb.Voice(name="voices/anna", description="Cool.", language="fr")
    assert client.update_voice(changed, "description").description == "Cool."
    assert client.voice("voices/anna").language == "en-US"
    assert client.preview_voice("voices/anna") == PREVIEW
    client.update_voice(pb.Voice(name="voices/anna", lexicon={"SQL": "squeal"}), "lexicon")
    assert client.normalize_text("voices/anna", "a SQL").spoken_text == "a squeal"
    read = client.normalize_text("voices/anna", "a SQL", {"SQL": "sequel"})
    assert read.spoken_text == "a sequel"

    client.delete_voice("voices/anna")
    for call in (client.voice, client.delete_voice, client.preview_voice):
        with pytest.raises(NotFound) as caught:
            call("voices/anna")
        assert caught.value.reason is Reason.VOICE_NOT_FOUND


def test_a_voice_whose_answer_is_lost_is_made_once_and_gone_once(
    gateway: FakeGateway, client: Any, recording: Path
) -> None:
    asset = client.upload(recording).name
    gateway.break_after |= {"CreateVoice": 1, "DeleteVoice": 1, "PreviewVoice": 2}

    client.create_voice(ANNA, asset)
    assert [voice.name for voice in gateway.voices] == ["voices/nobody", "voices/anna"]
    assert client.preview_voice("voices/anna") == PREVIEW
    client.delete_voice("voices/anna")
    assert [voice.name for voice in gateway.voices] == ["voices/nobody"]
    assert gateway.calls.count("CreateVoice") == gateway.calls.count("DeleteVoice") == 2


def made_by_command(gateway: FakeGateway, recording: Path, *more: object) -> Any:
    return s2v(
        *("voices", "create", "anna", recording, "--language", "en-US"),
        *("--consent", "Anna agreed.", "--consent-date", "2026-11-01"),
        *more,
        gateway=gateway,
    )


def test_the_command_makes_shows_and_deletes_a_voice(
    gateway: FakeGateway, recording: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said.txt"
    said.write_text("My father.", "utf-8")
    made = made_by_command(
        gateway, recording, "--transcript", said, "--description", "Warm.", "--end", "5"
    )

    assert made.exit_code == 0, made.output
    assert made.stdout.splitlines() == [
        "anna  en-US  Warm.",
        "  spoken by fake",
        "  sample of 5.0 s, 4.0 s spoken, 40 dB over the noise",
        "  consent of 2026-11-01: Anna agreed.",
        "  The sample is short.",
    ]
    [asset] = gateway.assets
    assert f"`s2v delete {asset}`" in made.stderr
    assert gateway.voices[1].transcript == "My father."
    assert s2v("voices", "show", "voices/anna", gateway=gateway).stdout == made.stdout
    listed = s2v("voices", "list", gateway=gateway).stdout
    assert listed.splitlines() == ["nobody  en-US  Silent.", "anna  en-US  Warm."]
    assert s2v("voices", gateway=gateway).stdout == listed
    shown = json.loads(s2v("voices", "show", "anna", "--json", gateway=gateway).stdout)
    assert shown["consent"] == {"statement": "Anna agreed.", "date": "2026-11-01"}
    gone = s2v("voices", "delete", "anna", gateway=gateway)
    assert gone.stdout == "deleted voices/anna\n"
    again = s2v("voices", "delete", "anna", gateway=gateway)
    assert (again.exit_code, again.stderr) == (2, "Error: NAME: there is no voice 'voices/anna'\n")


def test_the_command_says_how_a_voice_says_words_and_changes_it(
    gateway: FakeGateway, recording: Path, tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("SQL=sequel\nGIF=jif\n", "utf-8")
    made = made_by_command(gateway, recording, "--lexicon", words)
    assert made.exit_code == 0, made.output
    assert gateway.voices[1].lexicon == {"SQL": "sequel", "GIF": "jif"}
    assert "  says GIF as jif\n  says SQL as sequel\n" in made.stdout

    added = s2v(
        *("voices", "update", "anna", "--say", "gif=gif", "--description", "Cool."), gateway=gateway
    )
    assert added.exit_code == 0, added.output
    assert added.stdout.startswith("anna  en-US  Cool.\n")
    assert gateway.voices[1].lexicon == {"SQL": "sequel", "gif": "gif"}
    assert gateway.voices[1].consent.statement == "Anna agreed."
    words.write_text("PNG=ping\n", "utf-8")
    s2v("voices", "update", "anna", "--lexicon", words, gateway=gateway)
    assert gateway.voices[1].lexicon == {"PNG": "ping"}
    s2v("voices", "update", "anna", "--transcript", "Mother.", gateway=gateway)
    assert gateway.voices[1].lexicon == {"PNG": "ping"}
    assert gateway.voices[1].transcript == "Mother."
    s2v("voices", "update", "anna", "--lexicon", "-", gateway=gateway, given=b"\n")
    assert gateway.voices[1].lexicon == {}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "say what shall be new"),
        (("--say", "SQL"), "--say: "),
        (("--lexicon", "nowhere.txt"), "there is no file nowhere.txt"),
    ],
)
def test_the_command_changes_nothing_where_it_is_told_wrongly(
    gateway: FakeGateway, options: tuple[str, ...], problem: str
) -> None:
    refused = s2v("voices", "update", "nobody", *options, gateway=gateway)
    assert refused.exit_code == 2
    assert problem in refused.stderr
    assert not gateway.calls


def test_the_command_writes_how_a_voice_sounds(gateway: FakeGateway, tmp_path: Path) -> None:
    output = tmp_path / "nobody.wav"
    made = s2v("voices", "preview", "nobody", "-o", output, gateway=gateway)
    assert made.exit_code == 0, made.output
    assert output.read_bytes() == PREVIEW
    again = s2v("voices", "preview", "nobody", "-o", output, gateway=gateway)
    assert again.exit_code == 1
    assert str(output) in again.stderr
    forced = s2v("voices", "preview", "nobody", "-o", output, "--force", gateway=gateway)
    assert forced.exit_code == 0, forced.output
    piped = s2v("voices", "preview", "nobody", "-o", "-", gateway=gateway)
    assert piped.stdout_bytes == PREVIEW
    assert [path.name for path in tmp_path.iterdir()] == ["nobody.wav"]


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("asset", "FILE"),
        ("voice.name", "NAME"),
        ("voice.consent.date", "--consent-date"),
        ("voice.transcript", "--transcript"),
        ("end_seconds", "--end"),
    ],
)
def test_the_command_blames_the_option(
    gateway: FakeGateway,
    recording: Path,
    field: str,
    option: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(call: str, work: object) -> object:
        if call == "CreateVoice":
            raise InvalidInput(Reason.FIELD_INVALID, "it cannot be", field=field)
        return answering(call, work)

    answering = gateway.answering
    monkeypatch.setattr(gateway, "answering", refuse)
    refused = made_by_command(gateway, recording)
    assert (refused.exit_code, refused.stderr) == (2, f"Error: {option}: it cannot be\n")


def test_the_command_refuses_a_picture_before_it_is_sent(gateway: FakeGateway, photo: Path) -> None:
    refused = made_by_command(gateway, photo)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: FILE: ")
    assert not gateway.calls
