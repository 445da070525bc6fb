"""Keep out what pages of other sites have a browser send, and foreign names for us."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from google.rpc import code_pb2, status_pb2
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from s2v_gateway.web.errors import status_response


class Guard:
    """Refuses requests under names that are not ours, and those of other sites' pages.

    Where there are no keys, being on this machine is what lets somebody in, and a browser is on it
    whatever page it shows. A name that leads here (DNS rebinding) would let that page read, too.

    Args:
        app: what is guarded.
        local: whether only this machine reaches it, so that only names of this machine are ours.
        hosts: further names that are ours, such as that of a proxy.
        origins: sites whose pages may ask, such as "https://example.org".
    """

    def __init__(
        self, app: ASGIApp, *, local: bool, hosts: Sequence[str], origins: Sequence[str]
    ) -> None:
        self._app = app
        self._local = local
        self._hosts = {host.lower() for host in hosts}
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        problem = self._problem(Headers(scope=scope)) if scope["type"] == "http" else ""
        if not problem:
            await self._app(scope, receive, send)
            return
        status = status_pb2.Status(code=code_pb2.PERMISSION_DENIED, message=problem)
        await status_response(status)(scope, receive, send)

    def _problem(self, headers: Headers) -> str:
        host = headers.get("host", "")
        if not self._is_ours(_name(f"//{host}")):
            return f"this server is not {host!r}; name it in the setting http_hosts if it is"
        origin = headers.get("origin", "").lower()
        if not origin or origin in self._origins or urlsplit(origin).netloc == host.lower():
            return ""
        return f"pages of {origin!r} may not ask; name it in the setting http_origins if they may"

    def _is_ours(self, name: str) -> bool:
        if name in self._hosts or (not self._local and not self._hosts):
            return True
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
