"""What s2v.toml says reaches the services of `s2v serve` and of `s2v make`."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from s2v_cli.main import app

PORTRAIT = "libs/s2v/samples/portrait.jpg"


def test_served_services_have_what_the_file_says_and_the_doctor_finds_them_well(
    equipped: Any,
) -> None:
    with equipped.installation.client() as client:
        assert client.server_info().max_queued_jobs == 7
        assert len(client.system_status().workers) == 1
    told = CliRunner().invoke(app, ["doctor", "--server", equipped.installation.address])
    assert told.exit_code == 0, told.stdout
    assert "FAIL" not in told.stdout
    for service in ("tts", "render", "compositor"):
        assert f"PASS  {service}: serving, s2v {version('s2v')}\n" in told.stdout
    assert "PASS  clock: of gateway: within 2 s\n" in told.stdout
    assert "workers: 1 of 1 can render\n" in told.stdout
    for place in ("gateway", "store"):
        assert f" GiB free for the {place} (" in told.stdout


def test_a_film_made_on_its_own_has_what_the_file_says_but_for_what_lasts(tmp_path: Path) -> None:
    lasting = tmp_path / "lasting"
    file = tmp_path / "s2v.toml"
    arguments = ["make", "--text", "Hello.", "--reference", PORTRAIT, "--size", "256x256"]
    program = (
        "import s2v_cli.connecting as connecting, s2v_cli.main as main;"
        f"connecting.DEFAULT_ADDRESS = 'unix:{tmp_path}/none.sock'; main.main()"
    )

    def make(film: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", program, *arguments, "-o", str(tmp_path / film)],
            env={**os.environ, "S2V_CONFIG": str(file), "S2V_GATEWAY_MEASURE_FILMS": "false"},
            capture_output=True,
            text=True,
            check=False,
        )

    file.write_text(
        f"[gateway]\ndata_dir = '{lasting}'\ndatabase_url = 'sqlite:///{lasting}/none/x.db'\n"
        f"access = 'closed'\nstore_url = '{lasting}/store'\n[render]\nworkers = 1\n"
    )
    made = make("film.mp4")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert not lasting.exists()

    file.write_text("[tts]\nbackend = 'nobody'\n")
    refused = make("other.mp4")
    assert refused.returncode == 1
    assert "bad setting S2V_TTS_BACKEND: no backend 'nobody'; there are: " in refused.stderr
