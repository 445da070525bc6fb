"""What is told of takes and workers to those who run the server, in numbers."""

import time
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from s2v.rpc import metrics
from s2v_render.rendering import ClipRendered, RenderEvent, RenderOrder, RenderProgress
from s2v_render.workers.seat import WorkerState, WorkerStatus


class TakeCount:
    """Counts one take; it was given up, or its worker died, unless `outcome` says otherwise."""

    def __init__(self, order: RenderOrder) -> None:
        self.outcome = "left"
        self._engine = order.engine
        self._began = time.monotonic()
        self._frames = 0

    def hear(self, event: RenderEvent) -> None:
        """Count the frames that were drawn; with the clip it has ended well."""
        if isinstance(event, RenderProgress):
            metrics.FRAMES_RENDERED.labels(self._engine).inc(event.frames_done - self._frames)
            self._frames = event.frames_done
        elif isinstance(event, ClipRendered):
            self.outcome = "ok"

    def end(self) -> None:
        """Count the take."""
        metrics.TAKES.labels(self._engine, self.outcome).inc()
        seconds = time.monotonic() - self._began
        if self.outcome == "ok" and seconds > 0:
            metrics.FRAMES_PER_SECOND.labels(self._engine).observe(self._frames / seconds)


class WorkerGauges(Collector):
    """How many workers are in which state, how often they were restarted, how many takes wait."""

    def __init__(
        self, status: Callable[[], Sequence[WorkerStatus]], waiting: Callable[[], int]
    ) -> None:
        self._status = status
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        """Look at the workers."""
        status = self._status()
        workers = GaugeMetricFamily("s2v_workers", "Workers, by what they do.", labels=("state",))
        for state in WorkerState:
            number = sum(worker.state is state for worker in status)
            workers.add_metric((state.value,), number)
        yield workers
        restarts = sum(worker.restarts for worker in status)
        yield CounterMetricFamily(
            "s2v_worker_restarts", "Processes started in place of others.", restarts
        )
        yield GaugeMetricFamily(
            "s2v_takes_waiting", "Takes that wait for a worker.", self._waiting()
        )
