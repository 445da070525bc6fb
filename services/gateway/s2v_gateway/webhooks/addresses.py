"""Which addresses webhooks may go to, looked at when they are connected to."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore2

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 networks reach them (RFC 6052)."""


class BlockedAddress(Exception):
    """A host that leads to this machine or its network only."""


class PublicNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses alone, whatever name leads to them.

    The address that is looked at is the one that is connected to: a name that is asked for again
    in between might lead elsewhere.

    Args:
        private_too: whether addresses of this machine and its network will do, too.
    """

    def __init__(self, *, private_too: bool) -> None:
        self._private_too = private_too
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a host that may be and answers.

        Raises:
            BlockedAddress: it has none that may be.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(one[4][0]) for one in found)
        allowed = [one for one in addresses if self._private_too or is_public(one)]
        if not allowed:
            raise BlockedAddress(f"{host} has no public address, and others are not connected to")
        *others, last = allowed
        for address in others:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the internet, and so does the one that it may wrap."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast
