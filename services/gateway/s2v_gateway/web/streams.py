"""Bodies that are made while they are sent: lines of JSON, server-sent events, files."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import structlog
from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from s2v.core.errors import S2VError
from s2v_gateway.web.connections import BREAK_OFF
from s2v_gateway.web.errors import status_json, status_of

_log = structlog.get_logger()

EVENTS = "text/event-stream"
LINES = "application/x-ndjson"
LAST_EVENT = "last-event-id"
_END = ":end"
_RETRY = b"retry: 2000\n\n"


class Streamed(StreamingResponse):
    """An answer that goes on for as long as it likes; its content is closed when the client goes.

    Args:
        content: what is sent.
        body_read: set when the request's body has been read, if that goes on meanwhile.
    """

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        *,
        media_type: str,
        code: int = 200,
        headers: Mapping[str, str] | None = None,
        body_read: asyncio.Event | None = None,
    ) -> None:
        # Proxies such as nginx would hold events back.
        unheld = {"x-accel-buffering": "no", "cache-control": "no-cache"}
        super().__init__(content, code, {**unheld, **(headers or {})}, media_type)
        self._content = content
        self._body_read = body_read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; what fails on the way breaks the connection off."""
        async with aclosing(self._content):
            try:
                await super().__call__(scope, receive, send)
            except S2VError as error:
                _log.warning("an answer broke off", path=scope["path"], message=error.message)
                scope["state"][BREAK_OFF]()

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the client has gone."""
        if self._body_read is not None:
            await self._body_read.wait()
        await super().listen_for_disconnect(receive)


def stream_route(
    path: str, endpoint: Callable[[Request], Awaitable[Response]], *, methods: list[str]
) -> Route:
    """Return a route that knows no HEAD, for which a stream would be read to its end."""
    route = Route(path, endpoint, methods=methods)
    (route.methods or set()).discard("HEAD")
    return route


def spell(message: Message) -> dict[str, Any]:
    """Spell a message as JSON, fields that have their defaults too."""
    spelt: dict[str, Any] = json_format.MessageToDict(
        message, always_print_fields_with_no_presence=True
    )
    return spelt


def wants_events(request: Request) -> bool:
    """Tell whether a client asks for server-sent events."""
    return EVENTS in request.headers.get("accept", "")


def resume_token(request: Request) -> str | None:
    """Return what the last event that a client saw gave it; None if it has seen the end."""
    token = request.headers.get(LAST_EVENT, "")
    return None if token.endswith(_END) else token


async def as_lines(messages: AsyncGenerator[Message]) -> AsyncGenerator[bytes]:
    """Spell messages as lines of JSON; one with `error` is the last where the stream broke."""
    async with aclosing(messages):
        try:
            async for message in messages:
                yield _json(spell(message)) + b"\n"
        except S2VError as error:
            yield _json({"error": status_json(status_of(error))}) + b"\n"


async def as_events(messages: AsyncGenerator[Message]) -> AsyncGenerator[bytes]:
    """Spell messages as server-sent events.

    Each is named after what happened; `id` is its resume token. The last one is `end`, after
    which a client that connects again is told to stay away, or `error` where the stream broke.
    """
    yield _RETRY
    token = ""
    async with aclosing(messages):
        try:
            async for message in messages:
                token = getattr(message, "resume_token", "")
                yield _event(message, token)
            yield b"event: end\nid: " + token.encode() + _END.encode() + b"\ndata: {}\n\n"
        except S2VError as error:
            yield b"event: error\ndata: " + _json(status_json(status_of(error))) + b"\n\n"


def _event(message: Message, token: str) -> bytes:
    known = "event" in message.DESCRIPTOR.oneofs_by_name
    name = (message.WhichOneof("event") if known else None) or "message"
    if name == "keepalive":
        return b": keepalive\n\n"
    place = f"id: {token}\n" if token else ""
    return f"event: {name}\n{place}data: ".encode() + _json(spell(message)) + b"\n\n"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
