"""What is told of jobs to those who run the server: a span each, and numbers of all."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from s2v.core.errors import Cancelled, S2VError
from s2v.core.job import Film, JobState
from s2v.rpc import conventions, metrics
from s2v.rpc.logs import bind_trace, trace_of_job
from s2v.rpc.tracing import go_on_in, span
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import JobRecords


@asynccontextmanager
async def in_its_trace(job_id: str, records: JobRecords) -> AsyncIterator[None]:
    """Do a job's work in the trace that asked for it, or in one of its own; again after a restart.

    Raises:
        NotFound: JOB_NOT_FOUND.
    """
    accepted = await written(records.accepted, job_id)
    go_on_in(accepted.order.traceparent or trace_of_job(job_id))
    with span(conventions.JOB_SPAN, {conventions.JOB: job_id}):
        bind_trace()
        yield


def tell_film(film: Film, run_seconds: float) -> None:
    """Count a job that has ended with a film, made in so many seconds of work."""
    film_seconds = film.frames / film.frame_rate
    metrics.JOBS_ENDED.labels(JobState.SUCCEEDED.value.lower(), "").inc()
    metrics.FILM_FRAMES.inc(film.frames)
    metrics.FILM_SECONDS.inc(film_seconds)
    if run_seconds > 0:
        metrics.REAL_TIME_FACTOR.observe(film_seconds / run_seconds)


def tell_end(error: S2VError) -> None:
    """Count a job that has ended without."""
    state = JobState.CANCELLED if isinstance(error, Cancelled) else JobState.FAILED
    metrics.JOBS_ENDED.labels(state.value.lower(), error.reason.value).inc()


class JobGauge(Collector):
    """How many jobs there are in every state that is none of their ends, as the database says."""

    def __init__(self, count: Callable[[], Mapping[JobState, int]]) -> None:
        self._count = count

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name it without a look at the database."""
        yield self._family()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count them."""
        gauge, counts = self._family(), self._count()
        for state in JobState:
            if not state.terminal:
                gauge.add_metric((state.value.lower(),), counts.get(state, 0))
        yield gauge

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily("s2v_jobs", "Jobs that have not ended.", labels=("state",))
