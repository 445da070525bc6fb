"""The commands of docs/operations.md do what the page says."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s2v.testing.fakes_gateway import FakeGateway
from s2v_cli.main import app

BLOCKS = re.findall(r"```\n(.*?)```", Path("docs/operations.md").read_text("utf-8"), re.DOTALL)
COMMANDS = [
    line
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("s2v ")  # those within loops are among them
]
ENDS_WITH_1 = {"s2v status", "s2v doctor --server 127.0.0.1:50051"}
"""The gateway in memory says that render is away."""


@pytest.fixture
def there(gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the address of a gateway that every command finds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("S2V_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("S2V_SERVER", gateway.address)
    return gateway.address


def test_there_are_commands_to_be_tried() -> None:
    assert len(COMMANDS) >= 9


@pytest.mark.parametrize("command", [line for line in COMMANDS if line != "s2v doctor"])
def test_a_command_does_its_work(there: str, command: str) -> None:
    arguments = shlex.split(command.replace("127.0.0.1:50051", there))[1:]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == (1 if command in ENDS_WITH_1 else 0), done.output


def test_the_doctor_looks_at_this_machine(there: str) -> None:
    assert "settings: in order" in CliRunner().invoke(app, ["doctor"]).stdout


def backup_commands() -> Iterator[str]:
    for block in BLOCKS:
        yield from (line for line in block.splitlines() if line.startswith("tar "))


def test_a_backup_brings_back_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "tmp").mkdir(parents=True)
    (first / "tmp" / "half.mp4").write_bytes(b"x")
    (first / "artifacts").mkdir()
    (first / "artifacts" / "film").write_bytes(b"film")
    second.mkdir()
    monkeypatch.setenv("S2V_HOME", str(first))
    assert CliRunner().invoke(app, ["keys", "create", "ann"]).exit_code == 0
    save, restore = backup_commands()
    for command, home in ((save, first), (restore, second)):
        subprocess.run(
            ["bash", "-euc", command],
            cwd=tmp_path,
            env={**os.environ, "S2V_HOME": str(home)},
            check=True,
        )
    monkeypatch.setenv("S2V_HOME", str(second))
    listed = CliRunner().invoke(app, ["keys", "list"])
    assert "local/ann" in listed.stdout
    assert (second / "artifacts" / "film").read_bytes() == b"film"
    assert not (second / "tmp").exists()
