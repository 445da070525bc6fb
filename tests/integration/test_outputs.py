"""Where films go: what is replaced, what never is, and what is said when there is no room."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from command_line import s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.client.downloading import _Received
from s2v.core.errors import InvalidInput
from s2v.media.pcm import wav_bytes
from s2v.testing.fakes_gateway import FILM, FakeGateway
from s2v_cli.destination import destination


@pytest.mark.parametrize("option", ["--script", "--reference", "--transcript", "--audio"])
def test_no_input_is_ever_replaced(
    gateway: FakeGateway, photo: Path, tmp_path: Path, option: str
) -> None:
    words, sound, output = tmp_path / "words.txt", tmp_path / "a.wav", tmp_path / "output.mp4"
    words.write_text("Hello.")
    sound.write_bytes(wav_bytes(np.full(48_000, 1_000, np.int16)))
    files = {"--script": words, "--transcript": words, "--reference": photo, "--audio": sound}
    # By another name it is the same file.
    os.link(files[option], output)
    source = ["--script", words] if option == "--script" else ["--audio", sound]
    if option == "--transcript":
        source += ["--transcript", words]
    before = output.read_bytes()

    result = s2v("make", *source, "--reference", photo, "-o", output, "--force", gateway=gateway)

    assert result.exit_code == 2
    assert f"--output: {output} is what {option} names and would be lost" in result.stderr
    assert output.read_bytes() == before
    assert gateway.calls == []


@pytest.mark.parametrize("command", ["make", "download"])
@pytest.mark.parametrize("kind", ["a symbolic link", "a pipe", "a folder", "a socket"])
def test_what_is_no_ordinary_file_is_never_replaced(
    gateway: FakeGateway, photo: Path, tmp_path: Path, kind: str, command: str
) -> None:
    output, target = tmp_path / "film.mp4", tmp_path / "target"
    target.write_bytes(b"precious")
    if kind == "a symbolic link":
        output.symlink_to(target)
    elif kind == "a pipe":
        os.mkfifo(output)
    elif kind == "a folder":
        output.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(output))
    before = output.lstat().st_ino
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)
    rest = [job.name] if command == "download" else ["--text", "Hi", "--reference", photo]

    result = s2v(command, *rest, "-o", output, "--force", gateway=gateway)

    assert result.exit_code == 2
    assert f"--output: {output} is {kind}" in result.stderr
    assert output.lstat().st_ino == before
    assert target.read_bytes() == b"precious"


def test_of_two_films_by_one_name_the_first_stays_and_the_second_is_kept_by_the_gateway(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    output = tmp_path / "film.mp4"
    gateway.on_watch = lambda: output.write_bytes(b"first")

    result = s2v("make", "--text", "Hi", "--reference", photo, "-o", output, gateway=gateway)

    (job,) = gateway.jobs
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: {output}: a file of this name came meanwhile and stays as it is; the film is "
        f"kept: fetch it with `s2v download {job} -o OTHER.mp4 --server {gateway.address}`"
    )
    assert output.read_bytes() == b"first"
    assert sorted(tmp_path.iterdir()) == [output, photo]


def test_a_full_disk_is_named_with_the_command_that_fetches_the_film(
    gateway: FakeGateway, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    output = tmp_path / "film.mp4"

    result = s2v("make", "--text", "Hi", "--reference", photo, "-o", output, gateway=gateway)

    (job,) = gateway.jobs
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"Error: {output}: No space left on device; the film is kept")
    assert f"`s2v download {job} -o OTHER.mp4 --server" in last
    assert list(tmp_path.iterdir()) == [photo]


def test_a_film_that_would_be_gone_with_the_services_is_saved_elsewhere(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)
    output = tmp_path / "film.mp4"
    to = destination(str(output), force=False, inputs={})
    output.write_bytes(b"first")

    with Client(gateway.address) as client, pytest.raises(OSError, match="instead") as caught:
        to.fetch(client, job, lasting=False)

    (saved,) = elsewhere.rglob("film.mp4")
    assert f"the film is in {saved} instead" in str(caught.value)
    assert saved.read_bytes() == FILM
    assert output.read_bytes() == b"first"


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    gateway: FakeGateway, photo: Path
) -> None:
    result = s2v(
        "make", "--text", "Hi", "--reference", photo, "-o", "/proc/film.mp4", gateway=gateway
    )

    assert result.exit_code == 2
    assert "--output: cannot write into /proc: " in result.stderr
    assert gateway.calls == []


@pytest.mark.parametrize("command", ["make", "download"])
def test_a_film_goes_to_standard_output_alone(
    gateway: FakeGateway, photo: Path, command: str
) -> None:
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)
    rest = [job.name] if command == "download" else ["--text", "Hi", "--reference", photo]

    result = s2v(command, *rest, "-o", "-", gateway=gateway)

    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes == FILM
    assert "4.00 s, 512x640" in result.stderr
    assert not Path("-").exists()


def test_a_film_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(InvalidInput, match="a film cannot be shown here"):
        destination("-", force=False, inputs={})


@pytest.fixture
def hang_ups_heard() -> Iterator[None]:
    """Whoever runs the tests may have told them to ignore hang-ups."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_ups_heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["make", "download"])
def test_nothing_is_left_of_a_film_that_is_not_waited_for(
    gateway: FakeGateway,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    command: str,
) -> None:
    parts = []

    def interrupted(received: _Received, _: object) -> None:
        if not parts:
            parts.extend(tmp_path.glob("out/film.mp4.*.part"))
            os.kill(os.getpid(), number)

    monkeypatch.setattr(_Received, "append", interrupted)
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)
    rest = [job.name] if command == "download" else ["--text", "Hi", "--reference", photo]

    result = s2v(command, *rest, "-o", tmp_path / "out" / "film.mp4", gateway=gateway)

    assert result.exit_code == 130
    assert parts
    assert list((tmp_path / "out").iterdir()) == []
