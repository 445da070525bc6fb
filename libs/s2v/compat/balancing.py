"""How many frames each worker is best given, for who parts the work by hand."""

import math
from typing import Any, Protocol

LEAST_FRAMES = 25
"""A second: less is not worth what a piece costs to begin."""


class Monitored(Protocol):
    """Tells how a system is, as `IntegratedS2VSystem` does."""

    def get_system_status(self) -> dict[str, Any]:
        """Return the status, with a key for each worker in `system_stats.worker_stats`."""


class LoadBalancer:
    """Says how long pieces of a film are best made.

    S2V cuts films by itself, where speech pauses. This is for work that is parted elsewhere.

    Args:
        monitor: a system whose workers count where no number is given.
    """

    def __init__(self, monitor: Monitored | None = None) -> None:
        self._monitor = monitor

    def suggest_optimal_chunk_size(self, total_frames: int, num_workers: int | None = None) -> int:
        """Return how many frames a piece should have so that all workers end together.

        Args:
            total_frames: of the film, at least 1.
            num_workers: that render at once; by default those of the monitored system.

        Raises:
            ValueError: a number is below 1.
        """
        workers = self._workers() if num_workers is None else num_workers
        if total_frames < 1 or workers < 1:
            raise ValueError(f"needs frames and workers, not {total_frames} and {workers}")
        return min(total_frames, max(LEAST_FRAMES, math.ceil(total_frames / workers)))

    def _workers(self) -> int:
        if self._monitor is None:
            return 1
        return max(1, len(self._monitor.get_system_status()["system_stats"]["worker_stats"]))
