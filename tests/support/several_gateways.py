"""Gateways that share a PostgreSQL and a store, as processes, and the director of their work."""

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import premade
from directed_gateway import DIRECTOR
from s2v.client import Client

PATIENCE_SECONDS = 240.0


@dataclass(frozen=True)
class Work:
    """A piece of work that a gateway has begun."""

    pid: int
    job: str
    name: str


class Director:
    """Is asked by gateways before each piece of work; holds some back."""

    def __init__(self, path: str) -> None:
        self.begun: list[Work] = []
        self._held: set[str] = set()
        self._let: set[tuple[str, str]] = set()
        self._changed = threading.Condition()
        director = self

        class Asked(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                pid, job_id, name = json.loads(self.rfile.readline())
                director._begin(Work(pid, f"jobs/{job_id}", name))
                try:
                    self.wfile.write(b"go\n")
                except OSError:
                    return  # who asked was killed meanwhile

        class Answering(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 100  # a connection more is refused at once

        self._server = Answering(path, Asked)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self, *names: str) -> None:
        """Hold back the work of these names, whosever job it is; and that of no others."""
        with self._changed:
            self._held = set(names)
            self._let.clear()
            self._changed.notify_all()

    def let(self, job: str, *names: str) -> None:
        """Let one job's pass all the same."""
        with self._changed:
            self._let.update((job, name) for name in names)
            self._changed.notify_all()

    def wait(self, job: str, name: str, pid: int) -> None:
        """Return when a gateway has begun that piece of a job's work."""
        with self._changed:
            begun = self._changed.wait_for(
                lambda: Work(pid, job, name) in self.begun, timeout=PATIENCE_SECONDS
            )
        assert begun, f"{name} of {job} was not begun by {pid}: {self.begun}"

    def names(self, job: str, pid: int) -> list[str]:
        """Return the pieces of a job's work that a gateway has begun so far."""
        with self._changed:
            return [work.name for work in self.begun if (work.job, work.pid) == (job, pid)]

    def close(self) -> None:
        self.hold()
        self._server.shutdown()
        self._server.server_close()

    def _begin(self, work: Work) -> None:
        with self._changed:
            self.begun.append(work)
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: work.name not in self._held or (work.job, work.name) in self._let
            )


class GatewayProcess:
    """One of the gateways."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.address = f"unix:{home}/grpc"
        self.log = home / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "directed_gateway"],
                env=environment
                | {
                    "S2V_GATEWAY_DATA_DIR": str(home / "data"),
                    "S2V_GATEWAY_LISTEN": self.address,
                    "S2V_GATEWAY_PEER_LISTEN": f"unix:{home}/peer",
                },
                stderr=log,
            )
        self.pid = self.process.pid
        self.client = Client(self.address, patience_seconds=PATIENCE_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()


class SeveralGateways:
    """Starts gateways over one database."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self._folder = folder
        self.database_url = database_url
        self.director = Director(f"{folder}/director")
        self._all: list[GatewayProcess] = []
        premade.fill(database_url)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("S2V_")}
        self._environment = clean | {
            DIRECTOR: f"{folder}/director",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "S2V_HOME": str(folder),
            "S2V_STORE_URL": f"{folder}/store",
            "S2V_GATEWAY_DATABASE_URL": database_url,
            "S2V_GATEWAY_HTTP_LISTEN": "",
            **settings,
        }

    def start(self) -> GatewayProcess:
        """Start one more, and return when it answers."""
        home = self._folder / str(len(self._all))
        home.mkdir()
        self._all.append(GatewayProcess(home, self._environment))
        self._all[-1].client.server_info()
        return self._all[-1]

    def two(self) -> tuple[GatewayProcess, GatewayProcess]:
        """Return the one that leads and the one that follows; whoever is missing is started."""
        alive = [one for one in self._all if one.process.poll() is None]
        while len(alive) < 2:
            alive.append(self.start())
        return alive[0], alive[1]

    def close(self) -> None:
        self.director.close()
        for one in self._all:
            one.close()


@contextmanager
def several_gateways(database_url: str, **settings: str) -> Iterator[SeveralGateways]:
    """Give gateways over a database; the paths of their sockets are short."""
    folder = Path(tempfile.mkdtemp(prefix="s2v-gws-"))
    gateways = SeveralGateways(folder, database_url, **settings)
    try:
        yield gateways
    finally:
        gateways.close()
        shutil.rmtree(folder)
