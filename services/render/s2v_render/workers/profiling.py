"""Where the time of a take went: one file each, for `python -m pstats` or a trace viewer."""

import cProfile
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def profiled(events: Generator[T], folder: Path) -> Generator[T]:
    """Yield a take's events and write its profile at the end, however it ends.

    Python's own profiler sees the engine's thread, in `take-TIME.pstats`; where PyTorch is at work
    its profiler sees the devices, too, in `take-TIME.trace.json`, which is large.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"take-{time.strftime('%Y%m%dT%H%M%S')}-{time.monotonic_ns() % 10**6:06d}"
    profiler = cProfile.Profile()
    try:
        with _devices(path.with_name(f"{path.name}.trace.json")):
            profiler.enable()
            yield from events
    finally:
        profiler.disable()
        profiler.dump_stats(path.with_name(f"{path.name}.pstats"))


@contextmanager
def _devices(path: Path) -> Iterator[None]:
    """Profile what PyTorch does, if an engine has loaded it."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with torch.profiler.profile() as profiler:
        yield
    profiler.export_chrome_trace(str(path))
