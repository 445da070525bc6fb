"""Settings of the render service, from S2V_RENDER_… variables."""

import importlib.util
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from s2v.core.errors import InvalidInput
from s2v.rpc.settings import InternalSettings
from s2v_render.engines import DEFAULT_ENGINE, REGISTRY
from s2v_render.engines.heygem.containers import read_containers
from s2v_render.engines.wan.presets import PRESET_NAMES
from s2v_render.engines.wan.settings import (
    RANDOM_CHECKPOINTS,
    Noise,
    Offload,
    Precision,
    lora_choices,
)
from s2v_render.workers.dashboard import check_dashboard


class Aim(StrEnum):
    """What several GPUs are used for."""

    THROUGHPUT = "throughput"
    """Most films in all: each GPU makes one of its own."""
    LATENCY = "latency"
    """Each film as soon as can be: all GPUs of a machine make it together."""


class RenderSettings(InternalSettings):
    """Where the render service listens, which engines it offers and how many workers it has."""

    model_config = SettingsConfigDict(env_prefix="S2V_RENDER_", extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50053", description="host:port or unix:/path to listen on"
    )
    workers: int = Field(
        default=0,
        ge=0,
        description="takes rendered at once; 0 is one for two processors; where an engine uses "
        "GPUs there are as many at most as those suffice for",
    )
    aim: Aim = Field(
        default=Aim.THROUGHPUT,
        description="what GPUs are used for: throughput (each makes a film of its own) or latency "
        "(all of a machine make one film together)",
    )
    ranks: int = Field(
        default=0,
        ge=0,
        description="processes that make one film together where the engine can, each on a GPU of "
        "its own where there are GPUs, and no more than those of one machine; 0 leaves it to the "
        "aim",
    )
    worker_threads: int = Field(
        default=0,
        ge=0,
        description="threads of each process of a worker; 0 shares the processors out",
    )
    max_waiting: int = Field(
        default=-1, ge=-1, description="takes that may wait for a worker; -1 is 16 for each worker"
    )
    stall_seconds: float = Field(
        default=30.0,
        ge=1,
        description="a worker whose process does not answer for so long is started again",
    )
    profile: bool = Field(
        default=False,
        description="write where the time of every take went, into the folder profiles of the home",
        json_schema_extra={"shared": "S2V_PROFILE"},
    )
    ray_dashboard: str = Field(
        default="",
        description="host:port to serve Ray's dashboard at, or a port on this machine; whoever has "
        "its token can run programs; empty: none; needs the extra dashboard",
    )
    wan_checkpoint: str = Field(
        default="",
        description="folder of a Wan2.2-S2V checkpoint, the transformer's file, or random:14B or "
        "random:tiny; without one the engine wan is not offered",
    )
    wan_text_encoder: str = Field(
        default="", description="file or folder of the text encoder, where it lies elsewhere"
    )
    wan_tokenizer: str = Field(
        default="", description="folder with the text encoder's tokenizer.json or spiece.model"
    )
    wan_vae: str = Field(default="", description="file or folder of the Wan 2.1 autoencoder")
    wan_speech: str = Field(default="", description="file or folder of the wav2vec2 model")
    wan_offload: Offload = Field(
        default=Offload.NONE,
        description="what the engine wan keeps in the host's memory while it is not at work: "
        "none, parts (all but the transformer) or layers (the transformer too, for small cards)",
    )
    wan_precision: Precision = Field(
        default=Precision.AUTO,
        description="what the engine wan computes in: auto (bf16 on a GPU, else fp32), fp32, bf16, "
        "fp8, which takes less time and memory, and needs compute capability 8.9, or "
        "fp8-attention, which takes still less time, and needs 9.0 and nvidia-cudnn-frontend",
    )
    wan_noise: Noise = Field(
        default=Noise.CPU,
        description="where the engine wan draws its noise: cpu, where equal seeds give the same "
        "on every device, or cuda, as the official code does",
    )
    wan_lora: str = Field(
        default="",
        description="files of low-rank changes merged into the checkpoint: "
        "FILE*STRENGTH@PRESET,PRESET; FILE; the strength is 1 and all presets have it where not "
        "told",
    )
    wan_lora_alpha: float | None = Field(
        default=None, gt=0, description="by which they are scaled, where a file does not say it"
    )
    wan_lora_forced: bool = Field(
        default=False,
        description="whether to merge what was trained for another way of sampling, too",
    )
    heygem_file: str = Field(
        default="",
        description="TOML file that names HeyGem containers; without it the engine heygem is not "
        "offered",
    )
    heygem_take_seconds: float = Field(
        default=1_800.0, gt=0, description="longest time a container may be at one segment"
    )
    heygem_poll_seconds: float = Field(
        default=2.0, gt=0, description="how often it is asked how far it is"
    )
    heygem_failures: int = Field(
        default=3, ge=1, description="a container that fails so many times in a row is left alone"
    )
    heygem_rest_seconds: float = Field(
        default=15.0, gt=0, description="for so long, and until it answers"
    )
    engine: str = Field(default=DEFAULT_ENGINE, description="the engine of jobs that name none")

    @field_validator("ray_dashboard")
    @classmethod
    def _can_be_served(cls, listen: str) -> str:
        try:
            if listen:
                check_dashboard(listen, os.environ)
        except InvalidInput as error:
            raise ValueError(error.message) from error
        return listen

    @field_validator("wan_checkpoint")
    @classmethod
    def _is_there(cls, given: str) -> str:
        if not given:
            return given
        if importlib.util.find_spec("torch") is None:
            raise ValueError("the engine wan is not installed; run: pip install 's2v[wan]'")
        if given in RANDOM_CHECKPOINTS:
            return given
        place = Path(given).expanduser().absolute()
        if not place.exists():
            known = ", ".join(RANDOM_CHECKPOINTS)
            raise ValueError(f"there is no such folder; give the folder of a checkpoint or {known}")
        return str(place)

    @field_validator("wan_text_encoder", "wan_tokenizer", "wan_vae", "wan_speech")
    @classmethod
    def _lies_there(cls, given: str) -> str:
        place = Path(given).expanduser().absolute()
        if given and not place.exists():
            raise ValueError("there is no such file or folder")
        return str(place) if given else ""

    @field_validator("wan_lora")
    @classmethod
    def _are_files(cls, given: str) -> str:
        for choice in lora_choices(given):
            if not Path(choice.file).expanduser().is_file():
                raise ValueError(f"there is no such file: {choice.file}; give safetensors files")
            if unknown := set(choice.presets) - set(PRESET_NAMES):
                raise ValueError(
                    f"wan has no preset {unknown.pop()}; there are {', '.join(PRESET_NAMES)}"
                )
        return given

    @field_validator("heygem_file")
    @classmethod
    def _names_containers(cls, given: str) -> str:
        if not given:
            return given
        path = Path(given).expanduser().absolute()
        read_containers(path)
        return str(path)

    @field_validator("engine")
    @classmethod
    def _is_offered(cls, name: str, info: ValidationInfo) -> str:
        if name not in REGISTRY.names:
            raise ValueError(f"there is no such engine; use one of: {', '.join(REGISTRY.names)}")
        if name == "wan" and not info.data.get("wan_checkpoint"):
            raise ValueError("engine wan needs a checkpoint; set S2V_RENDER_WAN_CHECKPOINT")
        if name == "heygem" and not info.data.get("heygem_file"):
            raise ValueError("engine heygem needs containers; set S2V_RENDER_HEYGEM_FILE")
        return name

    def processors(self, elsewhere: int) -> int:
        """Return how many processors the workers of a local Ray may claim together.

        Args:
            elsewhere: how many more workers there are, whose devices are elsewhere.
        """
        ranks = self.ranks or 1
        processes = ranks * self.worker_count(0, ranks)
        claimed = (processes + elsewhere) * self.threads_per_process(processes)
        return max(_processors(), claimed)

    def ranks_per_worker(self, gpus: Sequence[int]) -> int:
        """Return how many processes a worker has, each of which has one GPU unless there are none.

        Args:
            gpus: how many each machine has; none where no engine uses them.
        """
        most = max(gpus, default=0)
        if not most:
            return self.ranks or 1
        return min(self.ranks or (most if self.aim is Aim.LATENCY else 1), most)

    def worker_count(self, groups: int, ranks: int) -> int:
        """Return how many workers there are.

        Args:
            groups: how many times the GPUs suffice for one; 0 where there are no GPUs.
            ranks: how many processes each has.
        """
        if groups:
            return min(self.workers or groups, groups)
        return self.workers or max(1, _processors() // (2 * ranks))

    def threads_per_process(self, processes: int) -> int:
        """Return how many threads each process of a worker may keep busy."""
        return self.worker_threads or max(1, _processors() // processes)

    def waiting_room(self, workers: int) -> int:
        """Return how many takes may wait for a worker."""
        return 16 * workers if self.max_waiting < 0 else self.max_waiting


def _processors() -> int:
    return len(os.sched_getaffinity(0))
