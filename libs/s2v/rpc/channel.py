"""Channels to services."""

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


def connect(address: str) -> grpc.aio.Channel:
    """Open a channel to `host:port` or `unix:/path`; it connects when it is first used."""
    return grpc.aio.insecure_channel(address, options=_OPTIONS)


def connect_sync(address: str) -> grpc.Channel:
    """Open a blocking channel to `host:port` or `unix:/path`."""
    return grpc.insecure_channel(address, options=_OPTIONS)
