"""The founding document's command lines, as `s2v make`, against a gateway in memory."""

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from command_line import PHOTO, s2v
from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput
from s2v.media.pcm import wav_bytes
from s2v.testing.fakes_gateway import FILM, FakeGateway
from s2v_cli import logbook
from s2v_cli.aliases import SERVICE_LOGS, with_aliases
from s2v_cli.local import service_specs

PAGE = Path("docs/compat.md").read_text(encoding="utf-8")
COMMANDS = [
    "--image portrait.jpg --audio speech.wav --prompt 'A person giving a presentation' "
    "--output presentation_video",
    "--image portrait.jpg --audio speech.wav --prompt 'Professional speaker at conference' "
    "--quality high --width 1280 --height 720 --fps 30 --enhance-quality --optimize-streaming",
    "--image portrait.jpg --audio speech.wav --prompt 'Generated video content' --gpus 4 "
    "--quality high --output-dir production/outputs --log-level INFO --save-stats",
    "--image portrait.jpg --audio speech.wav --prompt 'Profile test' --log-level DEBUG "
    "--save-stats",
    "--image portrait.jpg --audio speech.wav --prompt 'Test generation' --output test_video "
    "--quality low",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "portrait.jpg").write_bytes(PHOTO)
    (tmp_path / "speech.wav").write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTPUT_DIR", raising=False)
    return tmp_path


def only_spec(gateway: FakeGateway) -> job_pb2.JobSpec:
    (job,) = gateway.jobs.values()
    return job.spec


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_s_commands_make_films(
    gateway: FakeGateway, folder: Path, command: str
) -> None:
    result = s2v("make", *shlex.split(command), gateway=gateway)
    assert result.exit_code == 0, result.output
    films = [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == FILM]
    assert len(films) == 1
    assert "note: the engine fake takes no prompt; it is left out" in result.stderr
    assert not only_spec(gateway).prompt


def test_every_option_says_what_ours_say(gateway: FakeGateway, folder: Path) -> None:
    result = s2v("make", *shlex.split(COMMANDS[1]), gateway=gateway)
    assert result.exit_code == 0, result.output
    spec = only_spec(gateway)
    assert (spec.width_pixels, spec.height_pixels, spec.frame_rate) == (1280, 720, 30)
    assert spec.preset == "fast"
    assert spec.finish == finish_pb2.Finish(denoise=True, sharpen=True, bits_per_second=2_000_000)
    assert (folder / "outputs" / "portrait.mp4").read_bytes() == FILM


def test_a_second_film_without_a_name_gets_another(gateway: FakeGateway, folder: Path) -> None:
    for _ in range(2):
        assert s2v("make", *shlex.split(COMMANDS[1]), gateway=gateway).exit_code == 0
    assert sorted(os.listdir("outputs")) == ["portrait-2.mp4", "portrait.mp4"]


def test_a_quality_has_a_size_unless_one_is_given(gateway: FakeGateway, folder: Path) -> None:
    assert s2v("make", *shlex.split(COMMANDS[4]), gateway=gateway).exit_code == 0
    spec = only_spec(gateway)
    assert (spec.width_pixels, spec.height_pixels) == (320, 240)


def test_statistics_have_the_document_s_keys(gateway: FakeGateway, folder: Path) -> None:
    result = s2v("make", *shlex.split(COMMANDS[2]), gateway=gateway)
    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    path = Path("production/outputs") / f"detailed_stats_{job.name.rpartition('/')[2]}.json"
    found = json.loads(path.read_text())
    assert found["system_stats"]["worker_stats"]["worker-0"]["average_processing_time"] == 4.25
    assert found["generation_time"] > 0
    assert found["output_path"] == "production/outputs/portrait.mp4"
    assert found["stage_seconds"] == {"speak": 1.25, "render": 8.5}
    assert found["dominant_stage"] == "render"
    assert f"{path}: what it took" in result.stdout
    assert "note: --gpus and --log-level: left to the gateway" in result.stderr


def test_the_page_s_commands_run(gateway: FakeGateway, folder: Path) -> None:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    blocks = [text for language, text in found if not language]
    (films,) = (block for block in blocks if block.startswith("image,"))
    Path("films.csv").write_text(films)
    for link in ("me.jpg", "monday.wav", "tuesday.wav"):
        Path(link).symlink_to("portrait.jpg" if link == "me.jpg" else "speech.wav")
    commands = "".join(blocks).replace("\\\n", "").splitlines()
    commands = [command for command in commands if command.startswith("s2v ")]
    assert len(commands) == 3
    for command in commands:
        result = s2v(*shlex.split(command)[1:], gateway=gateway)
        assert result.exit_code == 0, result.output
    assert {path.name for path in Path("films").glob("*.mp4")} == {
        "me.mp4",
        "monday.mp4",
        "tuesday.mp4",
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--quality low --preset fast", "--quality: says the same as --preset; give one"),
        ("--width 640 --height 480 --size 640x480", "--width: says the same as --size; give one"),
        ("--width 640", "--width: give --height, too"),
        ("--height 640", "--height: give --width, too"),
        ("--quality best", "--quality: there is no quality 'best'; use one of: low, medium"),
    ],
)
def test_what_is_said_twice_or_by_half_is_refused(
    gateway: FakeGateway, folder: Path, options: str, problem: str
) -> None:
    command = f"--image portrait.jpg --text Hello. -o f.mp4 {options}"
    result = s2v("make", *shlex.split(command), gateway=gateway)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert not gateway.jobs


def test_directions_for_an_engine_that_was_named_are_its_own_affair(
    gateway: FakeGateway, folder: Path
) -> None:
    command = "--image portrait.jpg --text Hello. -o f.mp4 --engine fake --prompt calm"
    assert s2v("make", *shlex.split(command), gateway=gateway).exit_code == 0
    assert only_spec(gateway).prompt == "calm"


def test_a_name_lies_in_the_folder_and_ends_as_films_do(gateway: FakeGateway, folder: Path) -> None:
    command = "--image portrait.jpg --text Hello. --output talk --output-dir films"
    assert s2v("make", *shlex.split(command), gateway=gateway).exit_code == 0
    assert Path("films/talk.mp4").read_bytes() == FILM


def test_the_folder_for_films_may_stand_in_the_environment(
    gateway: FakeGateway, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", "elsewhere")
    command = "--image portrait.jpg --text Hello."
    assert s2v("make", *shlex.split(command), gateway=gateway).exit_code == 0
    assert Path("elsewhere/portrait.mp4").read_bytes() == FILM


def test_the_document_s_names_of_the_environment_are_ours() -> None:
    found = with_aliases({"WAN_CHECKPOINT_DIR": "/models/wan", "LOG_LEVEL": "debug"})
    assert found["S2V_RENDER_WAN_CHECKPOINT"] == "/models/wan"
    assert {found[name] for name in SERVICE_LOGS} == {"DEBUG"}
    assert "S2V_RENDER_RAY_DASHBOARD" not in found


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"HOST": "0.0.0.0", "PORT": "8265"}, "0.0.0.0:8265"),
        ({"PORT": "9000"}, "127.0.0.1:9000"),
        ({"HOST": "127.0.0.1"}, "127.0.0.1:8265"),
    ],
)
def test_the_document_s_dashboard_is_ours(given: dict[str, str], address: str) -> None:
    found = with_aliases({f"RAY_DASHBOARD_{part}": value for part, value in given.items()})
    assert found["S2V_RENDER_RAY_DASHBOARD"] == address


def test_our_own_names_go_before_and_other_programs_values_are_let_be() -> None:
    own = {"S2V_RENDER_WAN_CHECKPOINT": "", "S2V_TTS_LOG_LEVEL": "ERROR"}
    given = {"WAN_CHECKPOINT_DIR": "/models/wan", "LOG_LEVEL": "INFO", **own}
    assert with_aliases(given).items() >= own.items()
    assert with_aliases({"LOG_LEVEL": "trace"}) == {"LOG_LEVEL": "trace"}


def test_services_are_told(tmp_path: Path) -> None:
    environment = {"LOG_LEVEL": "WARNING"}
    specs = service_specs(tmp_path, tmp_path, listen="127.0.0.1:1", environment=environment)
    assert specs[0].environment["S2V_TTS_LOG_LEVEL"] == "WARNING"


def test_logs_go_into_the_folder_that_is_named(tmp_path: Path) -> None:
    folder = logbook.made_log_folder(tmp_path, {"LOG_DIR": str(tmp_path / "logs")})
    assert folder == tmp_path / "logs"
    assert folder.is_dir()
    assert logbook.made_log_folder(tmp_path, {}) == tmp_path


def test_a_folder_for_logs_that_cannot_be_is_named() -> None:
    with pytest.raises(InvalidInput, match="cannot write to /proc/none") as caught:
        logbook.made_log_folder(Path(), {"LOG_DIR": "/proc/none"})
    assert caught.value.field == "LOG_DIR"
