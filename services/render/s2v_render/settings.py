"""Settings of the render service, from S2V_RENDER_… variables."""

import importlib.util
import os
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from s2v.rpc.settings import ServiceSettings
from s2v_render.engines import DEFAULT_ENGINE, REGISTRY
from s2v_render.engines.wan.settings import Offload

RANDOM_CHECKPOINTS = ("random:14B", "random:tiny")
"""Random weights, for benchmarks and tests."""


class RenderSettings(ServiceSettings):
    """Where the render service listens, which engines it offers and how many workers it has."""

    model_config = SettingsConfigDict(env_prefix="S2V_RENDER_", extra="forbid")

    listen: str = "127.0.0.1:50053"
    workers: int = Field(
        default=0,
        ge=0,
        description="takes rendered at once; 0 is one for two processors; where an engine uses "
        "GPUs there is one for each of them at most",
    )
    worker_threads: int = Field(
        default=0, ge=0, description="threads of each worker; 0 shares the processors out"
    )
    max_waiting: int = Field(
        default=-1, ge=-1, description="takes that may wait for a worker; -1 is 16 for each worker"
    )
    stall_seconds: float = Field(
        default=30.0,
        ge=1,
        description="a worker whose process does not answer for so long is started again",
    )
    wan_checkpoint: str = Field(
        default="",
        description="folder of a Wan2.2-S2V checkpoint, or random:14B or random:tiny; "
        "without one the engine wan is not offered",
    )
    wan_offload: Offload = Field(
        default=Offload.NONE,
        description="what the engine wan keeps in the host's memory while it is not at work: "
        "none, parts (all but the transformer) or layers (the transformer too, for small cards)",
    )
    wan_lora: str = Field(
        default="", description="file of low-rank changes merged into the checkpoint at its loading"
    )
    wan_lora_alpha: float | None = Field(
        default=None, gt=0, description="by which they are scaled, where the file does not say it"
    )
    engine: str = Field(default=DEFAULT_ENGINE, description="the engine of jobs that name none")

    @field_validator("wan_checkpoint")
    @classmethod
    def _is_there(cls, given: str) -> str:
        if not given:
            return given
        if importlib.util.find_spec("torch") is None:
            raise ValueError("the engine wan is not installed; run: pip install 's2v[wan]'")
        if given in RANDOM_CHECKPOINTS:
            return given
        folder = Path(given).expanduser().absolute()
        if not folder.is_dir():
            known = ", ".join(RANDOM_CHECKPOINTS)
            raise ValueError(f"there is no such folder; give the folder of a checkpoint or {known}")
        return str(folder)

    @field_validator("wan_lora")
    @classmethod
    def _is_a_file(cls, given: str) -> str:
        path = Path(given).expanduser().absolute()
        if given and not path.is_file():
            raise ValueError("there is no such file; give a safetensors file of low-rank changes")
        return str(path) if given else ""

    @field_validator("engine")
    @classmethod
    def _is_offered(cls, name: str, info: ValidationInfo) -> str:
        if name not in REGISTRY.names:
            raise ValueError(f"there is no such engine; use one of: {', '.join(REGISTRY.names)}")
        if name == "wan" and not info.data.get("wan_checkpoint"):
            raise ValueError("engine wan needs a checkpoint; set S2V_RENDER_WAN_CHECKPOINT")
        return name

    @property
    def processors(self) -> int:
        """How many processors the workers of a local Ray may claim together."""
        workers = self.worker_count(0)
        return max(_processors(), workers * self.threads_per_worker(workers))

    def worker_count(self, gpus: int) -> int:
        """Return how many workers there are; each has one of the GPUs unless there are none."""
        if gpus:
            return min(self.workers or gpus, gpus)
        return self.workers or max(1, _processors() // 2)

    def threads_per_worker(self, workers: int) -> int:
        """Return how many threads each worker may keep busy."""
        return self.worker_threads or max(1, _processors() // workers)

    def waiting_room(self, workers: int) -> int:
        """Return how many takes may wait for a worker."""
        return 16 * workers if self.max_waiting < 0 else self.max_waiting


def _processors() -> int:
    return len(os.sched_getaffinity(0))
