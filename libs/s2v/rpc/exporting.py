"""Make spans with OpenTelemetry and export them over OTLP; imported only where that is wanted."""

import os
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from s2v.rpc import conventions

_TRACEPARENT = "traceparent"
_DELAY_MILLISECONDS = 1000
"""Shorter than OpenTelemetry's own: a worker that is killed takes unsent spans along."""
_CLOSING_MILLISECONDS = 3000
_PROPAGATOR = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """A span that has not ended."""

    own: Span

    @property
    def traceparent(self) -> str:
        """What goes on in it is told by this."""
        context = self.own.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def tell(self, name: str, fact: str | float) -> None:
        """Add a fact."""
        self.own.set_attribute(name, fact)

    def fail(self, kind: str) -> None:
        """Say that it failed, and of what kind the error is."""
        self.own.set_attribute(conventions.ERROR_TYPE, kind)
        self.own.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """End it."""
        self.own.end()


class Exporting:
    """The spans of one process, as OpenTelemetry's variables say.

    Args:
        service: name of the service, unless `OTEL_SERVICE_NAME` says another.
    """

    def __init__(self, service: str) -> None:
        own = {
            conventions.SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or f"s2v-{service}",
            conventions.SERVICE_NAMESPACE: "s2v",
            conventions.SERVICE_VERSION: version("s2v"),
        }
        # Here and not at the first span, on a loop: files of installed packages are read for it.
        self._resource = Resource.create(own)
        self._opening = threading.Lock()

    @cached_property
    def _provider(self) -> TracerProvider:
        process = Resource({conventions.SERVICE_INSTANCE: str(os.getpid())})
        resource = self._resource.merge(process)
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        told = os.environ.get("OTEL_BSP_SCHEDULE_DELAY")
        delay = None if told else _DELAY_MILLISECONDS
        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=delay)
        )
        return provider

    def begin(self, name: str, facts: object, *, parent: str, serves: bool) -> OpenSpan:
        """Begin a span; `parent` is a traceparent, "" for a new trace."""
        with self._opening:
            tracer = self._provider.get_tracer("s2v")
        context = _PROPAGATOR.extract({_TRACEPARENT: parent} if parent else {}, Context())
        kind = SpanKind.SERVER if serves else SpanKind.INTERNAL
        return OpenSpan(tracer.start_span(name, context, kind, attributes=facts))  # type: ignore[arg-type]

    def send_soon(self) -> None:
        """Export what has ended, on a thread."""
        threading.Thread(target=self._flush, name="spans", daemon=True).start()

    def close(self) -> None:
        """Export what has ended and export no more."""
        if "_provider" in self.__dict__:
            self._flush()
            self._provider.shutdown()

    def _flush(self) -> None:
        self._provider.force_flush(_CLOSING_MILLISECONDS)
