"""Channels to services."""

import ipaddress
from typing import Any

import grpc

_OPTIONS = (
    # A reader that stops shall hold the writer back at once: without this, BDP probing lets a
    # stream run megabytes ahead.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # A service that restarts is back within seconds; do not wait two minutes to look again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Two servers behind one address must not share a channel.
    ("grpc.use_local_subchannel_pool", 1),
)
_NO_PROXY = ("grpc.enable_http_proxy", 0)

_Host = ipaddress.IPv4Address | ipaddress.IPv6Address
_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")


def connect(address: str, credentials: grpc.ChannelCredentials | None = None) -> grpc.aio.Channel:
    """Open a channel to `host:port` or `unix:/path`; it connects when it is first used.

    It is encrypted where credentials are given. This machine is reached without the proxy that
    `http_proxy` names.
    """
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=_options(address))
    return grpc.aio.secure_channel(address, credentials, options=_options(address))


def connect_sync(address: str, credentials: grpc.ChannelCredentials | None = None) -> grpc.Channel:
    """Open a blocking channel, as `connect`."""
    if credentials is None:
        return grpc.insecure_channel(address, options=_options(address))
    return grpc.secure_channel(address, credentials, options=_options(address))


def is_on_this_machine(address: str) -> bool:
    """Tell whether what this machine calls so is on it: sockets, loopback, or every interface."""
    found = _host(address)
    return found is not None and (found.is_loopback or found.is_unspecified)


def is_closed_to_others(listen: str) -> bool:
    """Tell whether no other machine can reach what listens at an address."""
    found = _host(listen)
    return found is not None and found.is_loopback


def is_everywhere(listen: str) -> bool:
    """Tell whether it is to listen at every interface, which tells nobody where to call."""
    found = _host(listen)
    return found is not None and found.is_unspecified


def _host(address: str) -> _Host | None:
    """Return the host of an address, where sockets count as loopback; None for other names."""
    scheme, colon, rest = address.partition(":")
    if scheme in ("unix", "unix-abstract"):
        return _LOOPBACK
    target = rest.rpartition("/")[2] if colon and scheme in ("dns", "ipv4", "ipv6") else address
    host = target.rpartition(":")[0] if _has_port(target) else target
    host = host.strip("[]").partition("%")[0].lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _has_port(target: str) -> bool:
    return target.count(":") == 1 or "]:" in target


def _options(address: str) -> list[tuple[str, Any]]:
    return [*_OPTIONS, *([_NO_PROXY] if is_on_this_machine(address) else [])]
