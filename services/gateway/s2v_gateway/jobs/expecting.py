"""What is to be expected of jobs: how long they take, by how long others took."""

import asyncio
import sys
from dataclasses import replace

import structlog

from s2v.core.job import Film, Order
from s2v_gateway.access.callers import Caller
from s2v_gateway.jobs.estimating import Estimate, Estimator
from s2v_gateway.jobs.line import Candidate
from s2v_gateway.records.job_rows import Accepted
from s2v_gateway.records.throughput import Throughput, ThroughputRecords

_log = structlog.get_logger()


class Expecting:
    """Guesses how long jobs take; every job that succeeds makes the next guess better."""

    def __init__(self, kept: ThroughputRecords) -> None:
        self._kept = kept
        self._estimator = Estimator()

    async def open(self) -> None:
        """Take what was measured before the process was started."""
        for measured in await asyncio.to_thread(self._kept.kept):
            self._estimator.learn(measured)

    def estimate(self, order: Order) -> Estimate:
        """Guess how much work an order is."""
        return self._estimator.estimate(order.spec, order.film_seconds)

    def newcomer(self, caller: Caller, order: Order) -> Candidate:
        """Return a job that was not accepted yet as the queue would see it."""
        return Candidate(
            job_id=order.job_id,
            tenant=caller.tenant,
            priority=order.spec.priority,
            number=sys.maxsize,
            work_seconds=self.estimate(order).work_seconds,
        )

    def candidate(self, accepted: Accepted) -> Candidate:
        """Return a job that was accepted as the queue sees it."""
        job, new = accepted.job, self.newcomer(accepted.caller, accepted.order)
        share_left = 1.0 - min(job.progress.fraction, 1.0)
        return replace(
            new,
            number=accepted.number,
            work_seconds=share_left * new.work_seconds,
            resumes=job.start_time is not None,
        )

    async def learn(self, order: Order, film: Film, work_seconds: float) -> None:
        """Keep how long a film took; not that of a script that somebody was still writing."""
        if order.streamed or not (film.frames and work_seconds):
            return
        measured = Throughput(
            engine=order.spec.engine,
            preset=order.spec.preset,
            pixels=film.width_pixels * film.height_pixels,
            film_seconds=film.frames / film.frame_rate,
            work_seconds=work_seconds,
        )
        self._estimator.learn(measured)
        try:
            await asyncio.to_thread(self._kept.note, measured)
        except Exception as error:  # noqa: BLE001 - a guess is no reason to fail
            _log.warning("how long a film took is not kept", exc_info=error)
