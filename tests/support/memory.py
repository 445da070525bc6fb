"""How much memory processes take, as the kernel counts it."""

import re
from pathlib import Path

MIB = 1 << 20


def peak_bytes(pid: int) -> int:
    """The most that a process has had in memory since `forget_peak`, or since it began."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def forget_peak(pid: int) -> int:
    """Let the peak of a process begin anew; return what it has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_bytes(pid)
