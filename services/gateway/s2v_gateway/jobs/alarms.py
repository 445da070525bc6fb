"""Faults of the server that an operator should hear of, until they are looked into."""

from datetime import UTC, datetime
from threading import Lock

import structlog
from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError

_MOST = 20
_log = structlog.get_logger()


class Alarms:
    """Keeps the newest faults since the start of the process; all go to the log as well.

    Any thread may tell of one.
    """

    def __init__(self) -> None:
        self._times: dict[str, datetime] = {}
        self._lock = Lock()

    def sound(self, what: str, error: BaseException | None = None) -> None:
        """Tell of a fault; `what` may name jobs, but nothing of what is in them.

        Told again, it is the same alarm with the later time.
        """
        _log.error("alarm", what=what, exc_info=error)
        with self._lock:
            self._times.pop(what, None)
            self._times[what] = datetime.now(UTC)
            if len(self._times) > _MOST:
                del self._times[next(iter(self._times))]

    def told(self) -> list[str]:
        """Return what was told, the newest last."""
        with self._lock:
            return [f"{time:%Y-%m-%dT%H:%M:%SZ} {what}" for what, time in self._times.items()]

    def hear(self, context: ExceptionContext) -> None:
        """Tell of a database that is full, locked, broken or away; listens to its engine."""
        error = context.sqlalchemy_exception
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            code = getattr(error.orig, "sqlite_errorname", None) or getattr(
                error.orig, "sqlstate", None
            )
            self.sound(f"the gateway's database: {code or type(error.orig).__name__}")
