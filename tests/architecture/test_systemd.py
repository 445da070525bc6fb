"""The units of deploy/systemd are what systemd understands, start what there is, and confine it."""

import configparser
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from s2v.rpc.settings import checked_settings
from s2v_cli.configuring import KINDS

FOLDER = Path("deploy/systemd")
UNITS = ("s2v.service", "s2v@tts.service", "s2v.target")
SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The units as they are installed, but for their programs, which are not there."""
    subprocess.run([FOLDER / "install.sh", tmp_path], check=True)
    for unit in (tmp_path / "etc/systemd/system").glob("*.service"):
        unit.write_text(re.sub(r"/usr/local/s2v/bin/\w+", "/bin/true", unit.read_text()))
    return tmp_path


def analyzed(root: Path, *arguments: str) -> str:
    units = f"{root}/etc/systemd/system:/lib/systemd/system"
    done = subprocess.run(
        ["systemd-analyze", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": units},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def unit(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return {name: dict(section) for name, section in parser.items() if section}


@SYSTEMD
@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_against_a_unit(root: Path, name: str) -> None:
    assert analyzed(root, "verify", "--man=no", name) == ""


@SYSTEMD
@pytest.mark.parametrize("name", ["s2v.service", "s2v@render.service"])
def test_a_unit_can_do_little_harm(root: Path, name: str) -> None:
    told = analyzed(root, "security", "--offline=yes", "--no-pager", name)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found is not None
    assert float(found[1]) <= 2.5  # of 10; an ordinary service has 9.6


def test_every_unit_is_confined_and_starts_what_there_is(root: Path) -> None:
    hardening = (FOLDER / "hardening.conf").read_text()
    for name in ("s2v.service", "s2v@.service"):
        assert (root / f"etc/systemd/system/{name}.d/hardening.conf").read_text() == hardening
    confined = unit(FOLDER / "hardening.conf")["Service"]
    assert confined["User"] == "s2v"
    assert confined["ProtectSystem"] == "strict"
    assert confined["NoNewPrivileges"] == "yes"
    assert unit(FOLDER / "s2v.service")["Service"]["ExecStart"] == "/usr/local/s2v/bin/s2v serve"
    parts = unit(FOLDER / "s2v@.service")["Service"]["ExecStart"]
    assert parts == "/usr/local/s2v/bin/python -m s2v_%i.main"
    wanted = re.findall(r"s2v@(\w+)\.service", unit(FOLDER / "s2v.target")["Unit"]["Wants"])
    assert set(wanted) == set(KINDS)
    for service in wanted:
        assert importlib.util.find_spec(f"s2v_{service}.main")


def test_the_services_of_the_file_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_CONFIG", str(FOLDER / "s2v.toml"))
    settings = {name: checked_settings(kind) for name, kind in KINDS.items()}
    gateway = settings.pop("gateway")
    for name, service in settings.items():
        assert service.listen == getattr(gateway, f"{name}_address")
        assert service.listen.startswith("unix:/run/s2v/")


def test_a_file_of_settings_that_is_there_is_left_alone(root: Path) -> None:
    (root / "etc/s2v/s2v.toml").write_text("# mine\n")
    subprocess.run([FOLDER / "install.sh", root], check=True)
    assert (root / "etc/s2v/s2v.toml").read_text() == "# mine\n"
