"""How much may be asked of a server at once; what is more is refused with the limit's name."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from s2v.core.errors import Exhausted, Reason

_RETRY_SECONDS = 1.0
_BEYOND = 50
"""So many streams more does a connection open, so that it is us who refuse them, with a reason."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What a server takes. The names are those of the settings.

    Attributes:
        max_calls: calls at once.
        max_calls_per_connection: calls at once of one connection; Unix sockets, whose connections
            cannot be told apart, know the process's limit only.
        max_arriving_calls: calls of which not all messages have arrived. What has arrived of a
            message is held in memory, so this times `max_message_bytes` is the most that they take.
        max_message_bytes: bytes of one message.
        max_connections: connections at once; more of them are closed as they come.
        request_seconds: how long the message of a method that takes one may take to arrive.
    """

    max_calls: int = 1000
    max_calls_per_connection: int = 500
    max_arriving_calls: int = 128
    max_message_bytes: int = (1 << 20) + (1 << 16)
    max_connections: int = 500
    request_seconds: float = 60.0

    @property
    def options(self) -> tuple[tuple[str, int], ...]:
        """What gRPC itself sees to."""
        return (
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_concurrent_streams", self.max_calls_per_connection + _BEYOND),
            ("grpc.max_allowed_incoming_connections", self.max_connections),
        )


NORMAL_LIMITS = CallLimits()
"""Where nobody sets others."""


class Crowd:
    """The calls that a server is at; all methods are called on one event loop."""

    def __init__(self, limits: CallLimits) -> None:
        self._limits = limits
        self._calls = 0
        self._arriving = 0
        self._of_connections = Counter[str]()

    @contextmanager
    def joined(self, peer: str) -> Iterator[None]:
        """Be one of them.

        Args:
            peer: who calls, as gRPC spells it.

        Raises:
            Exhausted: LIMIT_EXCEEDED.
        """
        connection = "" if peer.startswith("unix:") else peer
        _check("max_calls", self._calls, self._limits.max_calls, "calls")
        if connection:
            mine = self._of_connections[connection]
            most = self._limits.max_calls_per_connection
            _check("max_calls_per_connection", mine, most, "calls of this connection")
        self._calls += 1
        self._of_connections[connection] += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._of_connections[connection] -= 1
            if not self._of_connections[connection]:
                del self._of_connections[connection]

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Be one of those whose messages have not all come.

        Raises:
            Exhausted: LIMIT_EXCEEDED.
        """
        most = self._limits.max_arriving_calls
        _check("max_arriving_calls", self._arriving, most, "calls with messages on their way")
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1


def _check(setting: str, there_are: int, limit: int, what: str) -> None:
    if there_are >= limit:
        raise Exhausted(
            Reason.LIMIT_EXCEEDED,
            f"there are {there_are} {what} already, and the setting {setting} allows no more; "
            "try again in a moment",
            metadata={"setting": setting, "limit": str(limit)},
            retry_after_seconds=_RETRY_SECONDS,
        )
