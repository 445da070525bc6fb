"""How much of the host's memory can be had."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ROOT = Path("/")


def free_host_bytes(root: Path = _ROOT) -> int:
    """Return what programs can have without swapping: the machine's, or what the container may.

    Where the system does not tell it is the largest number.

    Args:
        root: of the file system that tells.
    """
    found = re.search(r"^MemAvailable:\s*(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    of_machine = int(found[1]) * 1024 if found else sys.maxsize
    group = root / "sys/fs/cgroup"
    limit, used = _text(group / "memory.max").strip(), _text(group / "memory.current").strip()
    if not (limit.isdigit() and used.isdigit()):
        return of_machine
    # Pages of files that were read can be given up.
    files = re.search(r"^inactive_file (\d+)", _text(group / "memory.stat"), re.MULTILINE)
    held = int(used) - (int(files[1]) if files else 0)
    return min(of_machine, max(0, int(limit) - held))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
