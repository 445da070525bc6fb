"""What is told of the machine, and what of the wishes it cannot have."""

from pathlib import Path

import pytest

from s2v.compat import planning
from s2v.compat.machine import gpus, host

TOLD = """0, NVIDIA H100, 81559, 1024, 37
1, NVIDIA GB10, [N/A], [N/A], 5
"""
ONE = [{"id": 0}]


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's program that tells what stands in a file, and fails without it."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/told\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "told"


def test_gpus_are_told_as_their_driver_tells_of_them(driver: Path) -> None:
    driver.write_text(TOLD)
    first, second = gpus()
    assert first == {
        "id": 0,
        "name": "NVIDIA H100",
        "memory_total_gb": 81559 / 1024,
        "memory_used_gb": 1.0,
        "utilization_percent": 37.0,
    }
    assert (second["memory_total_gb"], second["utilization_percent"]) == (None, 5.0)


def test_a_driver_that_fails_has_no_gpus(driver: Path) -> None:
    assert gpus() == []


def test_the_host_tells_how_busy_it_is() -> None:
    told = host()
    assert told["cpu_count"] >= 1
    assert 0 <= told["cpu_percent"] <= 100


def test_more_gpus_than_there_are_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "gpus", lambda: ONE)
    assert planning.gpus_to_use(None) == (1, [])
    assert planning.gpus_to_use(1) == (1, [])
    used, [notice] = planning.gpus_to_use(4)
    assert (used, notice) == (1, "4 GPUs are asked for, and this machine has 1: 1 are used")
    with pytest.raises(ValueError, match="num_gpus is -1"):
        planning.gpus_to_use(-1)


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints with one in it, and the packages that read it."""
    folder = tmp_path / "checkpoints" / "Wan2.2-S2V-14B"
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    return folder


def test_a_checkpoint_is_found_in_its_folder_or_beneath(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "gpus", lambda: ONE)
    for given in (checkpoint, checkpoint.parent, str(checkpoint)):
        start = planning.planned_start(None, given)
        assert start.notices == []
        assert start.settings["S2V_RENDER_WAN_CHECKPOINT"] == str(checkpoint)
        assert start.settings["S2V_RENDER_ENGINE"] == "wan"
    monkeypatch.setenv("WAN_CHECKPOINT_DIR", str(checkpoint))
    assert planning.planned_start(None, None).settings["S2V_RENDER_ENGINE"] == "wan"


def test_a_checkpoint_that_cannot_be_used_is_told_with_the_reason(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "gpus", list)
    start = planning.planned_start(None, checkpoint)
    assert start.settings["S2V_RENDER_ENGINE"] == "portrait"
    assert "the engine wan needs a GPU; films are made by the engine portrait" in start.notices[0]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 's2v[wan]'" in planning.planned_start(None, checkpoint).notices[0]
    assert "there is none" in planning.planned_start(None, checkpoint / "none").notices[0]
