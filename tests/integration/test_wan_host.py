"""What of the host's memory can be had, as the system tells it."""

import sys
from pathlib import Path

import pytest

from s2v_render.engines.wan.host import free_host_bytes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 99 kB\nMemAvailable:   64 kB\n")
    return tmp_path


def test_a_machine_gives_what_is_available(root: Path) -> None:
    assert free_host_bytes(root) == 64 * 1024


def test_a_container_gives_no_more_than_its_limit_leaves(root: Path) -> None:
    group = root / "sys/fs/cgroup"
    (group / "memory.max").write_text("50000\n")
    (group / "memory.current").write_text("30000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 20000\n")
    assert free_host_bytes(root) == 40_000
    (group / "memory.max").write_text("max\n")
    assert free_host_bytes(root) == 64 * 1024


def test_where_nothing_is_told_everything_is_trusted(tmp_path: Path) -> None:
    assert free_host_bytes(tmp_path) == sys.maxsize
    assert free_host_bytes() > 0
