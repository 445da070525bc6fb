"""The audit log: who made and deleted what, one JSON line each, and nothing of what is in it."""

import asyncio
import json
import logging.handlers
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from s2v.core.errors import S2VError
from s2v_gateway.access.callers import Caller, called

_NAME = "audit.jsonl"
_MODE = 0o600
_MOST_CHARACTERS = 100
"""Of a fact: names may be anything that a client sent."""


@dataclass(slots=True)
class AuditEntry:
    """What a line will say beside who and when.

    Attributes:
        facts: names and digests, such as `job`, `face` and `voice`; empty ones are left out.
        result: how it went.
    """

    facts: dict[str, str] = field(default_factory=dict)
    result: str = "OK"


class AuditLog:
    """Writes lines to a file that is for its own user, and begins a new one when it is full.

    Args:
        folder: where the file is.
        max_bytes: how long it grows; 0 is any length.
        max_files: how many full ones are kept.
        complain: told where a line cannot be written; what it tells of has happened by then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        max_files: int,
        complain: Callable[[str, BaseException], None],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / _NAME
        self._file = _PrivateFile(self.path, maxBytes=max_bytes, backupCount=max_files)
        self._complain = complain

    @asynccontextmanager
    async def entry(self, who: Caller, **facts: str) -> AsyncIterator[AuditEntry]:
        """Write a line about what the call that is being handled does, when that has ended."""
        entry = AuditEntry(facts)
        try:
            yield entry
        except S2VError as error:
            entry.result = error.reason.value
            raise
        except BaseException as error:
            entry.result = "CANCELLED" if isinstance(error, asyncio.CancelledError) else "INTERNAL"
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(self.write, who, called(), entry))

    def write(self, who: Caller, call: str, entry: AuditEntry) -> None:
        """Write a line about a call, or about what happens by itself; blocks."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "tenant": who.tenant,
            "subject": who.subject,
            "key": who.key_id,
            "call": call,
            **{name: value[:_MOST_CHARACTERS] for name, value in entry.facts.items()},
            "result": entry.result,
        }
        said = json.dumps({name: value for name, value in line.items() if value})
        try:
            self._file.say(said)
        except OSError as error:
            self._complain("the audit log cannot be written", error)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _PrivateFile(logging.handlers.RotatingFileHandler):
    def __init__(self, path: Path, *, maxBytes: int, backupCount: int) -> None:  # noqa: N803
        super().__init__(
            path, maxBytes=maxBytes, backupCount=backupCount, encoding="utf-8", delay=True
        )

    def say(self, line: str) -> None:
        """Write a line.

        Raises:
            OSError: it cannot be written.
        """
        record = logging.LogRecord("audit", logging.INFO, "", 0, line, None, None)
        with self.lock:  # type: ignore[union-attr] # a handler has one from its start
            if self.shouldRollover(record):
                self.doRollover()
            stream = self.stream or self._open()
            self.stream = stream
            stream.write(f"{line}\n")
            stream.flush()

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.fdopen(os.open(self.baseFilename, flags, _MODE), "a", encoding="utf-8")
