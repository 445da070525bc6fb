"""A local Ray that does not start in its time gets another try."""

from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from processes import children_of, command_of
from s2v_render.workers import cluster


class Slow:
    """A Ray that starts at the third try."""

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.folders: list[Path] = []
        self.shut_down = 0

    def init(self, *, _temp_dir: str, **_: Any) -> None:
        self.folders.append(Path(_temp_dir))
        if len(self.folders) < self.needed:
            raise Exception("The current node timed out during startup.")

    def shutdown(self) -> None:
        self.shut_down += 1


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.usefixtures("local")
async def test_ray_is_started_again_in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = Slow(3)
    monkeypatch.setattr(cluster, "_import_ray", lambda: ray)
    one = cluster.RayCluster(1)
    await one.start()
    assert len(set(ray.folders)) == 3
    assert [folder.parent.exists() for folder in ray.folders] == [False, False, True]
    await one.stop()
    assert not ray.folders[-1].parent.exists()


@pytest.mark.usefixtures("local")
async def test_a_ray_that_never_starts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = Slow(9)
    monkeypatch.setattr(cluster, "_import_ray", lambda: ray)
    with pytest.raises(Exception, match="timed out during startup"):
        await cluster.RayCluster(1).start()
    assert len(ray.folders) == ray.shut_down == 3
    assert not any(folder.parent.exists() for folder in ray.folders)


@pytest.mark.usefixtures("ray_cluster")
def test_ray_waits_for_nothing_that_its_agents_would_tell(tmp_path: Path) -> None:
    from ray._private import services  # not before the cluster has made its environment

    started: dict[str, Any] = {}

    def start(node_id: str, session_dir: str, **options: Any) -> None:
        started.update(options, told={one.name: one.read_text() for one in tmp_path.iterdir()})

    # Ray's own, be it wrapped already or not.
    [real] = getattr(services.start_raylet, "args", [services.start_raylet])
    assert {"node_id", "session_dir", "runtime_env_agent_port"} <= set(signature(real).parameters)
    cluster._start_raylet(start, "ab" * 28, session_dir=str(tmp_path), runtime_env_agent_port=0)
    assert started["runtime_env_agent_port"] > 0
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")
    assert started["told"] == {f"{name}_{'ab' * 28}": "-1" for name in names}


@pytest.mark.usefixtures("ray_cluster")
def test_ray_starts_neither_agents_nor_what_would_start_machines() -> None:
    started: dict[str, list[Any]] = cluster._node().all_processes
    assert set(started) == {"gcs_server", "log_monitor", "raylet"}
    raylet = started["raylet"][0].process.pid
    programs = [command_of(child) for child in children_of(raylet)]
    assert programs.count("cat") == 2
    assert not [program for program in programs if "agent" in program.lower()]
