"""Ask a service how it is, and tell by the exit code: python -m s2v.rpc.health ADDRESS."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from s2v.rpc.channel import connect_sync

_SECONDS = 3.0


def is_serving(address: str) -> bool:
    """Tell whether what listens at `host:port` or `unix:/path` says SERVING; takes 3 s at most."""
    with connect_sync(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=_SECONDS
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def main() -> None:
    """End with 0 if it serves, else with 1."""
    [address] = sys.argv[1:]
    sys.exit(0 if is_serving(address) else 1)


if __name__ == "__main__":
    main()
