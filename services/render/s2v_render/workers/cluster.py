"""The Ray that the workers live in: a local one of our own, or the cluster at RAY_ADDRESS."""

import asyncio
import contextlib
import inspect
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

import structlog

from s2v.store.working import WorkFolder
from s2v_render.workers import dashboard
from s2v_render.workers.whole_lines import print_whole_lines

_log = structlog.get_logger()

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Workers write the log lines of this service; they shall arrive as they are.
    "RAY_DISABLE_WORKER_LOG_PREFIX": "1",
    "RAY_DEDUP_LOGS": "0",
    # SIGTERM is how this service is told to drain, not a crash.
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
}
_LOCAL_ENVIRONMENT = {
    # Listen on 127.0.0.1 only; Ray reads this on every system, whatever the name says.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Everybody on this machine can reach that, so it asks for a token, kept in no file.
    "RAY_AUTH_MODE": "token",
    "RAY_enable_metrics_collection": "0",
    # Started by `uv run`, Ray would have workers run by it, too, in environments of their own.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
_OBJECT_STORE_BYTES = 128 * 1024 * 1024
"""Only events travel through Ray; pictures and sound are in the artifact store."""
_AGENTS = ("--dashboard_agent_command", "--runtime_env_agent_command")
_NO_AGENT = "/bin/sh -c 'exec cat'"
"""A program that does nothing, and ends when what started it does; it may get more arguments."""
_VITAL = ("raylet", "gcs_server")
_LOOK_SECONDS = 0.5
_STARTS = 3
"""Tries to start a local Ray, which gives up after 30 seconds: too few on a busy machine."""
_MAX_FOLDER_LENGTH = 40
"""Ray puts Unix sockets 60 characters below its folder; their paths may have 107."""


class RayCluster:
    """Starts Ray at most once, and tells when it is gone.

    A local Ray dies with this process, however it dies: Ray asks the kernel to kill its processes
    with the thread that started them, so that thread is kept for as long as this object.

    Args:
        processors: how many processors the workers of a local Ray may claim together.
        dashboard_listen: where a local Ray serves its dashboard; "" for nowhere.
    """

    def __init__(self, processors: int, dashboard_listen: str = "") -> None:
        self._processors = processors
        self._dashboard_listen = dashboard_listen
        self._thread = ThreadPoolExecutor(1, "ray")
        self._folder: RayFolder | None = None
        self.is_lost = False
        """Whether the local Ray has died."""

    @property
    def is_local(self) -> bool:
        """Whether Ray is our own."""
        return not os.environ.get("RAY_ADDRESS")

    async def start(self) -> None:
        """Start Ray or connect to it; takes seconds.

        Raises:
            SystemExit: the dashboard cannot be served where it shall be.
        """
        if self._dashboard_listen:
            dashboard.look_free(self._dashboard_listen)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._start)

    @property
    def gpus(self) -> list[int]:
        """How many GPUs each machine has for workers; Ray must have started."""
        import ray

        nodes = (node["Resources"] for node in ray.nodes() if node["Alive"])
        return [int(resources.get("GPU", 0)) for resources in nodes]

    async def gone(self) -> None:
        """Return when the local Ray has lost a process that it cannot do without.

        Of a cluster elsewhere, Ray itself keeps watch and ends this process.
        """
        while self._is_whole():  # noqa: ASYNC110 (Ray tells nobody)
            await asyncio.sleep(_LOOK_SECONDS)
        self.is_lost = True

    async def stop(self) -> None:
        """End the local Ray, or what is left of it, or disconnect."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._stop)

    def _start(self) -> None:
        for key, value in _ENVIRONMENT.items():
            os.environ.setdefault(key, value)
        if self.is_local:
            self._start_local()
        else:
            _import_ray().init(configure_logging=False)
        print_whole_lines()

    def _start_local(self) -> None:
        for key, value in _LOCAL_ENVIRONMENT.items():
            os.environ.setdefault(key, value)
        if "RAY_AUTH_TOKEN_PATH" not in os.environ:
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        for tries_left in reversed(range(_STARTS)):
            try:
                self._start_in_new_folder()
            except Exception as error:
                self._stop()
                if not tries_left:
                    raise
                _log.warning("Ray did not start; trying again", cause=str(error))
            else:
                return

    def _start_in_new_folder(self) -> None:
        self._folder = RayFolder()
        ray = _import_ray()
        _leave_monitor_out()
        options = {
            "address": "local",
            "num_cpus": self._processors,
            "configure_logging": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "_temp_dir": str(self._folder.path),
        }
        if self._dashboard_listen:
            dashboard.started(self._dashboard_listen, self._folder.path.parent, ray.init, **options)
        else:
            _leave_dashboard_out()
            ray.init(include_dashboard=False, **options)

    def _is_whole(self) -> bool:
        if not self.is_local:
            return True
        # Nothing public tells it before Ray's own timeouts, which are a minute long.
        node = _node()
        return node is not None and not any(kind in _VITAL for kind, _ in node.dead_processes())

    def _stop(self) -> None:
        if not self.is_lost:  # it would wait for what is gone
            _import_ray().shutdown()
        if self._folder:
            self._folder.remove()
            self._folder = None


def _node() -> Any:
    """Return the processes of the local Ray; None if it has none."""
    from ray._private import worker

    return worker._global_node


def _leave_monitor_out() -> None:
    """Have Ray not start the process that would start machines: nothing public keeps it away."""
    from ray._private import node

    told: Any = node.Node
    told.start_monitor = _no_monitor


def _import_ray() -> Any:
    """Import Ray, which reads its environment now, and let its logs be ours."""
    import ray

    logger = logging.getLogger("ray")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.ERROR)  # its warnings are about how it was started, which is as meant
    return ray


def _leave_dashboard_out() -> None:
    """Have Ray start nothing of it, be it installed or not, and wait for nothing of it."""
    from ray._private import services, utils

    if isinstance(services.start_raylet, partial):
        return
    # Without a dashboard, its process does nothing but ask the addresses where clouds describe
    # their machines, and a name server, whether this is one; no setting keeps it from that.
    services.start_api_server = _no_api_server
    # Where the dashboard is installed, each machine's agent would open ports for it.
    utils.get_dashboard_dependency_error = _no_dashboard
    # Ray would wait until its agents tell their ports, and give up after 15 seconds, which is too
    # little on a busy machine. Without a dashboard they have none, but for one that we can choose.
    services.start_raylet = partial(_start_raylet, services.start_raylet)
    start = services.start_ray_process
    services.start_ray_process = update_wrapper(partial(_start_process, start), start)


def _start_raylet(start: Callable[..., Any], *args: Any, **options: Any) -> Any:
    from ray import _raylet

    told: Any = _raylet
    given = inspect.signature(start).bind(*args, **options).arguments
    for name in (
        told.METRICS_AGENT_PORT_NAME,
        told.METRICS_EXPORT_PORT_NAME,
        told.DASHBOARD_AGENT_LISTEN_PORT_NAME,
    ):
        told.persist_port(given["session_dir"], given["node_id"], name, -1)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    return start(*args, **options | {"runtime_env_agent_port": port})


def _start_process(
    start: Callable[..., Any], command: list[str], *args: Any, **options: Any
) -> Any:
    """Start a process of Ray; a raylet without its agents, a second and 200 MB each.

    Nobody asks for what they do: to measure, for a dashboard, and to install packages for workers.
    A raylet ends when it has none, so it gets what does nothing.
    """
    names = [part.partition("=")[0] for part in command]
    told = [
        f"{name}={_NO_AGENT}" if name in _AGENTS else part
        for name, part in zip(names, command, strict=True)
    ]
    return start(told, *args, **options)


def _no_monitor(_: object) -> None:
    """Start nothing."""


def _no_api_server(*_: Any, **__: Any) -> tuple[None, None]:
    return None, None


def _no_dashboard() -> ImportError:
    return ImportError("nobody asked for it")


class RayFolder:
    """A folder for Ray's sockets and logs; removes those that the dead left.

    Ray opens its own to everybody, so it lies in one that nobody else can enter.
    """

    def __init__(self) -> None:
        base = tempfile.gettempdir()
        if len(base) > _MAX_FOLDER_LENGTH - len("/s2v-ray-12345678/r"):
            base = "/tmp"  # noqa: S108 (mkdtemp makes it ours alone)
        self._own = WorkFolder("s2v-ray-", Path(base), removing=_remove)
        self.path = self._own.path / "r"

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._own.remove()


def _remove(folder: Path) -> None:
    """Remove a folder and what still runs in it: Ray's agents outlive the rest by a minute."""
    for pid in _processes_in(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _processes_in(folder: Path) -> Iterator[int]:
    """Yield our own processes, but for this one, that have a file in a folder open."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            files = [os.readlink(link) for link in (process / "fd").iterdir()]
            inside = any(file.startswith(f"{folder}/") for file in files)
            if inside and int(process.name) != os.getpid():
                yield int(process.name)
