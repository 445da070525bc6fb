"""Have a child read a foreign file, and know how that ended."""

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from types import TracebackType
from typing import Any, BinaryIO, Self

from s2v.core.errors import S2VError
from s2v.media.confined.child import Work
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.messages import MOST_BYTES, Json, error_from_json, packed, pair, unpacked

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR")
_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
_GRACE_SECONDS = 5.0
_STARTS = 2


class Broken(Exception):
    """A child did not answer.

    Attributes:
        limit: the attribute of `Allowance` that it exceeded, "disk" where there was no room for
            its output, or "" where it died or failed otherwise.
        detail: for the log: the signal or the exception.
        died: whether the process ended in a way that is no limit of ours.
    """

    def __init__(self, limit: str, detail: str, *, died: bool = False) -> None:
        super().__init__(detail)
        self.limit = limit
        self.detail = detail
        self.died = died


class ConfinedChild:
    """One child at work on one file; closing it before it has answered kills it."""

    def __init__(self, line: socket.socket, allowance: Allowance) -> None:
        self._line = line
        self._allowance = allowance
        self._deadline = time.monotonic() + allowance.seconds + _GRACE_SECONDS
        self._answer: Json | None = None
        self._ending: Json | None = None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the child, so long at most; tell whether it has ended."""
        until = self._deadline if seconds is None else time.monotonic() + seconds
        while self._ending is None:
            left = min(until, self._deadline) - time.monotonic()
            if not select.select([self._line], [], [], max(left, 0))[0]:
                if time.monotonic() >= self._deadline:
                    self._ending = {"code": 0, "timed_out": True}
                return self._ending is not None
            self._hear()
        return True

    def result(self) -> Json:
        """Return what the child found, waiting for it.

        Raises:
            S2VError: what it refused the file with.
            Broken: it exceeded its allowance, crashed or answered nonsense.
        """
        self.wait()
        self.close()
        answer, ending = self._answer or {}, self._ending or {}
        if "result" in answer and isinstance(answer["result"], dict):
            return answer["result"]
        if "error" in answer:
            raise _told_error(answer["error"])
        raise _broken(answer, ending, self._allowance)

    def close(self) -> None:
        """Kill the child unless it has ended; harmless when called again."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _hear(self) -> None:
        """Take a packet: the child's answer, which comes first, or the nursery's word of its end.

        A child can only lie about itself.
        """
        data = self._line.recv(MOST_BYTES)
        try:
            message = unpacked(data) if data else {"code": 0, "timed_out": False}
        except ValueError:
            message = {"failed": "an answer that is none"}
        if "code" in message or self._answer is not None:
            self._ending = message
        else:
            self._answer = message


class Children:
    """Starts children, by way of a nursery that is started when the first one is wanted.

    May be used from several threads. Nothing of this process is forked.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        work: Callable[..., Json] | Work,
        source: BinaryIO,
        *,
        arguments: Json,
        allowance: Allowance,
        output: BinaryIO | int | None = None,
    ) -> ConfinedChild:
        """Have a function of a module read an open file in a child of its own.

        Raises:
            OSError: no process can be started.
        """
        order = packed(
            {
                "work": f"{work.__module__}:{work.__name__}",  # type: ignore[union-attr]
                "arguments": arguments,
                "allowance": asdict(allowance),
            }
        )
        ours, theirs = pair()
        files: list[Any] = [theirs, source, *([] if output is None else [output])]
        with theirs:
            self._send(order, [f if isinstance(f, int) else f.fileno() for f in files])
        return ConfinedChild(ours, allowance)

    def warm(self) -> None:
        """Start the nursery now, so that the first file need not wait for it."""
        with self._lock:
            self._line()

    def close(self) -> None:
        """End the nursery and with it all children."""
        with self._lock:
            self._drop()

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        with self._lock:
            for start in range(_STARTS):
                try:
                    socket.send_fds(self._line(), [order], descriptors)
                except (BrokenPipeError, ConnectionError):
                    self._drop()
                    if start == _STARTS - 1:
                        raise
                else:
                    return

    def _line(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._drop()
        if self._orders is None:
            self._orders, theirs = pair()
            with theirs:
                self._process = _nursery(theirs.fileno())
        return self._orders

    def _drop(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@cache
def shared_children() -> Children:
    """Return those of this process, whose nursery ends when the process does."""
    children = Children()
    atexit.register(children.close)
    return children


def _nursery(descriptor: int) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "s2v.media.confined.nursery", str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment | _FEW_THREADS | {"PYTHONPATH": path},
        pass_fds=[descriptor],
        start_new_session=True,
        cwd="/",
    )


def _told_error(spelt: Any) -> S2VError | Broken:
    try:
        return error_from_json(spelt)
    except (ValueError, KeyError, TypeError) as error:
        return Broken("", f"an error that is none: {error!r}")


def _broken(answer: Json, ending: Json, allowance: Allowance) -> Broken:
    if ending.get("timed_out"):
        return Broken("seconds", "killed when its time was over")
    if "limit" in answer or "failed" in answer:
        return Broken(str(answer.get("limit", "")), str(answer.get("failed", "")))
    code = int(ending.get("code", 0))
    has_computed = float(ending.get("cpu_seconds", 0)) >= allowance.cpu_seconds
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and has_computed):
        return Broken("cpu_seconds", "killed when it had computed enough")
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Broken("", name, died=True)
