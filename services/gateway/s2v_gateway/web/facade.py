"""The gateway's HTTP server: bound first, so that a taken port is told, then served."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import structlog

from s2v.client.stubs import AsyncStubs
from s2v.rpc.channel import connect, is_closed_to_others
from s2v.rpc.server import Server
from s2v.store.working import WorkFolder
from s2v_gateway.access.setting_up import certificate_of
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.application import application
from s2v_gateway.web.calling import Link, RequestLimits
from s2v_gateway.web.connections import http_server
from s2v_gateway.web.guard import Guard

_log = structlog.get_logger()
_PREFIX = "s2v-http-"
# sockaddr_un has room for 108 bytes, the last of which is zero.
_LONGEST_SOCKET_PATH = 100


class Facade:
    """HTTP over a gRPC server, as one of its clients; use it with `async with`.

    Args:
        settings: where to listen, and the limits.
        server: the gRPC server, not started yet; it listens on a private socket, too.
        services: full names of the services to be served.

    Attributes:
        address: where it listens, such as "127.0.0.1:5003".

    Raises:
        SystemExit: it cannot listen there.
    """

    def __init__(self, settings: GatewaySettings, server: Server, services: Sequence[str]) -> None:
        self._settings = settings
        self._services = tuple(services)
        self._socket, self.address = _bound(settings.http_listen)
        self._folder = _work_folder()
        self._grpc_address = f"unix:{self._folder.path / 'grpc.sock'}"
        server.listen_also(self._grpc_address)

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._channel = connect(self._grpc_address)
        limits = RequestLimits(
            message_bytes=settings.max_message_bytes,
            upload_bytes=settings.max_upload_bytes,
            request_seconds=settings.request_seconds,
        )
        link = Link(
            self._channel, AsyncStubs(self._channel), self._services, limits, self._folder.path
        )
        app = Guard(
            application(link, origins=settings.http_origins),
            local=_is_local(settings.http_listen),
            hosts=settings.http_hosts,
            origins=settings.http_origins,
        )
        self._server = http_server(
            app,
            max_connections=settings.max_connections,
            patience_seconds=settings.request_seconds,
            certificate=certificate_of(settings),
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        _log.info("listening for HTTP", address=self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving
        await self._channel.close()
        self._folder.remove()


def _is_local(listen: str) -> bool:
    """Tell whether it is a port that only this machine reaches, and any page in a browser here."""
    return not listen.startswith("unix:") and is_closed_to_others(listen)


def _bound(listen: str) -> tuple[socket.socket, str]:
    """Return a socket that listens, and its address with the port that it has."""
    try:
        if listen.startswith("unix:"):
            Path(listen.removeprefix("unix:")).unlink(missing_ok=True)
            server = socket.socket(socket.AF_UNIX)
            server.bind(listen.removeprefix("unix:"))
            server.listen()
            return server, listen
        host, _, port = listen.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = socket.create_server((host.strip("[]"), int(port)), family=family, backlog=512)
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"cannot listen on {listen} for HTTP: is something else running there? ({error}); "
            "set S2V_GATEWAY_HTTP_LISTEN to another address, or to nothing for no HTTP"
        ) from error
    return server, f"{host}:{server.getsockname()[1]}"


def _work_folder() -> WorkFolder:
    folder = WorkFolder(_PREFIX)
    if len(str(folder.path / "grpc.sock").encode()) <= _LONGEST_SOCKET_PATH:
        return folder
    folder.remove()
    return WorkFolder(_PREFIX, Path("/tmp"))  # noqa: S108 - only this user can enter it
