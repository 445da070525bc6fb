"""HTTP connections: so many at once, and none that keeps us waiting."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from google.rpc import code_pb2
from uvicorn.protocols.http.h11_impl import H11Protocol

from s2v.rpc.encryption import ServerCertificate

HEAD_BYTES = 32 << 10
BREAK_OFF = "break_off"
"""In the state of a request: ends an answer that cannot be brought to its end."""
_IDLE_SECONDS = 30
_END_SECONDS = 2


class Connection(H11Protocol):
    """A connection; closed where a request's head does not come, or its answer is not read.

    Attributes:
        max_connections: more than so many are closed as they come.
        patience_seconds: for a head to come, and for some of an answer to be read.
    """

    max_connections = 500
    patience_seconds = 60.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, BREAK_OFF: self._break_off}
        self._waiting: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        for timer in (self._waiting, self._stuck):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what comes; a head must be whole before patience ends."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        elif self.cycle is None or self.cycle.response_complete:
            self._wait()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self.patience_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request."""
        status = {
            "code": code_pb2.INVALID_ARGUMENT,
            "message": f"this is no HTTP/1.1 request, or its head has over {HEAD_BYTES} bytes",
        }
        headers = [("content-type", "application/json"), ("connection", "close")]
        with contextlib.suppress(h11.LocalProtocolError):  # an answer has begun already
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=json.dumps(status).encode()),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _break_off(self) -> None:
        """Close after what was sent, without an end, so that nobody takes it for the whole."""
        self.cycle.disconnected = True
        self.transport.close()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.patience_seconds, self.transport.abort)


class HttpServer(uvicorn.Server):
    """uvicorn within a process that hears signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to the process."""
        yield


def http_server(
    app: Any,
    *,
    max_connections: int,
    patience_seconds: float,
    certificate: ServerCertificate | None,
) -> HttpServer:
    """Return a server of an ASGI application; it is encrypted where there is a certificate."""
    kind = type(
        "LimitedConnection",
        (Connection,),
        {"max_connections": max_connections, "patience_seconds": patience_seconds},
    )
    config = uvicorn.Config(
        app,
        http=kind,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ssl_context_factory=(lambda *_: certificate.context()) if certificate else None,
    )
    return HttpServer(config)
