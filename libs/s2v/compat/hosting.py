"""Services of our own, for as long as this process or whoever asked for them lives."""

import json
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from typing import IO

from s2v.core.errors import Reason, Unavailable

_END_SECONDS = 40.0
_LAST_CHARACTERS = 2_000


class OwnServices:
    """Some or all of the services in processes of their own, over a temporary folder.

    They end with `close`, and with this process however it ends.

    Args:
        names: which of "tts", "render", "compositor" and "gateway"; none is all.
        settings: for them, beside this process's environment.

    Raises:
        Unavailable: SERVICE_UNAVAILABLE, one cannot start; the message has its last lines.
    """

    def __init__(self, *names: str, settings: Mapping[str, str] | None = None) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as they do
        self._process = subprocess.Popen(
            [sys.executable, "-m", "s2v_cli.embedded", *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **(settings or {})},
            start_new_session=True,  # Ctrl-C is for us: we end them
        )
        self._end = weakref.finalize(self, _end, self._process, self._said)
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        if not told:
            raise Unavailable(Reason.SERVICE_UNAVAILABLE, self._failure())
        self.addresses: Mapping[str, str] = json.loads(told)
        """Where each listens, by its name; "store" is the folder of their artifacts."""

    def close(self) -> None:
        """End them and wait for that; harmless when called again."""
        self._end()

    def _failure(self) -> str:
        self._process.wait()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()
        self.close()
        return f"the services cannot start: {said[-_LAST_CHARACTERS:] or 'they say nothing'}"


def _end(process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    said.close()
