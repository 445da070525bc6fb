"""Settings of the render service, from S2V_RENDER_… variables."""

import os

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from s2v.rpc.settings import ServiceSettings


class RenderSettings(ServiceSettings):
    """Where the render service listens and how many workers it has."""

    model_config = SettingsConfigDict(env_prefix="S2V_RENDER_", extra="forbid")

    listen: str = "127.0.0.1:50053"
    workers: int = Field(
        default=0, ge=0, description="takes rendered at once; 0 is one for two processors"
    )
    worker_threads: int = Field(
        default=0, ge=0, description="threads of each worker; 0 shares the processors out"
    )
    max_waiting: int = Field(
        default=-1, ge=-1, description="takes that may wait for a worker; -1 is 16 for each worker"
    )

    @property
    def worker_count(self) -> int:
        """How many workers there are."""
        return self.workers or max(1, _processors() // 2)

    @property
    def threads_per_worker(self) -> int:
        """How many threads each worker may keep busy."""
        return self.worker_threads or max(1, _processors() // self.worker_count)

    @property
    def waiting_room(self) -> int:
        """How many takes may wait for a worker."""
        return 16 * self.worker_count if self.max_waiting < 0 else self.max_waiting


def _processors() -> int:
    return len(os.sched_getaffinity(0))
