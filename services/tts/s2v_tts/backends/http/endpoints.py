"""Choose among servers that speak alike, and leave those alone that keep failing."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from s2v.core.errors import Reason, Unavailable
from s2v_tts.backends.http.voices_file import SpeechServer


class Endpoint:
    """A server, how many calls it has, and whether it is worth asking.

    After so many failures in a row it rests; then one call tries it, and the others follow if that
    one succeeds.
    """

    def __init__(
        self,
        server: SpeechServer,
        *,
        failures: int,
        rest_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self.calls = 0
        self._failures = failures
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._rests_until = 0.0
        self._last: Unavailable | None = None

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call and how it ends; what does not tell of the server's health changes nothing.

        Raises:
            Unavailable: the server rests (SERVICE_UNAVAILABLE), or what the call itself raised.
        """
        self._begin()
        try:
            yield
        except Unavailable as error:
            self._end(error)
            raise
        except BaseException:
            with self._lock:
                self.calls -= 1
            raise
        self._end(None)

    def _begin(self) -> None:
        with self._lock:
            if self._failed >= self._failures:
                rest = self._rests_until - self._clock()
                if rest > 0:
                    raise self._resting(rest)
                self._rests_until = self._clock() + self._rest_seconds  # this call tries it
            self.calls += 1

    def _end(self, error: Unavailable | None) -> None:
        with self._lock:
            self.calls -= 1
            self._last = error
            self._failed = self._failed + 1 if error else 0
            if error:
                self._rests_until = self._clock() + self._rest_seconds

    def _resting(self, seconds: float) -> Unavailable:
        why = f" {self._last.message}" if self._last else ""
        return Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            f'The speech server "{self.server.name}" failed {self._failed} times in a row and is '
            f"not asked for another {seconds:.0f} seconds.{why}",
            retry_after_seconds=max(seconds, 0.1),
        )


def in_turn(endpoints: Sequence[Endpoint], group: str) -> list[Endpoint]:
    """Return the endpoints as they shall be asked: those of the group first, then the idlest."""
    return sorted(
        endpoints,
        key=lambda endpoint: (not group or endpoint.server.group != group, endpoint.calls),
    )
