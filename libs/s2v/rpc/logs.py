"""Structured logs: JSON lines off a terminal, readable ones on it, bound to the job at work.

Script text, prompts and keys are never logged.
"""

import logging
import sys
import uuid
from collections.abc import Iterable

import structlog
from ulid import ULID

TRACEPARENT = "traceparent"
_ULID_CHARACTERS = 26
# Local variables would carry scripts into the logs.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
_BOUND = {"x-s2v-job-id": "job_id", "x-s2v-segment": "segment"}


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's logs to standard error, stamped `service`."""

    def stamp(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        stamp,
    ]
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    final: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [_TRACEBACKS, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def correlation(job_id: str, segment: int | None = None) -> tuple[tuple[str, str], ...]:
    """Return call metadata that lets the callee log the same job, segment and trace.

    The job's id is also the trace's id (W3C Trace Context), there in 32 hex digits.
    """
    span = uuid.uuid4().hex[:16]
    metadata = [("x-s2v-job-id", job_id), (TRACEPARENT, f"00-{trace_id_of(job_id)}-{span}-01")]
    if segment is not None:
        metadata.append(("x-s2v-segment", str(segment)))
    return tuple(metadata)


def trace_id_of(job_id: str) -> str:
    """Return a job's id, a ULID, in hex; ids of earlier releases are spelt so already."""
    return ULID.from_str(job_id).hex if len(job_id) == _ULID_CHARACTERS else job_id


def bind_call(metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Bind what a call's metadata tells to every log line of this context."""
    structlog.contextvars.clear_contextvars()
    given = {key: str(value) for key, value in metadata}
    bound = {name: given[key] for key, name in _BOUND.items() if key in given}
    parts = given.get(TRACEPARENT, "").split("-")
    bound["trace_id"] = parts[1] if len(parts) == 4 else uuid.uuid4().hex
    structlog.contextvars.bind_contextvars(**bound)
