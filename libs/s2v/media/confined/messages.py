"""What the server, its nursery and its children tell each other: one JSON object a packet."""

import json
import socket
from typing import Any

from s2v.core import errors
from s2v.core.errors import Reason, S2VError

MOST_BYTES = 60_000
"""Longer than any message; a child's longer one is cut off and thereby none."""

Json = dict[str, Any]


def packed(message: Json) -> bytes:
    """Spell a message."""
    return json.dumps(message).encode()


def unpacked(data: bytes) -> Json:
    """Read a message that nobody vouches for.

    Raises:
        ValueError: it is none.
    """
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("no object")
    return message


def error_to_json(error: S2VError) -> Json:
    """Spell an error."""
    return {
        "kind": type(error).__name__,
        "reason": str(error.reason),
        "message": error.message,
        "field": error.field,
        "metadata": error.metadata,
        "retry_after_seconds": error.retry_after_seconds,
    }


def error_from_json(spelt: Json) -> S2VError:
    """Read an error that nobody vouches for.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    kind = getattr(errors, str(spelt["kind"]), None)
    if not (isinstance(kind, type) and issubclass(kind, S2VError)):
        raise ValueError("no kind of error")
    return kind(
        Reason(spelt["reason"]),
        str(spelt["message"]),
        field=str(spelt["field"]),
        metadata={str(key): str(value) for key, value in dict(spelt["metadata"]).items()},
    )


def pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a line that keeps packets apart and tells when the other end is gone."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
