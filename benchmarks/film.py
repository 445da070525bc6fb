"""How long a film takes: over the four services, and by the cores alone in one warm process.

Run it with `.venv/bin/python benchmarks/film.py`; it prints Markdown for benchmarks/results/. The
services measure no lip sync here: they do that after a film is finished, in time that nobody waits
for.
"""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path

from alone import Alone

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.ports import Size
from s2v_cli.home import socket_folder
from s2v_cli.local import service_specs
from s2v_cli.supervisor import Supervisor

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "Nobody filmed me. My lips follow every sound that this computer makes. "
    "A voice tells when each sound begins, and the picture bends to say it, frame after frame."
)
SIZES = (Size(512, 512), Size(1280, 720))
ROUNDS = 5
COLUMNS = (
    "size",
    "film",
    "over services",
    "cores alone",
    "ratio",
    "ratio of the quickest",
    "processor time over services",
    "alone",
    "first picture after",
    "first media after",
    "first picture of a new portrait after",
    "first media of a new portrait after",
)


@dataclass(frozen=True, slots=True)
class Round:
    """One film; all in seconds, the first picture and media 0 where nobody was to watch it."""

    whole: float
    processor: float
    film: float
    first_picture: float = 0.0
    first_media: float = 0.0


def main() -> None:
    """Measure both sides in turn and print a table."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(f"ray {version('ray')}, av {version('av')}, numpy {version('numpy')}\n")
    with services() as (client, start_seconds), tempfile.TemporaryDirectory() as folder:
        print(f"From nothing to four serving services: {start_seconds:.1f} s\n")
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
        alone, portraits = Alone(Path(folder)), new_portraits(Path(folder))
        for size in SIZES:
            row(client, alone, portraits, size)


def row(client: Client, alone: Alone, portraits: Iterator[Path], size: Size) -> None:
    """Measure one size; the first round of each side is for warming up."""
    rounds = [
        (
            over_services(client, PORTRAIT, size, seed),
            by_itself(alone, size, seed),
            over_services(client, next(portraits), size, seed),
        )
        for seed in range(ROUNDS + 1)
    ]
    over, by, new = (list(side) for side in zip(*rounds[1:], strict=True))
    over_seconds, alone_seconds = (median(side, "whole") for side in (over, by))
    quickest = min(r.whole for r in over) / min(r.whole for r in by)
    cells = (
        f"{size.width}x{size.height}",
        f"{over[0].film:.2f} s",
        f"{over_seconds:.2f} s",
        f"{alone_seconds:.2f} s",
        f"{over_seconds / alone_seconds:.2f}",
        f"{quickest:.2f}",
        *(f"{median(side, 'processor'):.2f} s" for side in (over, by)),
        *(
            f"{median(side, what):.2f} s"
            for side in (over, new)
            for what in ("first_picture", "first_media")
        ),
    )
    print(f"| {' | '.join(cells)} |", flush=True)


def median(rounds: list[Round], what: str) -> float:
    """Return the median of one of the figures."""
    return float(statistics.median(getattr(one, what) for one in rounds))


def over_services(client: Client, portrait: Path, size: Size, seed: int) -> Round:
    """Make the film as a client that watches it."""
    spec = job_pb2.JobSpec(width_pixels=size.width, height_pixels=size.height, seed=seed)
    config = generation_service_pb2.GenerateConfig(spec=spec)
    started, busy = time.perf_counter(), processor_seconds()
    first = dict[str, float]()
    for response in client.generate(config, text=[TEXT], reference=portrait):
        first.setdefault(str(response.WhichOneof("event")), time.perf_counter() - started)
    whole = time.perf_counter() - started
    job = response.finished
    if job.state != job_pb2.JOB_STATE_SUCCEEDED:
        raise RuntimeError(str(job.error))
    spent = processor_seconds() - busy
    return Round(whole, spent, job.film.duration_seconds, first["preview"], first["media"])


def by_itself(alone: Alone, size: Size, seed: int) -> Round:
    """Make the same film in this process."""
    started, busy = time.perf_counter(), time.process_time()
    film = alone.film(TEXT, PORTRAIT, size, seed=seed)
    whole = time.perf_counter() - started
    return Round(whole, time.process_time() - busy, film.frames / film.frame_rate)


def new_portraits(folder: Path) -> Iterator[Path]:
    """Yield the portrait again and again as files that nobody has seen before."""
    for number in count():
        path = folder / f"portrait-{number}.jpg"
        # What follows the end of a JPEG is not looked at, but makes its digest another one.
        path.write_bytes(PORTRAIT.read_bytes() + str(number).encode())
        yield path


def processor_seconds() -> float:
    """Return how long this process and all that it started have kept a processor busy."""
    spent = dict(map(_spent, Path("/proc").glob("[0-9]*/stat")))
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in spent.items() if parent in family} - family:
        family |= more
    return sum(spent[pid][1] for pid in family)


def _spent(stat: Path) -> tuple[int, tuple[int, float]]:
    """Return a process's id, its parent's, and its seconds; see proc(5)."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return int(stat.parent.name), (0, 0.0)
    ticks = int(fields[11]) + int(fields[12])
    return int(stat.parent.name), (int(fields[1]), ticks / os.sysconf("SC_CLK_TCK"))


@contextmanager
def services(**more: str) -> Iterator[tuple[Client, float]]:
    """Run the four services over a temporary folder, with more in their environment."""
    with tempfile.TemporaryDirectory(prefix="s2v-bench-") as folder:
        home = Path(folder)
        with socket_folder(home) as sockets, (home / "log").open("w") as log:
            listen = f"unix:{sockets / 'gateway.sock'}"
            environment = {**os.environ, "S2V_GATEWAY_MEASURE_FILMS": "false", **more}
            specs = service_specs(home, sockets, listen=listen, environment=environment)
            started = time.perf_counter()
            with Supervisor(specs, report=lambda _: None, sink=log):
                seconds = time.perf_counter() - started
                with Client(listen) as client:
                    yield client, seconds


if __name__ == "__main__":
    main()
