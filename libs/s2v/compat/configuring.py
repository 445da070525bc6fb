"""What the founding document calls configuration: defaults, presets, and what suits a machine."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from s2v.compat.machine import gpus

_DOCTOR_SECONDS = 120.0
_GIB_A_PICTURE = 6
_MOST_AT_ONCE = 4
_WAN_OFFLOADS = ((56.0, "none"), (44.0, "parts"), (14.0, "layers"))
"""GiB that the model needs for 832x480 pixels, by how much of it waits in the host's memory."""


class Configuration:
    """The defaults of `IntegratedS2VSystem`; what is changed here counts for systems made later.

    Attributes:
        DEFAULT_VIDEO_PARAMS: of a film that is told nothing else.
        QUALITY_PRESETS: sizes of films, and how directed engines sample them.
        GPU_CONFIG: what is asked of a GPU, as the founding document has it.
        RAY_CONFIG: what Ray's workers may take; None follows from the machine.
    """

    DEFAULT_VIDEO_PARAMS: ClassVar[dict[str, Any]] = {
        "height": 480,
        "width": 640,
        "fps": 30,
        "quality": "medium",
    }
    QUALITY_PRESETS: ClassVar[dict[str, dict[str, Any]]] = {
        "low": {
            "guidance_scale": 2.0,
            "num_inference_steps": 8,
            "target_resolution": "320x240",
        },
        "medium": {
            "guidance_scale": 3.0,
            "num_inference_steps": 15,
            "target_resolution": "640x480",
        },
        "high": {
            "guidance_scale": 4.0,
            "num_inference_steps": 25,
            "target_resolution": "1280x720",
        },
        "ultra": {
            "guidance_scale": 4.5,
            "num_inference_steps": 40,
            "target_resolution": "1280x720",
        },
    }
    GPU_CONFIG: ClassVar[dict[str, Any]] = {
        "min_memory_gb": 8,
        "recommended_memory_gb": 16,
        "max_batch_size": 4,
    }
    RAY_CONFIG: ClassVar[dict[str, Any]] = {
        "num_cpus": None,
        "num_gpus": None,
        "object_store_memory": 2_000_000_000,
    }

    @classmethod
    def validate_environment(cls) -> Mapping[str, Any]:
        """Look for what keeps films from being made here, as `s2v doctor` does; takes seconds.

        Returns:
            `valid`, and `findings`: a line for each thing that was looked at, and its remedy.
        """
        found = subprocess.run(
            [sys.executable, "-m", "s2v_cli.main", "doctor"],
            capture_output=True,
            text=True,
            timeout=_DOCTOR_SECONDS,
            check=False,
        )
        return {"valid": found.returncode == 0, "findings": found.stdout.splitlines()}

    @classmethod
    def get_optimal_gpu_config(
        cls, available_gpus: int | None = None, memory_per_gpu: float | None = None
    ) -> Mapping[str, Any]:
        """Tell how GPUs are best used.

        Args:
            available_gpus: how many; by default those of this machine.
            memory_per_gpu: in GiB; by default that of the smallest one.

        Returns:
            `num_gpus` that get a worker each, `batch_size` as the founding document reckons it,
            `engine` that can be run, `offload` for it (S2V_RENDER_WAN_OFFLOAD), and `reason`.
        """
        here = gpus()
        count = len(here) if available_gpus is None else available_gpus
        least = min((gpu["memory_total_gb"] or 0.0 for gpu in here), default=0.0)
        gib = least if memory_per_gpu is None else memory_per_gpu
        engine, offload, reason = _fitting(count, gib)
        batch = min(_MOST_AT_ONCE, int(gib // _GIB_A_PICTURE), cls.GPU_CONFIG["max_batch_size"])
        return {
            "num_gpus": count if engine == "wan" else 0,
            "batch_size": max(1, batch),
            "engine": engine,
            "offload": offload,
            "reason": reason,
        }


def _fitting(count: int, gib: float) -> tuple[str, str, str]:
    if count < 1:
        return "portrait", "none", "there is no GPU; the engine portrait needs none"
    for needed, offload in _WAN_OFFLOADS:
        if gib >= needed:
            return "wan", offload, f"with offload {offload} the engine wan needs {needed:g} GiB"
    least = _WAN_OFFLOADS[-1][0]
    reason = (
        f"{gib:g} GiB are too few for the engine wan, which needs {least:g}; portrait needs none"
    )
    return "portrait", "none", reason
