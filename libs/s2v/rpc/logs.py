"""Structured logs: JSON lines off a terminal, readable ones on it, bound to the job at work.

Script text, prompts and keys are never logged.
"""

import io
import logging
import sys
import uuid
from collections.abc import Iterable
from typing import TextIO

import structlog
from ulid import ULID

from s2v.rpc.tracing import TRACEPARENT, go_on_in, here, trace_id_in

_ULID_CHARACTERS = 26
_LONGEST_LINE_BYTES = 1 << 20
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
        processors=[
            structlog.stdlib.filter_by_level,  # the level of now: `switch_debugging`
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    final: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [_TRACEBACKS, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(_whole_lines(sys.stderr))
    # Ray prints the lines of its workers.
    sys.stdout, sys.stderr = _whole_lines(sys.stdout), _whole_lines(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # It tells of every request with its address, and some servers are asked every other second.
    logging.getLogger("httpx2").setLevel(logging.WARNING)


def _whole_lines(stream: TextIO) -> TextIO:
    """Return the file behind `stream` with a buffer of its own, which sends whole lines.

    Where Python writes unbuffered, a line and its end go apart, and another's line between them.
    """
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # there is no file behind it
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(number, "w", closefd=False), _LONGEST_LINE_BYTES),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


def switch_debugging(level: str) -> str:
    """Log everything from now on, or what `level` says again; return the level that holds now."""
    root = logging.getLogger()
    now = level if root.level == logging.DEBUG else "DEBUG"
    root.setLevel(now)
    return now


def correlation(job_id: str, segment: int | None = None) -> tuple[tuple[str, str], ...]:
    """Return call metadata with which the callee logs job and segment, and goes on in the trace.

    Where nobody has begun a trace, it is the job's own.
    """
    metadata = [("x-s2v-job-id", job_id), (TRACEPARENT, here() or trace_of_job(job_id))]
    if segment is not None:
        metadata.append(("x-s2v-segment", str(segment)))
    return tuple(metadata)


def trace_of_job(job_id: str) -> str:
    """Return a traceparent for a job that nobody's trace goes on in: its id is also the trace's."""
    return f"00-{_hex(job_id)}-{uuid.uuid4().hex[:16]}-01"


def _hex(job_id: str) -> str:
    """Return a job's id, a ULID, in hex; ids of earlier releases are spelt so already."""
    return ULID.from_str(job_id).hex if len(job_id) == _ULID_CHARACTERS else job_id


def bind_call(metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Bind what a call's metadata tells to this context's log lines; go on in its trace."""
    structlog.contextvars.clear_contextvars()
    given = {key: str(value) for key, value in metadata}
    bound = {name: given[key] for key, name in _BOUND.items() if key in given}
    go_on_in(given.get(TRACEPARENT, ""))
    bound["trace_id"] = trace_id_in(here()) or uuid.uuid4().hex
    structlog.contextvars.bind_contextvars(**bound)


def bind_trace() -> None:
    """Bind the trace that this context goes on in, if there is one, to its log lines."""
    if trace_id := trace_id_in(here()):
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
