"""What a service writes: passed on as it is, its last lines kept for the case that it dies."""

import contextlib
import os
import threading
from collections import deque
from typing import Protocol

_LAST_LINES = 20
_DRAIN_SECONDS = 1.0


class ServiceFailed(Exception):
    """A service cannot start; the message has its exit code and its last lines."""


class Sink(Protocol):
    """Where lines go."""

    def write(self, line: str, /) -> int:
        """Take a line."""

    def flush(self) -> None:
        """Show what was taken."""

    def isatty(self) -> bool:
        """Tell whether people look at it on a terminal."""


class Output:
    """Copies what one process after the other writes to a sink, line by line."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._reader: threading.Thread | None = None

    def open(self) -> int:
        """Return a file descriptor for a new process to write to; the caller closes its copy."""
        self._lines.clear()
        # Services log for people on a terminal and JSON elsewhere: give them what the sink is.
        source, drain = os.openpty() if self._sink.isatty() else os.pipe()
        self._reader = threading.Thread(
            target=self._copy, args=(source,), name="output", daemon=True
        )
        self._reader.start()
        return drain

    def last_lines(self) -> str:
        """Return the newest lines, after waiting shortly for what is still on its way."""
        if self._reader is not None:
            self._reader.join(_DRAIN_SECONDS)
        return "".join(self._lines).rstrip()

    def _copy(self, source: int) -> None:
        # A terminal whose other end is gone says EIO where a pipe says end of file.
        with (
            contextlib.suppress(OSError),
            open(source, encoding="utf-8", errors="replace") as stream,
        ):
            for line in stream:
                self._lines.append(line)
                with contextlib.suppress(OSError, ValueError):  # the sink may be gone already
                    self._sink.write(line)
                    self._sink.flush()
