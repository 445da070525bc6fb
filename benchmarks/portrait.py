"""How fast the portrait engine draws, and how long one new process takes to make a film alone.

Run it with `.venv/bin/python benchmarks/portrait.py [FOLDER OF PORTRAITS]`; it prints Markdown for
benchmarks/results/.
"""

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

STARTED = float(sys.argv[3]) if sys.argv[1:2] == ["film"] else time.time()
"""A film's clock begins when the parent starts its process, before Python is up."""

import alone  # noqa: E402
import numpy as np  # noqa: E402

from s2v.core.errors import InvalidInput  # noqa: E402
from s2v.core.ports import Capabilities, Frames, Notice, Size, State, Take, Working  # noqa: E402
from s2v_render.engines.portrait.engine import PortraitEngine  # noqa: E402
from s2v_tts.backends.embedded import EmbeddedBackend  # noqa: E402
from s2v_tts.cutting import cut_script_text  # noqa: E402
from s2v_tts.speaking import SpokenSegment, speak_text  # noqa: E402

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "Nobody filmed me. My lips follow every sound that this computer makes. "
    "A voice tells when each sound begins, and the picture bends to say it, frame after frame."
)
SIZES = (Size(512, 512), Size(1280, 720))
ROUNDS = 5
ACTS = ("modules imported", "first segment spoken", "first frames drawn", "film finished")


def main(folder: Path | None) -> None:
    """Print both tables."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    libraries = ("numpy", "opencv-python-headless", "onnxruntime", "av")
    print(", ".join(f"{name} {version(name)}" for name in libraries), "\n")
    print(f"A film of 10 s in a new process, medians of {ROUNDS}, seconds from its start:\n")
    columns = ("size", *ACTS, "soonest", "processor time", "peak memory")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for size in SIZES:
        cold_row(size)
    print(f"\nFrames drawn a second, nothing else running, medians of {ROUNDS}:\n")
    print("| portrait | " + " | ".join(f"{s.width}x{s.height}" for s in SIZES) + " |")
    print("|---|" + "---|" * len(SIZES))
    spoken = tuple(speak())
    for path in [PORTRAIT, *sorted(folder.glob("*.jpg") if folder else ())]:
        print(f"| {path.stem} | {' | '.join(drawn(path, size, spoken) for size in SIZES)} |")


def cold_row(size: Size) -> None:
    """Make the film in new processes, the first of which warms up the disk, and print a row."""
    rounds = [cold_film(size) for _ in range(ROUNDS + 1)][1:]
    *acts, processor, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
    soonest = min(one[len(ACTS) - 1] for one in rounds)
    cells = " | ".join(f"{value:.2f} s" for value in (*acts, soonest, processor))
    print(f"| {size.width}x{size.height} | {cells} | {memory:.0f} MiB |", flush=True)


def cold_film(size: Size) -> list[float]:
    """Return when each act of a film was over, its processor time, and the peak memory in MiB."""
    name = f"{size.width}x{size.height}"
    command = [sys.executable, __file__, "film", name, str(time.time())]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def film(size: Size) -> None:
    """Make a film and print what `cold_film` returns."""
    imported = time.time()
    engine = _Watched()
    with tempfile.TemporaryDirectory() as folder:
        alone.Alone(Path(folder), engine).film(TEXT, PORTRAIT, size)
        acts = (imported, engine.first_take, engine.first_frames, time.time())
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(*(act - STARTED for act in acts), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@dataclass
class _Watched:
    """The engine, when it was first asked for frames and when they came."""

    engine: PortraitEngine = field(default_factory=PortraitEngine)
    first_take: float = 0.0
    first_frames: float = 0.0

    @property
    def capabilities(self) -> Capabilities:
        return self.engine.capabilities

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        self.first_take = self.first_take or time.time()
        for output in self.engine.render(take):
            if isinstance(output, Frames):
                self.first_frames = self.first_frames or time.time()
            yield output


def speak() -> Generator[SpokenSegment]:
    """Speak the text, one segment after the other."""
    backend = EmbeddedBackend()
    for segment in cut_script_text(TEXT):
        *_, spoken = speak_text(backend, segment.text, voice="heart", frame_rate=alone.FPS)
        assert isinstance(spoken, SpokenSegment)
        yield spoken


def drawn(path: Path, size: Size, spoken: Sequence[SpokenSegment]) -> str:
    """Return how many frames of a portrait are drawn a second, or why none are."""
    engine = PortraitEngine()
    take = Take(np.zeros(0, np.int16), (), path, path.name, "image/jpeg", alone.FPS, size)
    try:
        seconds = [rendered(engine, take, spoken) for _ in range(ROUNDS + 1)][1:]
    except InvalidInput as error:
        return error.reason.value
    frames = sum(len(s.pcm) for s in spoken) * alone.FPS / 48_000
    return f"{frames / statistics.median(seconds):.0f}"


def rendered(engine: PortraitEngine, take: Take, spoken: Sequence[SpokenSegment]) -> float:
    """Return the seconds that it takes to draw all of the film."""
    started = time.perf_counter()
    for segment in spoken:
        for _ in engine.render(replace(take, pcm=segment.pcm, phonemes=segment.phonemes)):
            pass
    return time.perf_counter() - started


if __name__ == "__main__":
    if sys.argv[1:2] == ["film"]:
        film(Size(*map(int, sys.argv[2].split("x"))))
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else None)
