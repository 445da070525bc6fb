"""A collector of spans on loopback, as the services export them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it arrived."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    facts: dict[str, Any]
    failed: bool


class SpanCollector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self._spans: list[ReceivedSpan] = []
        self._arrived = threading.Condition()

    def Export(self, request: Any, context: Any) -> Any:
        with self._arrived:
            for resource in request.resource_spans:
                service = _facts(resource.resource.attributes)["service.name"]
                for scope in resource.scope_spans:
                    self._spans += [_received(service, span) for span in scope.spans]
            self._arrived.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def wait_for(
        self, enough: Callable[[list[ReceivedSpan]], bool], *, seconds: float = 60
    ) -> list[ReceivedSpan]:
        """Return all spans once there are enough."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while not enough(self._spans):
                left = deadline - time.monotonic()
                assert left > 0, sorted((s.service, s.name, s.trace_id) for s in self._spans)
                self._arrived.wait(left)
            return list(self._spans)


@contextmanager
def collecting() -> Iterator[tuple[SpanCollector, str]]:
    """Give a collector and its endpoint."""
    collector = SpanCollector()
    server = grpc.server(ThreadPoolExecutor(4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector, f"http://127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def _received(service: str, span: Any) -> ReceivedSpan:
    return ReceivedSpan(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        _facts(span.attributes),
        failed=span.status.code == 2,
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}
