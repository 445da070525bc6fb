"""What is told of the stages to those who run the server: a span for each piece, and how long."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from s2v.core.job import Order
from s2v.rpc import conventions, metrics
from s2v.rpc.tracing import span


@contextmanager
def stage(name: str, order: Order, segment: int | None = None) -> Iterator[None]:
    """Tell of a stage's work on one segment or on all of a film, with every call that it takes.

    Args:
        name: "speak", "render", "compose", or one of the lesser ones.
        order: whose film it is.
        segment: index; None where it is all of them.
    """
    facts: dict[str, str | int] = {conventions.JOB: order.job_id}
    if segment is not None:
        facts[conventions.SEGMENT] = segment
    began, outcome = time.monotonic(), "ok"
    with span(name, facts):
        try:
            yield
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except BaseException:
            outcome = "failed"
            raise
        finally:
            metrics.STAGE_SECONDS.labels(name, outcome).observe(time.monotonic() - began)
