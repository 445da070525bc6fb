"""A job that takes too long ends, and says what it was at."""

import asyncio
from dataclasses import dataclass, field

import pytest

from s2v.core.errors import DeadlineExceeded, Reason
from s2v.core.job import JobSpec, Progress, Stage
from s2v_gateway.jobs.deadlines import within_time


@dataclass
class _Meter:
    progress: Progress = field(default_factory=Progress)


@dataclass
class _Reporter:
    run_seconds: float = 0.0
    meter: _Meter = field(default_factory=_Meter)


async def test_the_error_says_how_long_it_was_and_how_far_it_came() -> None:
    progress = Progress(stage=Stage.RENDER, segments_rendered=3, segments_total=7)
    reporter = _Reporter(run_seconds=60.0, meter=_Meter(progress))
    with pytest.raises(DeadlineExceeded) as caught:
        async with within_time(JobSpec(timeout_seconds=60.0), reporter):  # type: ignore[arg-type]
            await asyncio.Event().wait()
    error = caught.value
    assert error.reason is Reason.JOB_DEADLINE_EXCEEDED
    assert error.metadata == {"stage": "render", "timeout_seconds": "60"}
    assert "still rendering (3 of 7 segments were rendered)" in error.message
    assert error.field == "spec.timeout"


@pytest.mark.parametrize("limit", [None, 0.0])
async def test_without_a_limit_a_job_may_take_for_ever(limit: float | None) -> None:
    reporter = _Reporter(run_seconds=1e9)
    async with within_time(JobSpec(timeout_seconds=limit), reporter):  # type: ignore[arg-type]
        await asyncio.sleep(0)


async def test_a_timeout_of_the_work_itself_is_its_own() -> None:
    with pytest.raises(TimeoutError, match="of the work"):
        async with within_time(JobSpec(timeout_seconds=60.0), _Reporter()):  # type: ignore[arg-type]
            raise TimeoutError("of the work")


async def test_who_is_cancelled_is_cancelled_and_not_late() -> None:
    async def work() -> None:
        async with within_time(JobSpec(timeout_seconds=60.0), _Reporter()):  # type: ignore[arg-type]
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
