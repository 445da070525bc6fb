"""The command `batch` against a gateway in memory."""

import json
from pathlib import Path

import pytest
from typer.testing import Result

from command_line import PHOTO, s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.testing.fakes_gateway import FILM, FakeGateway


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "me.jpg").write_bytes(PHOTO)
    (tmp_path / "list" / "words.txt").write_text("From a file.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def batch(gateway: FakeGateway, text: str, *options: object, name: str = "films.csv") -> Result:
    manifest = Path("list") / name
    manifest.write_text(text, encoding="utf-8")
    return s2v("batch", "--manifest", manifest, "--output-dir", "out", *options, gateway=gateway)


CSV = """image,text,script,output,seed,fps,enhance_quality
me.jpg,"One, two.",,one,7,,true
me.jpg,,words.txt,,,30,
"""


def test_each_row_becomes_a_film(gateway: FakeGateway, folder: Path) -> None:
    result = batch(gateway, CSV)
    assert result.exit_code == 0, result.output
    assert Path("out/one.mp4").read_bytes() == FILM
    assert Path("out/0002_me.mp4").read_bytes() == FILM
    first, second = (job.spec for job in gateway.jobs.values())
    assert (first.script.text, first.seed, first.frame_rate) == ("One, two.", 7, 0)
    assert first.finish.sharpen
    assert (second.script.text, second.frame_rate) == ("From a file.", 30)
    assert not second.HasField("seed")
    assert "2/2 out/0002_me.mp4: 4.00 s" in result.stderr
    assert result.stderr.splitlines()[-1] == "2 of 2 films are there"
    assert gateway.calls.count("BatchCreateJobs") == 1


def test_rows_may_be_json_lines(gateway: FakeGateway, folder: Path) -> None:
    rows = [{"reference": "me.jpg", "text": "One.", "priority": "low", "timeout": 60}]
    lines = "\n".join(map(json.dumps, rows))
    result = batch(gateway, lines, name="films.jsonl")
    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.priority == job_pb2.PRIORITY_LOW
    assert job.spec.timeout.seconds == 60


def test_run_again_it_makes_nothing_twice(gateway: FakeGateway, folder: Path) -> None:
    assert batch(gateway, CSV).exit_code == 0
    jobs = list(gateway.jobs)
    Path("out/one.mp4").unlink()
    again = batch(gateway, CSV)
    assert again.exit_code == 0, again.output
    assert list(gateway.jobs) == jobs
    assert Path("out/one.mp4").read_bytes() == FILM


def test_run_again_it_makes_what_failed_again(gateway: FakeGateway, folder: Path) -> None:
    assert batch(gateway, CSV).exit_code == 0
    first, second = gateway.jobs.values()
    first.state = job_pb2.JOB_STATE_FAILED
    again = batch(gateway, CSV)
    assert again.exit_code == 0, again.output
    assert [job.retry_of for job in gateway.jobs.values()] == ["", "", first.name]
    assert second.name in gateway.jobs


def test_a_row_that_fails_keeps_none_of_the_others_from_it(
    gateway: FakeGateway, folder: Path
) -> None:
    result = batch(gateway, CSV + "nobody.jpg,Three.,,,,,\n")
    assert result.exit_code == 1
    assert "Error: row 3: reference: there is no file list/nobody.jpg" in result.stderr
    assert result.stderr.splitlines()[-1] == "2 of 3 films are there"


def test_a_job_that_fails_is_told_with_its_row(gateway: FakeGateway, folder: Path) -> None:
    gateway.error = InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")
    result = batch(gateway, CSV)
    assert result.exit_code == 1
    assert "Error: row 1: --reference: no face" in result.stderr
    assert result.stderr.splitlines()[-1] == "0 of 2 films are there"


def test_what_the_queue_has_no_room_for_comes_later(gateway: FakeGateway, folder: Path) -> None:
    gateway.queue_limit = 1
    result = batch(gateway, CSV)
    assert result.exit_code == 0, result.output
    assert len(gateway.jobs) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("image,text\n", "there are no films in list/films.csv"),
        ("image,words\nme.jpg,a\n", "row 1 of list/films.csv: there is no column words; known"),
        ("image,text\nme.jpg,\n", "row 1 of list/films.csv: give exactly one of text, script"),
        ("image,text,fps\nme.jpg,a,many\n", "row 1 of list/films.csv: fps: Input should be"),
        ("image,text,output\nme.jpg,a,x\nme.jpg,b,x\n", "rows 1 and 2 both go to out/x.mp4"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused_as_a_whole(
    gateway: FakeGateway, folder: Path, text: str, problem: str
) -> None:
    result = batch(gateway, text)
    assert result.exit_code == 2
    assert f"--manifest: {problem}" in result.stderr
    assert not gateway.jobs


def test_a_file_that_is_there_is_replaced_only_when_asked(
    gateway: FakeGateway, folder: Path
) -> None:
    Path("out").mkdir()
    Path("out/one.mp4").write_bytes(b"mine")
    result = batch(gateway, CSV)
    assert result.exit_code == 1
    assert "Error: row 1: " in result.stderr
    assert Path("out/one.mp4").read_bytes() == b"mine"
    assert batch(gateway, CSV, "--force").exit_code == 0
    assert Path("out/one.mp4").read_bytes() == FILM
