"""Lengths of time and places in the queue, as people read them."""

from datetime import UTC, datetime

from s2v.api.gateway.v1 import job_pb2


def duration(seconds: float) -> str:
    """Spell a length of time: `8.5 s`, `42 s` or `2:05 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60}:{whole % 60:02d} min"


def place_in_queue(waiting: job_pb2.Waiting) -> str:
    """Spell where a job waits: `number 3 in the queue, may start in 2:05 min`."""
    start = waiting.estimated_start_time.ToDatetime(UTC)
    seconds = (start - datetime.now(UTC)).total_seconds()
    when = f"in {duration(seconds)}" if seconds >= 1 else "any moment"
    return f"number {waiting.position} in the queue, may start {when}"
