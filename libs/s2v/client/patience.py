"""How long to put up with a gateway that is away."""

import time

from s2v.core.errors import S2VError

_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 2.0


class Patience:
    """Waits before each new attempt, longer every time, until the time without success is up."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Begin anew, because something worked."""
        self._delay_seconds = _FIRST_DELAY_SECONDS
        self._deadline: float | None = None

    def wait(self, error: S2VError) -> None:
        """Wait before the next attempt, or raise the error if patience is at its end."""
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        delay = min(self._delay_seconds, self._deadline - now)
        if delay <= 0:
            raise error
        time.sleep(delay)
        self._delay_seconds = min(self._delay_seconds * 2, _LONGEST_DELAY_SECONDS)
