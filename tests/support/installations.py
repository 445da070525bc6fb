"""The four real services as processes, over a folder of their own."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ports import own_address
from s2v.client import Client
from s2v_cli.home import socket_folder
from s2v_cli.local import service_specs
from s2v_cli.supervisor import Supervisor


def json_lines(log: Path, *, after: int = 0) -> list[dict[str, Any]]:
    """Return the JSON of a growing file's lines, whose last one may not be whole yet."""
    with log.open("rb") as file:
        file.seek(after)
        whole, _, _ = file.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.decode().splitlines() if line.startswith("{")]


class Installation:
    """A running set of the four services over a folder of its own."""

    def __init__(
        self, home: Path, sockets: Path, address: str, supervisor: Supervisor, *, http: str
    ) -> None:
        self.home = home
        self.sockets = sockets
        self.address = address
        self.supervisor = supervisor
        self.http = http
        self.log = home / "services.log"

    def address_of(self, service: str) -> str:
        """Return where one of the four services listens."""
        return self.address if service == "gateway" else f"unix:{self.sockets}/{service}.sock"

    def log_lines(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the services logged since the log had so many bytes."""
        return json_lines(self.log, after=after)

    @property
    def log_bytes(self) -> int:
        """How much the services have logged so far."""
        return self.log.stat().st_size

    def complaints(self, *, after: int) -> list[dict[str, Any]]:
        """Return the errors that the services logged since; a traceback fails the test."""
        logged = self.log.read_bytes()[after:]
        assert b"Traceback" not in logged, logged.decode()
        return [line for line in self.log_lines(after=after) if line["level"] == "error"]

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        with Client(self.address, patience_seconds=60) as client:
            yield client


@contextlib.contextmanager
def installed(home: Path, **settings: str) -> Iterator[Installation]:
    """Run the four services over a folder, until the end of the context.

    Films are not measured unless the settings say so: that takes more work than most of the films.
    """
    environment = {**os.environ, "S2V_GATEWAY_MEASURE_FILMS": "false", **settings}
    address, http = own_address(), own_address()
    with (home / "services.log").open("w") as log, socket_folder(home) as sockets:
        specs = service_specs(
            home, sockets, listen=address, environment=environment, http_listen=http
        )
        with Supervisor(specs, report=print, sink=log) as supervisor:
            yield Installation(home, sockets, address, supervisor, http=http)
