"""What this machine has and how busy it is, in JSON's own types."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

_QUERY = "index,name,memory.total,memory.used,utilization.gpu"
_GAPS = _QUERY.count(",")
_SECONDS = 5.0
_MIB_A_GIB = 1024
_FIELDS = ("MemTotal", "MemAvailable")


def gpus() -> list[dict[str, Any]]:
    """Return the NVIDIA GPUs as their driver tells of them; none where there is no driver."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        told = subprocess.run(
            ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [_gpu(line.split(", ")) for line in told.splitlines() if line.count(", ") == _GAPS]


def host() -> dict[str, Any]:
    """Return how much of the processors and of the memory is in use; None is not known."""
    processors = os.cpu_count() or 1
    total, available = _memory(Path("/proc/meminfo"))
    used = None if not total or available is None else 100 * (1 - available / total)
    return {
        "cpu_count": processors,
        "cpu_percent": min(100.0, 100 * os.getloadavg()[0] / processors),
        "memory_total_gb": total,
        "memory_percent": used,
    }


def _gpu(told: list[str]) -> dict[str, Any]:
    index, name, total, used, busy = told
    return {
        "id": int(index),
        "name": name,
        "memory_total_gb": _number(total, _MIB_A_GIB),
        "memory_used_gb": _number(used, _MIB_A_GIB),
        "utilization_percent": _number(busy, 1),
    }


def _number(told: str, unit: int) -> float | None:
    """Return a number of the driver's; it says [N/A] where a device does not tell."""
    return float(told) / unit if re.fullmatch(r"\d+(\.\d+)?", told) else None


def _memory(meminfo: Path) -> tuple[float | None, float | None]:
    """Return how many GiB there are and how many are free."""
    if not meminfo.exists():
        return None, None
    text = meminfo.read_text(encoding="ascii")
    found = [re.search(rf"^{name}:\s*(\d+) kB", text, re.MULTILINE) for name in _FIELDS]
    total, available = (int(match[1]) / _MIB_A_GIB**2 if match else None for match in found)
    return total, available
