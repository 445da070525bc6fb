"""What commands print for programs, and how they end when nobody takes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import s2v
from disks import filled, small_disk_at
from s2v.api.gateway.v1 import job_pb2
from s2v.testing.fakes_gateway import FILM, FakeGateway


@pytest.mark.parametrize(
    "arguments",
    [
        ["jobs"],
        ["jobs", "--json"],
        ["assets"],
        ["voices"],
        ["engines"],
        ["status"],
        ["status", "--json"],
        ["--help"],
        ["make", "--help"],
        ["--version"],
    ],
)
def test_a_closed_pipe_ends_a_command_quietly(gateway: FakeGateway, arguments: list[str]) -> None:
    for _ in range(3):
        gateway.finish(gateway.add_job(job_pb2.JobSpec(display_name="x" * 200)))
    source, drain = os.pipe()
    os.close(source)

    ended = _ran(arguments, gateway, stdout=drain)

    os.close(drain)
    assert ended.stderr == ""
    assert ended.returncode in (0, 1, 141)
    if arguments == ["jobs"]:
        assert ended.returncode == 141


def test_a_film_is_made_although_nobody_listens_how(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    output = tmp_path / "film.mp4"
    source, drain = os.pipe()
    os.close(source)

    ended = _ran(
        ["make", "--text", "Hi", "--reference", str(photo), "-o", str(output)],
        gateway,
        stdout=subprocess.PIPE,
        stderr=drain,
    )

    os.close(drain)
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"{output}: 4.00 s")
    assert output.read_bytes() == FILM


def test_output_that_finds_no_room_is_an_error(gateway: FakeGateway, tmp_path: Path) -> None:
    with (
        small_disk_at(tmp_path) as disk,
        (disk.folder / "output").open("w") as output,
        filled(disk),
    ):
        ended = _ran(["voices"], gateway, stdout=output.fileno())
    assert ended.returncode == 1
    assert ended.stderr == "Error: standard output: No space left on device\n"


def test_what_the_gateway_has_is_printed_as_one_document(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec(display_name="Grüße"))
    gateway.finish(job)

    jobs = json.loads(s2v("jobs", "--json", gateway=gateway).stdout)
    one = json.loads(s2v("jobs", job.name, "--json", gateway=gateway).stdout)
    assets = json.loads(s2v("assets", "--json", gateway=gateway).stdout)
    voices = json.loads(s2v("voices", "--json", gateway=gateway).stdout)
    engines = json.loads(s2v("engines", "--json", gateway=gateway).stdout)

    assert [listed["name"] for listed in jobs["jobs"]] == [job.name]
    assert jobs["jobs"][0] == one
    assert (one["state"], one["spec"]["display_name"]) == ("JOB_STATE_SUCCEEDED", "Grüße")
    assert [asset["name"] for asset in assets["assets"]] == [job.film.asset]
    assert voices["voices"][0]["name"] == "voices/nobody"
    assert engines["engines"][0]["presets"][0]["name"] == "fast"


def test_there_may_be_nothing_in_a_document(gateway: FakeGateway) -> None:
    assert json.loads(s2v("jobs", "--json", gateway=gateway).stdout)["jobs"] == []


def test_the_status_is_a_document_with_the_same_exit_code(gateway: FakeGateway) -> None:
    result = s2v("status", "--json", gateway=gateway)

    assert result.exit_code == 1
    status = json.loads(result.stdout)
    away = [service["name"] for service in status["services"] if not service["serving"]]
    assert away == ["render"]
    assert status["version"]
    assert status["workers"][0]["name"] == "worker-0"


def test_the_version_is_said_without_a_server() -> None:
    result = s2v("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("s2v 0.")


def test_make_says_nothing_but_errors_when_it_is_to_be_quiet(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    output = tmp_path / "film.mp4"
    command = ("make", "--quiet", "--text", "Hi", "--reference", photo, "-o", output)

    made, refused = s2v(*command, gateway=gateway), s2v(*command, gateway=gateway)

    assert (made.exit_code, made.output) == (0, "")
    assert output.read_bytes() == FILM
    assert refused.exit_code == 2
    assert "exists; replace it with --force" in refused.stderr


def _ran(
    arguments: list[str], gateway: FakeGateway, *, stdout: int, stderr: int = subprocess.PIPE
) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "S2V_SERVER": gateway.address}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        [sys.executable, "-m", "s2v_cli.main", *arguments],
        env=environment,
        stdout=stdout,
        stderr=stderr,
        text=True,
        timeout=60,
        check=False,
    )
