"""Ray's own web page of its processes and their logs, where the operator asks for it."""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog

from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.metrics import metrics_address

_log = structlog.get_logger()

_PACKAGES = ("aiohttp_cors", "opencensus", "opentelemetry.exporter.prometheus")
"""Those of `ray[default]` that nothing else brings along."""
_BOOTSTRAP = "ray_bootstrap_config.yaml"


def check_dashboard(listen: str, environment: Mapping[str, str]) -> None:
    """See whether Ray's dashboard may be served at an address (`metrics_address`).

    Raises:
        InvalidInput: FIELD_INVALID, it may not, or is not installed.
    """
    problem = ""
    host, _ = metrics_address(listen)
    if not all(map(_is_installed, _PACKAGES)):
        problem = "Ray's dashboard is not installed; run: pip install 's2v[dashboard]'"
    elif environment.get("RAY_ADDRESS"):
        problem = "the Ray at RAY_ADDRESS has a dashboard of its own; leave this one out"
    elif environment.get("RAY_AUTH_MODE", "token") != "token" and not _is_loopback(host):
        problem = "whoever reaches it could run programs; unset RAY_AUTH_MODE, or use 127.0.0.1"
    if problem:
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="ray_dashboard")


def started(listen: str, folder: Path, init: Callable[..., Any], **options: Any) -> None:
    """Start Ray with its dashboard, and tell where it is and where its token lies.

    Args:
        listen: where it is served (`metrics_address`).
        folder: for its token, where nobody else may look; one of ours.
        init: what starts Ray.
        options: what that is told beside.
    """
    host, port = metrics_address(listen)
    with _asking_no_cloud(folder):
        ray = init(include_dashboard=True, dashboard_host=host, dashboard_port=port, **options)
    _log.info(
        "Ray's dashboard is served", address=ray.dashboard_url, token_file=_token_file(folder)
    )
    if not _is_loopback(host):
        _log.warning(
            "Ray's dashboard can be reached by other machines, not encrypted: who has its token "
            "can run programs as this service"
        )


def look_free(listen: str) -> None:
    """See whether the dashboard's address can be had.

    Raises:
        SystemExit: it cannot.
    """
    host, port = metrics_address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise SystemExit(
            f"cannot listen on {listen} for Ray's dashboard: is something else running there? "
            f"({error})"
        ) from error


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # nor is what it lies in
        return False


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _token_file(folder: Path) -> str:
    """Return the file with the token that the dashboard asks for; "" if it asks for none."""
    if os.environ.get("RAY_AUTH_MODE") != "token":
        return ""
    if named := os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return named
    path = folder / "token"
    path.touch(mode=0o600)
    path.write_text(os.environ["RAY_AUTH_TOKEN"])
    return str(path)


@contextlib.contextmanager
def _asking_no_cloud(folder: Path) -> Iterator[None]:
    """Have the dashboard take it that nobody knows where it runs.

    It would ask the addresses where clouds describe their machines, and a name server, and no
    setting keeps it from that; but it does not where a file in its home directory says it.
    """
    from ray._private import services

    (folder / _BOOTSTRAP).write_text("{}")
    start = services.start_ray_process

    def start_at_home(command: list[str], kind: str, *args: Any, **options: Any) -> Any:
        if kind == "dashboard":
            options["env_updates"] = {**(options.get("env_updates") or {}), "HOME": str(folder)}
        return start(command, kind, *args, **options)

    services.start_ray_process = start_at_home
    try:
        yield
    finally:
        services.start_ray_process = start
