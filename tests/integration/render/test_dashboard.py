"""Ray's dashboard is served only where the operator says so, and to who has its token."""

import inspect
import json
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from s2v.rpc.settings import BadSettings, checked_settings
from s2v_render.settings import RenderSettings
from s2v_render.workers import dashboard
from s2v_render.workers.cluster import RayCluster

# Ray reads its environment when it is imported, which the cluster must have made before.
pytestmark = pytest.mark.usefixtures("ray_cluster")
INSTALLED = all(map(dashboard._is_installed, dashboard._PACKAGES))
SERVING = """
import asyncio, sys
from s2v.rpc.logs import configure_logs
from s2v_render.workers.cluster import RayCluster

async def serve():
    cluster = RayCluster(1, "127.0.0.1:0")
    await cluster.start()
    sys.stdin.read()
    await cluster.stop()

configure_logs("render", "INFO")
asyncio.run(serve())
"""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(dashboard, "_PACKAGES", ("json",))


def refused(monkeypatch: pytest.MonkeyPatch, listen: str, **environment: str) -> str:
    """Return what is said of a setting; "" where nothing is wrong with it."""
    monkeypatch.setenv("S2V_RENDER_RAY_DASHBOARD", listen)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        checked_settings(RenderSettings)
    except BadSettings as error:
        return str(error)
    return ""


def test_nobody_is_served_unasked() -> None:
    assert RenderSettings().ray_dashboard == ""


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.of.it"])
def test_where_it_is_not_installed_that_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(dashboard, "_PACKAGES", ("json", package))
    said = refused(monkeypatch, "8265")
    assert said.startswith("bad setting S2V_RENDER_RAY_DASHBOARD: Ray's dashboard is not installed")
    assert "pip install 's2v[dashboard]'" in said


def test_what_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "'nowhere' is no address" in refused(monkeypatch, "nowhere")


def test_another_s_ray_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "RAY_ADDRESS" in refused(monkeypatch, "8265", RAY_ADDRESS="auto")


@pytest.mark.parametrize("listen", ["8265", "localhost:8265", "127.0.0.9:8265", "[::1]:8265"])
def test_a_ray_without_tokens_shows_it_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, listen: str
) -> None:
    assert refused(monkeypatch, listen, RAY_AUTH_MODE="disabled") == ""


@pytest.mark.parametrize("listen", ["0.0.0.0:8265", "[::]:8265", "films.example.org:8265"])
def test_a_ray_without_tokens_shows_it_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, listen: str
) -> None:
    assert refused(monkeypatch, listen) == ""
    assert "could run programs" in refused(monkeypatch, listen, RAY_AUTH_MODE="disabled")


async def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"cannot listen on {port} for Ray's dashboard"):
            await RayCluster(1, str(port)).start()


def told(listen: str, folder: Path) -> tuple[list[Any], dict[str, Any]]:
    """Start a Ray of ours with its dashboard; return what is logged, and what Ray was told."""
    options: dict[str, Any] = {}

    def init(**given: Any) -> SimpleNamespace:
        options.update(given)
        return SimpleNamespace(dashboard_url="127.0.0.1:8265")

    with capture_logs() as logs:
        dashboard.started(listen, folder, init, num_cpus=1)
    return logs, options


def test_its_token_lies_where_only_we_can_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    [line], options = told("8265", tmp_path)
    file = Path(line["token_file"])
    assert file.read_text() == "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in str(line)
    assert (options["dashboard_host"], options["dashboard_port"]) == ("127.0.0.1", 8265)
    assert options["num_cpus"] == 1


def test_a_token_of_the_operator_s_own_stays_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/etc/s2v/ray_token")
    [line], _ = told("8265", tmp_path)
    assert line["token_file"] == "/etc/s2v/ray_token"


def test_other_machines_reach_it_only_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    [line], _ = told("127.0.0.1:8265", tmp_path)
    assert line["log_level"] == "info"
    [_, warning], _ = told("0.0.0.0:8265", tmp_path)
    assert warning["log_level"] == "warning"
    assert "other machines" in warning["event"]


def test_it_alone_finds_a_home_that_tells_no_cloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ray._private import services

    assert {"process_type", "env_updates"} <= inspect.signature(
        services.start_ray_process
    ).parameters.keys()
    homes = {}

    def start(_: list[str], kind: str, **options: Any) -> None:
        homes[kind] = (options.get("env_updates") or {}).get("HOME")

    def init(**_: Any) -> SimpleNamespace:
        services.start_ray_process(["raylet"], "raylet", fate_share=True)
        services.start_ray_process(["dashboard"], "dashboard", fate_share=True)
        return SimpleNamespace(dashboard_url="")

    monkeypatch.setattr(services, "start_ray_process", start)
    dashboard.started("8265", tmp_path, init)
    assert homes == {"raylet": None, "dashboard": str(tmp_path)}
    assert json.loads((tmp_path / "ray_bootstrap_config.yaml").read_text()) == {}
    assert services.start_ray_process is start


@pytest.fixture
def served() -> Iterator[tuple[str, str]]:
    """The address of a real dashboard, and its token."""
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = (json.loads(line) for line in process.stderr if line.startswith(b"{"))
        found = next(line for line in lines if "token_file" in line)
        yield f"http://{found['address']}", Path(found["token_file"]).read_text()
        process.communicate(b"")


@pytest.mark.skipif(not INSTALLED, reason="the extra `dashboard` is not installed")
def test_a_real_one_is_for_who_has_its_token(served: tuple[str, str]) -> None:
    address, token = served

    def status(path: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert status("/", "") == 200
    for path in ("/nodes?view=summary", "/api/jobs/", "/api/version"):
        assert [status(path, shown) for shown in ("", "x" * 64, token)] == [401, 403, 200]
