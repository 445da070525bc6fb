"""What the services log: one file, which begins anew before it is too large."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from s2v.core.errors import InvalidInput, Reason

NAME = "services.log"
_FOLDERS = ("S2V_LOG_DIR", "LOG_DIR")
_BYTES = 10_000_000
_OLDER_FILES = 4


class Logbook(io.TextIOBase):
    """Keeps lines in `services.log`, and its four predecessors, and shows them to whoever is there.

    Services log JSON; people on a terminal are shown it spelt out.

    Args:
        folder: of the file.
        screen: where lines are shown.
    """

    def __init__(self, folder: Path, screen: TextIO) -> None:
        self._screen = screen
        self._file = _Private(
            folder / NAME, maxBytes=_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", delay=True
        )
        self._file.setFormatter(logging.Formatter("%(message)s"))
        self._spell = _console(colours=True) if screen.isatty() else None

    def write(self, line: str) -> int:
        """Keep and show a line; what cannot be written to the one place goes to the other."""
        self._file.handle(logging.makeLogRecord({"msg": line.rstrip("\n")}))
        with suppress(OSError, ValueError):  # the terminal may be gone
            self._screen.write(self._shown(line))
            self._screen.flush()
        return len(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _shown(self, line: str) -> str:
        event = event_in(line)
        if self._spell is None or event is None:
            return line
        level = str(event.get("level", "info"))
        return f"{self._spell(None, level, event)}\n"


class _Private(RotatingFileHandler):
    """A file for its own user's eyes only; what cannot be written is left out silently."""

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding=self.encoding, opener=_opened, errors="replace"
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Go on: a full disk shall not end what is at work."""


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def log_folder(home: Path, environment: Mapping[str, str]) -> Path:
    """Return where the log lies: in S2V_LOG_DIR (LOG_DIR) if that is set, else in the home."""
    name = next(filter(environment.get, _FOLDERS), "")
    return Path(environment[name]).expanduser() if name else home


def made_log_folder(home: Path, environment: Mapping[str, str]) -> Path:
    """Return where the log lies, and make it.

    Raises:
        InvalidInput: FIELD_INVALID, it cannot be written there; `field` is the setting's name.
    """
    folder = log_folder(home, environment)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(folder / NAME, "a", opener=_opened):
            return folder
    except OSError as error:
        problem = f"cannot write to {folder}: {error.strerror}; choose another folder"
        name = next(filter(environment.get, _FOLDERS), "--home")
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=name) from error


def lines_of(folder: Path) -> Iterator[str]:
    """Yield the lines that are kept in a folder, the oldest first."""
    path = folder / NAME
    for number in range(_OLDER_FILES, -1, -1):
        older = path.with_name(f"{NAME}.{number}") if number else path
        with suppress(FileNotFoundError), older.open(encoding="utf-8", errors="replace") as file:
            yield from file


def event_in(line: str) -> dict[str, Any] | None:
    """Return what a line tells; None where it is no event of a service."""
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def spelt(event: dict[str, Any]) -> str:
    """Spell an event for people."""
    level = str(event.get("level", "info"))
    console = _console(colours=sys.stdout.isatty())
    return str(console(None, level, dict(event)))


def _console(*, colours: bool) -> Callable[..., str]:
    # It loads rich, which nobody needs who looks at no terminal.
    import structlog

    return structlog.dev.ConsoleRenderer(colors=colours)
