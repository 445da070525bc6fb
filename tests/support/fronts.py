"""A real Envoy in front of a gateway."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installations import json_lines
from ports import own_address

RUN = Path("deploy/envoy/run.py")
_START_SECONDS = 30


@dataclass(frozen=True)
class Front:
    """An Envoy that runs."""

    address: str
    log: Path
    pid: int

    @property
    def url(self) -> str:
        """Where HTTP is spoken."""
        return f"http://{self.address}"

    def requests(self) -> list[dict[str, Any]]:
        """Return what its access log tells of the requests so far."""
        return json_lines(self.log)

    def memory(self, what: str) -> int:
        """Return bytes of its memory by a name of the kernel's: VmRSS is now, VmHWM the most."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith(f"{what}:")]
        return int(line.split()[1]) * 1024


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of an Envoy with these settings."""
    given = {f"S2V_ENVOY_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, **given}


@contextlib.contextmanager
def in_front(folder: Path, **settings: str) -> Iterator[Front]:
    """Run an Envoy until the end of the context."""
    listen = settings.pop("listen", "") or own_address()
    admin = own_address()
    log = folder / f"envoy-{listen.rpartition(':')[2]}.log"
    command = [sys.executable, RUN, "--disable-hot-restart", "--concurrency", "1"]
    with log.open("w") as sink:
        process = subprocess.Popen(
            command,
            env=environment(listen=listen, admin=admin, **settings),
            stdout=sink,
            stderr=sink,
        )
        try:
            _wait_until_ready(process, admin, log)
            yield Front(listen, log, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(process: "subprocess.Popen[bytes]", admin: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(f"http://{admin}/ready", timeout=2),
        ):
            return
        time.sleep(0.05)  # nothing tells when it is
    raise AssertionError(log.read_text())
