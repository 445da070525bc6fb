"""One trace from whoever asks for a film to whoever renders it (W3C Trace Context).

Spans are made and exported where OpenTelemetry's variables say so (extra `otel`). Without them none
of it is imported, and still a caller's trace goes on from service to service, so that logs can be
found by it. Errors are told by their kind alone: what they say may quote a script.
"""

import asyncio
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from s2v.core.errors import S2VError
from s2v.rpc import conventions

if TYPE_CHECKING:
    from s2v.rpc.exporting import Exporting

TRACEPARENT = "traceparent"

Facts = Mapping[str, str | int | float | bool]
Tell = Callable[[str, str | int | float | bool], None]
"""Adds a fact to a span."""

_FORM = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_here: ContextVar[str] = ContextVar("traceparent", default="")
_exporting: "list[Exporting]" = []
"""At most one, for the process."""


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Tell whether OpenTelemetry's variables ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return exporter == "otlp"
    return any(environment.get(name) for name in _ENDPOINTS)


def configure_tracing(service: str) -> None:
    """Export this process's spans from now on, if that is wanted; else do nothing.

    Connections are made at the first span, not here: a process may still have to fork.

    Raises:
        SystemExit: it is wanted, and the extra `otel` is not installed; or over another protocol
            than gRPC.
    """
    if not is_wanted(os.environ):
        return
    if importlib.util.find_spec("opentelemetry") is None:
        sys.exit(
            "traces are wanted (OTEL_… variables), and OpenTelemetry is not installed; "
            "run: pip install 's2v[otel]', or set OTEL_SDK_DISABLED=true"
        )
    for name in _PROTOCOLS:
        if os.environ.get(name, "grpc") != "grpc":
            sys.exit(
                f"bad setting {name}: traces leave over gRPC only; leave it out, or say grpc, "
                "and name the collector's gRPC port, usually 4317"
            )
    from s2v.rpc.exporting import Exporting

    _exporting[:] = [Exporting(service)]


def stop_tracing() -> None:
    """Export what is left, within a few seconds; nothing is exported any more."""
    while _exporting:
        _exporting.pop().close()


def send_soon() -> None:
    """Export what has ended so far, beside other work: a worker may be killed at any time."""
    for exporting in _exporting:
        exporting.send_soon()


def is_traced() -> bool:
    """Tell whether spans are made."""
    return bool(_exporting)


def here() -> str:
    """Return the traceparent of the span, or of the caller's, that work goes on in; "" for none."""
    return _here.get()


def trace_id_in(traceparent: str) -> str:
    """Return the trace that a traceparent names, 32 hex digits; "" where it is none."""
    match = _FORM.fullmatch(traceparent)
    return match[1] if match else ""


def go_on_in(traceparent: str) -> None:
    """Have this context go on in a caller's trace; what is no traceparent is none."""
    _here.set(traceparent if trace_id_in(traceparent) else "")


def of_calling_program() -> str:
    """Return the traceparent of the span that a program which uses OpenTelemetry is in.

    "" where it is in none, or does not use it: then it is not imported for this.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return ""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def span(name: str, facts: Facts, *, serves: bool = False) -> Iterator[Tell]:
    """Make what is done in this context a span of the trace that it goes on in, or a new one's.

    Args:
        name: of the kind of work; few differ.
        facts: about this piece of it, by names of `s2v.rpc.conventions`.
        serves: whether it answers a call of another process.
    """
    if not _exporting:
        yield _untold
        return
    before = _here.get()
    made = _exporting[0].begin(name, facts, parent=before, serves=serves)
    _here.set(made.traceparent)
    try:
        yield made.tell
    except (asyncio.CancelledError, GeneratorExit):
        made.tell(conventions.CANCELLED, True)
        raise
    except BaseException as error:
        made.fail(error.reason.value if isinstance(error, S2VError) else type(error).__name__)
        raise
    finally:
        made.end()
        # A token could not be given back where a generator is closed from another context.
        _here.set(before)


def _untold(_: str, __: str | float) -> None:
    """Tell nobody."""
