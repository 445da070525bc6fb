"""Four real services, started once for all end-to-end tests."""

import contextlib
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2v.client import Client
from s2v_cli.home import socket_folder
from s2v_cli.local import free_address, service_specs
from s2v_cli.supervisor import Supervisor


class Installation:
    """A running set of the four services over a folder of its own."""

    def __init__(self, home: Path, sockets: Path, address: str, supervisor: Supervisor) -> None:
        self.home = home
        self.sockets = sockets
        self.address = address
        self.supervisor = supervisor
        self.log = home / "services.log"

    def log_lines(self, *, after: int = 0) -> list[dict[str, object]]:
        """What the services logged since the log had so many bytes."""
        with self.log.open("rb") as file:
            file.seek(after)
            lines = file.read().decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        with Client(self.address, patience_seconds=60) as client:
            yield client


@contextlib.contextmanager
def installed(home: Path, **settings: str) -> Iterator[Installation]:
    """Run the four services over a folder."""
    environment = {**os.environ, **settings}
    address = free_address("127.0.0.1", 0)
    with (home / "services.log").open("w") as log, socket_folder(home) as sockets:
        specs = service_specs(home, sockets, listen=address, environment=environment)
        with Supervisor(specs, report=print, sink=log) as supervisor:
            yield Installation(home, sockets, address, supervisor)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    # A short grace: a job of some seconds shall still be at work when the gateway has gone.
    settings = {"S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5"}
    if importlib.util.find_spec("torch"):
        settings["S2V_RENDER_WAN_CHECKPOINT"] = "tests/data/wan_tiny"
    with installed(tmp_path_factory.mktemp("home"), **settings) as installation:
        yield installation


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Services that soon take others for stalled."""
    settings = {
        "S2V_GATEWAY_STALL_SECONDS": "11",
        "S2V_GATEWAY_STALL_RETRIES": "10",
        "S2V_RENDER_STALL_SECONDS": "5",
        "S2V_GATEWAY_MEASURE_FILMS": "false",
    }
    with installed(tmp_path_factory.mktemp("impatient"), **settings) as installation:
        yield installation


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        yield client
