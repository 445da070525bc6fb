"""Faults of the server that an operator should hear of, until they are looked into."""

from collections import deque
from datetime import UTC, datetime

import structlog

_MOST = 20
_log = structlog.get_logger()


class Alarms:
    """Keeps the newest faults since the start of the process; all go to the log as well."""

    def __init__(self) -> None:
        self._alarms: deque[str] = deque(maxlen=_MOST)

    def sound(self, what: str, error: BaseException | None = None) -> None:
        """Tell of a fault; `what` may name jobs, but nothing of what is in them."""
        _log.error("alarm", what=what, exc_info=error)
        self._alarms.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {what}")

    def told(self) -> list[str]:
        """Return what was told, the newest last."""
        return list(self._alarms)
