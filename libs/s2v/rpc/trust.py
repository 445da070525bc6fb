"""A token that the services share, by which they know each other where others could reach them."""

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc

from s2v.core.errors import Reason, Unauthenticated

if TYPE_CHECKING:
    from s2v.rpc.interceptor import Admit, Context

TOKEN_KEY = "x-s2v-internal-token"
"""Metadata of a call that has the token."""
_LEAST_CHARACTERS = 32
_REMEDY = "give all services the same file as S2V_INTERNAL_TOKEN_FILE, and start them again"


def read_token(path: Path) -> str:
    """Read a token.

    Raises:
        ValueError: the file cannot be read, or what is in it could be guessed or not be sent.
    """
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if len(token) < _LEAST_CHARACTERS or not token.isprintable():
        raise ValueError(
            f"{path} must hold one line of {_LEAST_CHARACTERS} characters or more; "
            "make it with: openssl rand -hex 32"
        )
    return token


def admit_by_token(token: str) -> "Admit | None":
    """Return what admits calls that have the token; None for no token, which asks nobody.

    It raises Unauthenticated: CREDENTIALS_MISSING, CREDENTIALS_INVALID.
    """
    if not token:
        return None

    async def admit(context: "Context", method: str) -> None:
        shown = [value for key, value in context.invocation_metadata() or () if key == TOKEN_KEY]
        if not shown:
            raise Unauthenticated(
                Reason.CREDENTIALS_MISSING, f"{method} is for S2V's own services; {_REMEDY}"
            )
        if not hmac.compare_digest(str(shown[0]).encode(), token.encode()):
            raise Unauthenticated(
                Reason.CREDENTIALS_INVALID, f"this is another token than that here; {_REMEDY}"
            )

    return admit


def showing(channel: grpc.aio.Channel, token: str) -> grpc.aio.Channel:
    """Return a channel whose every call shows the token; without a token, the channel itself."""
    return cast("grpc.aio.Channel", _Showing(channel, token)) if token else channel


class _Showing:
    """A channel that adds the token to the metadata of its calls.

    gRPC's own call credentials go over encrypted channels only, and its interceptors put queues
    between a stream and its writer.
    """

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._shown = ((TOKEN_KEY, token),)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def unary_unary(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._adding(self._channel.unary_unary(*args, **options))

    def unary_stream(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._adding(self._channel.unary_stream(*args, **options))

    def stream_unary(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._adding(self._channel.stream_unary(*args, **options))

    def stream_stream(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._adding(self._channel.stream_stream(*args, **options))

    def _adding(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def with_token(*args: Any, metadata: Any = (), **options: Any) -> Any:
            return call(*args, metadata=(*(metadata or ()), *self._shown), **options)

        return with_token
