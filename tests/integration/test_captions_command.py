"""Captions on the command line: what is asked for, and where the files go."""

from pathlib import Path

import pytest

from command_line import s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.testing.fakes_gateway import FILM, FakeGateway
from s2v.testing.fakes_gateway_memory import SUBRIP, WEBVTT


def make(gateway: FakeGateway, photo: Path, output: Path, *arguments: object) -> object:
    fixed = ("make", "--text", "Hello.", "--reference", photo, "-o", output)
    return s2v(*fixed, *arguments, gateway=gateway)


def test_make_writes_captions_beside_the_film(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    film, srt, vtt = tmp_path / "film.mp4", tmp_path / "captions" / "film.srt", tmp_path / "f.VTT"

    result = make(
        gateway, photo, film, *("--captions", srt, "--captions", vtt, "--captions", "track")
    )

    assert result.exit_code == 0, result.output
    assert (film.read_bytes(), srt.read_bytes(), vtt.read_bytes()) == (FILM, SUBRIP, WEBVTT)
    told = [line for line in result.stdout.splitlines() if line.endswith(": the captions")]
    assert told == [f"{srt}: the captions", f"{vtt}: the captions"]
    (job,) = gateway.jobs.values()
    assert job.spec.captions == job_pb2.Captions(track=True)


def test_captions_are_burnt_in_and_in_a_language(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    result = make(
        gateway, photo, tmp_path / "f.mp4", "--captions", "burn", "--captions-language", "de"
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.captions == job_pb2.Captions(burnt_in=True, language="de")


def test_make_asks_for_no_captions_by_itself(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    make(gateway, photo, tmp_path / "f.mp4")
    (job,) = gateway.jobs.values()
    assert not job.spec.HasField("captions")


def test_captions_that_there_are_none_of_are_said_and_the_film_is_there(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    gateway.wordless = True
    film, srt = tmp_path / "film.mp4", tmp_path / "film.srt"

    result = make(gateway, photo, film, "--captions", srt)

    assert result.exit_code == 0, result.output
    assert f"{srt}: not written, for nothing of what is said is known" in result.stdout
    assert film.exists()
    assert not srt.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--captions", "film.txt"), "--captions: give track, burn, or a file.srt or file.vtt"),
        (("--captions", "there.srt"), "--captions: there.srt exists; replace it with --force"),
        (("--captions", "pyproject.toml/x.srt"), "--captions: pyproject.toml/x.srt cannot be used"),
        (("--captions-language", "de"), "--captions-language: tells the language of captions"),
    ],
)
def test_make_refuses_captions_that_cannot_be_before_any_work(
    gateway: FakeGateway,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.srt").write_text("precious")
    Path("pyproject.toml").write_text("a file")

    result = make(gateway, photo, tmp_path / "f.mp4", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert gateway.calls == []
    assert Path("there.srt").read_text() == "precious"


def test_download_fetches_the_captions_of_a_job(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    make(gateway, photo, tmp_path / "f.mp4", "--captions", "track")
    (job,) = gateway.jobs.values()
    fetched = tmp_path / "later.vtt"

    result = s2v("download", job.name, "-o", fetched, gateway=gateway)

    assert result.exit_code == 0, result.output
    assert fetched.read_bytes() == WEBVTT


def test_download_says_that_a_job_has_no_captions(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    make(gateway, photo, tmp_path / "f.mp4")
    (job,) = gateway.jobs.values()

    result = s2v("download", job.name, "-o", tmp_path / "later.srt", gateway=gateway)

    assert result.exit_code == 1
    assert f"{job.name} has none such; they are made where `make` has --captions" in result.stderr
    assert not (tmp_path / "later.srt").exists()
