"""The commands of docs/http.md do what it says."""

import asyncio
import re
import shutil
from pathlib import Path

from gateway_world import wav
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.films import OPTIONS
from web_world import Web

PAGE = Path("docs/http.md").read_text(encoding="utf-8")


async def test_every_command_runs(web: Web, tmp_path: Path) -> None:
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S))
    assert commands.count("curl") > 20
    await asyncio.to_thread(shutil.copy, "libs/s2v/samples/portrait.jpg", tmp_path / "me.jpg")
    await asyncio.to_thread((tmp_path / "voice.wav").write_bytes, wav())
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", commands.replace("127.0.0.1:5003", web.running.http)),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    assert b"FIELD_INVALID" not in out
    assert b'"success":false' not in out
    for name in ("film.mp4", "video.mp4"):
        assert (tmp_path / name).stat().st_size


def test_every_setting_that_is_named_is_there() -> None:
    named = {name.lower() for name in re.findall(r"S2V_GATEWAY_(\w+)", PAGE)}
    assert named
    assert named <= set(GatewaySettings.model_fields)


def test_every_field_of_the_form_is_named() -> None:
    assert {name for name in OPTIONS if f"`{name}`" not in PAGE} == set()
