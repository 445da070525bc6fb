"""The real services over HTTP, with the README's own command."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from installations import Installation
from s2v.media.video import decode_frames

README = Path("README.md").absolute()


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "240", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_readmes_curl_makes_a_film(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [line] = re.findall(r"^curl (.*/api/generate.*)$", README.read_text(), re.M)
    shutil.copy("libs/s2v/samples/portrait.jpg", tmp_path / "me.jpg")
    monkeypatch.chdir(tmp_path)
    answer = curl(*shlex.split(line.replace("127.0.0.1:5003", installation.http)))
    task = json.loads(answer)["task_id"]
    url = f"http://{installation.http}"

    events = curl(f"{url}/v1/jobs/{task.removeprefix('task_')}/events")
    curl("-o", "film.mp4", f"{url}/api/download/{task}")

    assert "event: progress" in events
    assert "event: preview" in events
    assert "event: end" in events
    told = json.loads(curl(f"{url}/api/status/{task}"))
    assert told["status"] == "completed"
    assert told["timing"]["total_time"] > 0
    assert sum(1 for _ in decode_frames(Path("film.mp4"))) > 25


def test_a_film_is_read_live_in_fragments(installation: Installation, tmp_path: Path) -> None:
    url = f"http://{installation.http}"
    form = ["-F", "text=This is read while it is made.", "-F", "with_media=true"]
    task = json.loads(curl(f"{url}/api/generate", *form))["task_id"]
    film = tmp_path / "live.mp4"
    media = f"{url}/v1/jobs/{task.removeprefix('task_')}/media"
    kind = curl("-o", str(film), "-w", "%{content_type}", media)
    assert re.fullmatch(r'video/mp4; codecs="avc1\.[0-9a-f]{6}, mp4a\.40\.2"', kind)
    assert film.read_bytes()[4:8] == b"ftyp"
    assert b"moof" in film.read_bytes()
    assert sum(1 for _ in decode_frames(film)) > 25


def test_the_gateway_tells_where_it_is_over_http(installation: Installation) -> None:
    info = json.loads(curl(f"http://{installation.http}/api/info"))
    assert info["service"] == "S2V"
    assert info["port"] == int(installation.http.rpartition(":")[2])
    assert info["gpus"] >= 1
    queue = json.loads(curl(f"http://{installation.http}/api/queue"))
    assert {gpu["busy"] for gpu in queue["gpus"].values()} <= {True, False}
