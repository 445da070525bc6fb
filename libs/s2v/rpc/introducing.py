"""Services tell who asks for their health which release they are and what their clock says."""

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from s2v.rpc.interceptor import Context

RELEASE = version("s2v")
"""Looked up once: it is read from files, which a call cannot wait for."""
_VERSION_KEY = "x-s2v-version"
_TIME_KEY = "x-s2v-time"
"""Metadata of an answer: seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """How a service is.

    Attributes:
        serving: whether it says SERVING.
        version: of its release; empty where it does not tell.
        clock_ahead_seconds: how far its clock is ahead of ours; 0 where it does not tell.
    """

    serving: bool
    version: str
    clock_ahead_seconds: float


class IntroducingHealth(HealthServicer):  # type: ignore[misc] # it has no types
    """Answers health checks, and introduces the service."""

    async def Check(  # noqa: N802 - named by the proto
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> Any:
        """Answer one health check."""
        await context.send_initial_metadata(
            ((_VERSION_KEY, RELEASE), (_TIME_KEY, f"{time.time():.3f}"))
        )
        return await super().Check(request, context)


async def introduced(channel: grpc.aio.Channel, *, timeout_seconds: float) -> Introduction:
    """Ask a service how it is.

    Raises:
        grpc.RpcError: it does not answer.
    """
    asked_at = time.time()
    call = health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(), timeout=timeout_seconds
    )
    health = await call
    # Its clock was read somewhere between.
    middle = (asked_at + time.time()) / 2
    told = dict(await call.initial_metadata())
    return Introduction(
        health.status == health_pb2.HealthCheckResponse.SERVING,
        str(told.get(_VERSION_KEY, "")),
        float(told[_TIME_KEY]) - middle if _TIME_KEY in told else 0.0,
    )
