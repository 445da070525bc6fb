"""A job has so much time from its start on; then it ends, and others have its place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s2v.core.errors import DeadlineExceeded, Reason
from s2v.core.job import JobSpec, Progress, Stage
from s2v_gateway.jobs.reporting import Reporter

_DOING = {Stage.SPEAK: "speaking", Stage.RENDER: "rendering", Stage.COMPOSE: "joining its clips"}


@asynccontextmanager
async def within_time(spec: JobSpec, reporter: Reporter) -> AsyncIterator[None]:
    """Let a job work for as long as its spec allows.

    The time counts while a gateway works on the job: not while it waits, nor while there is none.

    Raises:
        DeadlineExceeded: JOB_DEADLINE_EXCEEDED; what was within was cancelled.
    """
    limit = spec.timeout_seconds
    left = max(limit - reporter.run_seconds, 0.0) if limit else None
    timeout = asyncio.timeout(left)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        if limit and timeout.expired():
            raise _late(limit, reporter.meter.progress) from error
        raise


def _late(limit: float, progress: Progress) -> DeadlineExceeded:
    segments = f"{progress.segments_rendered} of {progress.segments_total} segments were rendered"
    how_far = segments if progress.segments_total else "its script was not cut yet"
    return DeadlineExceeded(
        Reason.JOB_DEADLINE_EXCEEDED,
        f"the job was at work for {limit:g} s, which is its timeout, and was still "
        f"{_DOING[progress.stage]} ({how_far}); give it a longer timeout, or make several films",
        field="spec.timeout",
        metadata={"stage": progress.stage.value, "timeout_seconds": f"{limit:g}"},
    )
