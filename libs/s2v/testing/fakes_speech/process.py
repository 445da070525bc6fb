"""Start a fake speech server and tell it how to behave."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

_OPENER = build_opener(ProxyHandler({}))
_LONGEST_SECONDS = 60.0


class FakeSpeechServer:
    """A fake speech server that runs.

    Attributes:
        url: where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def behave(self, mode: str = "", **settings: Any) -> None:
        """Behave in one of the modes of `s2v.testing.fakes_speech.server`; "" is well.

        Args:
            mode: what goes wrong from now on.
            settings: `says`, the path of a WAV at the server's own rate that is every answer.
        """
        self._control({"mode": mode, **settings})

    def go_on(self) -> None:
        """Send what was held back in the mode "held"."""
        self._control({"go_on": True})

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What it was asked to speak, in order: the body, without samples, and `path`."""
        requests: list[dict[str, Any]] = self._control({})["requests"]
        return requests

    def wait_for(self, what: str) -> None:
        """Wait until it has "begun" an answer, or the client of one has "left", since `behave`."""
        self._control({"wait_for": what})

    def _control(self, order: Mapping[str, Any]) -> dict[str, Any]:
        request = Request(f"{self.url}/fake", json.dumps(order).encode(), method="POST")  # noqa: S310 (ours)
        with _OPENER.open(request, timeout=_LONGEST_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


@contextmanager
def running(kind: str, *, key: str = "", folder: Path | None = None) -> Iterator[FakeSpeechServer]:
    """Give a server of a kind that listens on loopback for as long as the context lasts.

    Args:
        kind: `fish`, `ziming` or `openai_http`.
        key: that it asks for; empty if none.
        folder: where `fish` keeps its references, and `ziming` its `/code/data`.
    """
    options = {"kind": kind, "key": key, "folder": str(folder or "")}
    with subprocess.Popen(
        [sys.executable, "-m", "s2v.testing.fakes_speech.serving", json.dumps(options)],
        stdin=subprocess.PIPE,  # it ends when this is closed
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the fake speech server ended before it listened")
        try:
            yield FakeSpeechServer(f"http://127.0.0.1:{port}")
        finally:
            process.kill()
