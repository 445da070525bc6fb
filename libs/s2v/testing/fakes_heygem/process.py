"""Start a fake container and tell it how to behave."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

_OPENER = build_opener(ProxyHandler({}))
_LONGEST_SECONDS = 120.0


class FakeContainer:
    """A fake container that runs.

    Attributes:
        url: where it listens.
        folder: its `/code/data`.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path, front: str, rear: str) -> None:
        self.url = f"http://127.0.0.1:{front}"
        self.folder = folder
        self._process = process
        self._control_url = f"http://127.0.0.1:{rear}"

    def behave(self, mode: str = "") -> None:
        """Behave in one of the modes of `s2v.testing.fakes_heygem`; "" is well."""
        self._control({"mode": mode})

    def go_on(self) -> None:
        """Go on with what is held back."""
        self._control({"go_on": True})

    def start_anew(self) -> None:
        """End what is held, then forget every video and remove every file."""
        self.behave()
        self.wait_for("idle")
        self._control({"forget": True})
        for file in (self.folder / "temp").iterdir():
            file.unlink()

    def wait_for(self, what: str) -> None:
        """Wait until something has happened since `behave`, or until it is "idle".

        That is "submitted", "accepted", "busy", "asked", "told that it runs", "told the end" or
        "ended".
        """
        self._control({"wait_for": what})

    @property
    def submitted(self) -> list[dict[str, Any]]:
        """What it was asked to make, in order."""
        submitted: list[dict[str, Any]] = self._control({})["submitted"]
        return submitted

    def count(self, what: str) -> int:
        """Return how often something has happened since `behave`."""
        return int(self._control({})["happened"].get(what, 0))

    @property
    def files(self) -> list[str]:
        """The names of the files in its `temp`."""
        return sorted(path.name for path in (self.folder / "temp").iterdir())

    @property
    def runs(self) -> bool:
        """Whether it was not killed."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _control(self, order: Mapping[str, Any]) -> dict[str, Any]:
        request = Request(self._control_url, json.dumps(order).encode(), method="POST")  # noqa: S310 (ours)
        with _OPENER.open(request, timeout=_LONGEST_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


@contextmanager
def container(folder: Path, *, port: int = 0) -> Iterator[FakeContainer]:
    """Give a container that listens on loopback for as long as the context lasts.

    Args:
        folder: its `/code/data`.
        port: where it shall listen; 0 is any that is free.
    """
    options = {"folder": str(folder), "port": port}
    with subprocess.Popen(
        [sys.executable, "-m", "s2v.testing.fakes_heygem.serving", json.dumps(options)],
        stdin=subprocess.PIPE,  # it ends when this is closed
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        ports = process.stdout.readline().split()
        if len(ports) != 2:
            raise RuntimeError("the fake container ended before it listened")
        try:
            yield FakeContainer(process, folder, *ports)
        finally:
            process.kill()
