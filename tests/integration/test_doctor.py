"""The doctor's checks tell bad from good and say what to do."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s2v.testing.fakes_heygem import container
from s2v_cli.checks import (
    Level,
    check_checkpoint,
    check_containers,
    check_disk,
    check_memory,
    check_port,
    check_python,
    check_writable,
)
from s2v_cli.main import app


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 10), Level.FAIL),
        ((3, 11), Level.PASS),
        ((3, 12), Level.PASS),
        ((3, 14), Level.WARN),
    ],
)
def test_pythons_that_are_too_old_fail_and_untried_ones_warn(
    version: tuple[int, int], level: Level
) -> None:
    finding = check_python(version)
    assert finding.level is level
    assert bool(finding.remedy) is (level is not Level.PASS)


def test_a_free_port_passes_and_one_that_something_else_holds_fails() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        assert check_port(address).level is Level.FAIL
    assert check_port(address).level is Level.PASS


@pytest.mark.parametrize(
    ("kilobytes", "level"),
    [(512 * 1024, Level.FAIL), (2 * 1024**2, Level.WARN), (8 * 1024**2, Level.PASS)],
)
def test_little_memory_warns_and_very_little_fails(
    tmp_path: Path, kilobytes: int, level: Level
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal: 99 kB\nMemAvailable:   {kilobytes} kB\n")
    assert check_memory(meminfo).level is level


def test_the_disk_is_looked_at_where_the_home_will_be(tmp_path: Path) -> None:
    assert str(tmp_path / "not" / "yet") in check_disk(tmp_path / "not" / "yet").fact


@pytest.mark.parametrize("missing", [True, False])
def test_what_cannot_be_written_is_never_to_be_given_away(
    monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)

    finding = check_writable(Path("/no/such/s2v") if missing else Path("/usr"))

    assert finding.level is Level.FAIL
    assert finding.remedy == "set S2V_HOME to a folder of yours"


@pytest.mark.parametrize("home", [None, ""])
def test_a_user_without_a_home_directory_is_told_to_name_a_folder(
    monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    def unlisted(_: int) -> None:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.delenv("S2V_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("pwd.getpwuid", unlisted)

    doctor, serve = CliRunner().invoke(app, ["doctor"]), CliRunner().invoke(app, ["serve"])

    assert doctor.exit_code == 1
    assert (
        "FAIL  store: this user has no home directory\n      set S2V_HOME to a folder of yours\n"
    ) in doctor.stdout
    assert serve.exit_code == 2
    assert serve.stderr == (
        "Error: S2V_HOME: this user has no home directory; set S2V_HOME to a folder of yours\n"
    )


def test_a_home_of_nobody_is_refused_in_clear_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_HOME", "~nobody-of-this-name/s2v")
    assert "there is no such home directory" in CliRunner().invoke(app, ["doctor"]).stdout
    result = CliRunner().invoke(app, ["serve", "--home", "~nobody-of-this-name/s2v"])
    assert result.exit_code == 2
    assert "--home: ~nobody-of-this-name/s2v: there is no such home directory" in result.stderr


def test_a_folder_that_cannot_be_written_ends_serve_with_what_to_do() -> None:
    result = CliRunner().invoke(app, ["serve", "--home", "/proc/s2v"])
    assert result.exit_code == 2
    assert "--home: cannot write to /proc/s2v: " in result.stderr
    assert "choose another folder, here or by S2V_HOME" in result.stderr


@pytest.mark.parametrize(
    ("checkpoint", "level", "fact"),
    [
        ("", Level.PASS, "not offered"),
        ("random:tiny", Level.WARN, "random weights"),
        ("no/such/folder", Level.FAIL, "there is no folder no/such/folder"),
        ("tests", Level.PASS, "offered, with tests"),
    ],
)
def test_a_checkpoint_that_is_not_there_fails(
    monkeypatch: pytest.MonkeyPatch, checkpoint: str, level: Level, fact: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)

    finding = check_checkpoint(checkpoint)

    assert finding.level is level
    assert fact in finding.fact
    assert bool(finding.remedy) is (level is not Level.PASS)


def test_containers_that_do_not_answer_are_named(tmp_path: Path) -> None:
    file = tmp_path / "heygem.toml"
    assert check_containers("").level is Level.PASS
    assert check_containers(str(file)).level is Level.FAIL
    with container(tmp_path / "gpu0") as here, container(tmp_path / "gpu1") as there:
        file.write_text(
            "".join(
                f'[[containers]]\nname = "{name}"\nurl = "{fake.url}"\ndata_dir = "{name}"\n'
                for name, fake in (("gpu0", here), ("gpu1", there))
            )
        )
        well = check_containers(str(file))
        there.kill()
        ill = check_containers(str(file))

    assert (well.level, well.fact) == (Level.PASS, "offered, containers that answer: 2")
    assert (ill.level, ill.fact) == (
        Level.WARN,
        "of 2 containers these do not answer: gpu1",
    )
    assert ill.remedy


def test_a_checkpoint_without_the_packages_that_read_it_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    finding = check_checkpoint("tests")

    assert finding.level is Level.FAIL
    assert "pip install 's2v[wan]'" in finding.remedy
