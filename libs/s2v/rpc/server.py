"""Run one gRPC server: health from the first moment, reflection, a shutdown that drains."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from s2v.rpc.encryption import ServerCertificate
from s2v.rpc.interceptor import Admit, CallInterceptor
from s2v.rpc.introducing import IntroducingHealth
from s2v.rpc.limits import NORMAL_LIMITS, CallLimits
from s2v.rpc.logs import switch_debugging
from s2v.rpc.metrics import serve_metrics
from s2v.rpc.reflecting import serve_reflection
from s2v.rpc.tracing import stop_tracing

_log = structlog.get_logger()
_OPTIONS = (
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A client that vanished without a word holds its upload's place no longer than this.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # A second server on the same port would silently get half of the calls.
    ("grpc.so_reuseport", 0),
)


class Server:
    """A gRPC server; register servicers on `grpc`, then `run` it.

    Args:
        address: `host:port`, port 0 for any free one, or `unix:/path`.
        certificate: what to encrypt with; None for not at all.
        services: full names of the services that are registered, for health and reflection.
        reflection_enabled: whether clients may ask for the descriptors.
        admit: finds out who makes a call, or refuses it; None asks nobody.
        limits: how much may be asked at once.
        log_level: what is logged, unless SIGUSR1 has switched everything on.
        metrics_listen: where Prometheus is answered (`s2v.rpc.metrics.serve_metrics`).
        introduces_itself: whether answers to health checks have the release and the time, which
            are nothing for strangers.
    """

    def __init__(
        self,
        address: str,
        services: Sequence[str],
        *,
        certificate: ServerCertificate | None = None,
        reflection_enabled: bool = True,
        admit: Admit | None = None,
        limits: CallLimits = NORMAL_LIMITS,
        log_level: str = "INFO",
        metrics_listen: str = "",
        introduces_itself: bool = False,
    ) -> None:
        self._log_level = log_level
        self._metrics_listen = metrics_listen
        self.grpc = grpc.aio.server(
            interceptors=[CallInterceptor(admit, limits)], options=(*_OPTIONS, *limits.options)
        )
        self._services = ("", *services)
        self._ended = asyncio.Event()
        self._health = IntroducingHealth() if introduces_itself else HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.grpc)
        if reflection_enabled:
            names = [*services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name]
            serve_reflection(self.grpc, names)
        self.port = self._bind(address, certificate)
        self.address = address if address.startswith("unix:") else f"{_host(address)}:{self.port}"

    def _bind(self, address: str, certificate: ServerCertificate | None = None) -> int:
        try:
            if certificate:
                return self.grpc.add_secure_port(address, certificate.credentials())
            return self.grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise SystemExit(
                f"cannot listen on {address}: is something else running there? ({error})"
            ) from error

    def listen_also(self, address: str) -> None:
        """Listen at another address, too, never encrypted; before `start`."""
        self._bind(address)

    async def start(self) -> None:
        """Begin to answer; health says NOT_SERVING until `serving` is called."""
        await self._set(health_pb2.HealthCheckResponse.NOT_SERVING)
        await self.grpc.start()

    async def serving(self) -> None:
        """Say SERVING from now on."""
        await self._set(health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls, let running ones end within the grace, then cancel them."""
        await self._health.enter_graceful_shutdown()
        await self.grpc.stop(grace_seconds)

    def end(self) -> None:
        """Have `run` drain and return, as a signal does."""
        self._ended.set()

    async def run(
        self,
        *,
        warm: Callable[[], Awaitable[None]] | None = None,
        drain: Callable[[], None] | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
        grace_seconds: float = 10.0,
    ) -> None:
        """Serve until SIGTERM, SIGINT or `end`: start, warm up, say SERVING; drain and close.

        `drain` is told when the draining begins, `close` is awaited when it is over.
        """
        stopped = self._ended
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGUSR1, self._switch_debugging)
        if port := serve_metrics(self._metrics_listen):
            _log.info("answering Prometheus", port=port)
        await self.start()
        _log.info("listening", address=self.address)
        try:
            if await self._warmed(warm, stopped):
                _spare_collecting()
                await self.serving()
                _log.info("serving", address=self.address)
                await stopped.wait()
        finally:
            _log.info("draining", grace_seconds=grace_seconds)
            if drain:
                drain()
            await self.stop(grace_seconds)
            if close:
                await close()
            await asyncio.to_thread(stop_tracing)
            _log.info("stopped")

    def _switch_debugging(self) -> None:
        level = switch_debugging(self._log_level)
        _log.warning("log level changed", now=level)

    async def _warmed(
        self, warm: Callable[[], Awaitable[None]] | None, stopped: asyncio.Event
    ) -> bool:
        """Warm up; return False if a signal came first."""
        if warm is None:
            return True
        warming = asyncio.ensure_future(warm())
        waiting = asyncio.ensure_future(stopped.wait())
        await asyncio.wait((warming, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if warming.done():
            warming.result()
            return not stopped.is_set()
        warming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await warming
        return False

    async def _set(self, status: "health_pb2.HealthCheckResponse.ServingStatus.ValueType") -> None:
        for service in self._services:
            await self._health.set(service, status)


def _spare_collecting() -> None:
    """Have the garbage collector leave alone what was made until now: most of it stays.

    Going through a gateway's 200 000 objects takes 60 ms and more, in which its loop serves nobody.
    """
    gc.collect()
    gc.freeze()


def _host(address: str) -> str:
    return address.rsplit(":", 1)[0]
