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

import numpy as np  # noqa: E402

from s2v.core.artifact import WAV  # noqa: E402
from s2v.core.errors import InvalidInput  # noqa: E402
from s2v.core.ports import Capabilities, Frames, Notice, Size, State, Take  # noqa: E402
from s2v.core.script import Speech  # noqa: E402
from s2v.media.pcm import wav_bytes  # noqa: E402
from s2v.store.artifacts import FsspecStore  # noqa: E402
from s2v_compositor.composing import FilmWriter  # noqa: E402
from s2v_render.engines.portrait.engine import PortraitEngine  # noqa: E402
from s2v_render.planning import find_preset  # noqa: E402
from s2v_render.rendering import ClipRendered, RenderOrder, render_segment  # noqa: E402
from s2v_tts.backends.embedded import EmbeddedBackend  # noqa: E402
from s2v_tts.cutting import cut_script_text  # noqa: E402
from s2v_tts.speaking import SpokenSegment, speak_text  # noqa: E402

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "Nobody filmed me. My lips follow every sound that this computer makes. "
    "A voice tells when each sound begins, and the picture bends to say it, frame after frame."
)
SIZES = (Size(512, 512), Size(1280, 720))
FPS = 25
ROUNDS = 5
ACTS = ("modules imported", "voice ready", "first frames drawn", "film finished")


def main(folder: Path | None) -> None:
    """Print both tables."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    libraries = ("numpy", "opencv-python-headless", "onnxruntime", "av")
    print(", ".join(f"{name} {version(name)}" for name in libraries), "\n")
    print(f"A film of 10 s in a new process, medians of {ROUNDS}, seconds from its start:\n")
    print(f"| size | {' | '.join(ACTS)} | peak memory |\n|---|" + "---|" * (len(ACTS) + 1))
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
    *seconds, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
    cells = " | ".join(f"{value:.2f} s" for value in seconds)
    print(f"| {size.width}x{size.height} | {cells} | {memory / 1024:.0f} MiB |", flush=True)


def cold_film(size: Size) -> list[float]:
    """Return when each act of a film was over, and the peak memory in KiB."""
    name = f"{size.width}x{size.height}"
    command = [sys.executable, __file__, "film", name, str(time.time())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def film(size: Size) -> None:
    """Make a film and print when each act of it was over, and the peak memory in KiB."""
    acts = [time.time()]
    with tempfile.TemporaryDirectory() as home:
        store = FsspecStore(str(Path(home) / "store"))
        reference = store.put(PORTRAIT, "image/jpeg")
        engine = _Watched()
        order = None
        with FilmWriter(Path(home) / "film.mp4", FPS) as writer:
            for spoken in speak():
                if len(acts) == 1:
                    acts.append(time.time())
                audio = store.put([wav_bytes(spoken.pcm)], WAV)
                speech = Speech(
                    audio, len(spoken.pcm), spoken.words, spoken.phonemes, spoken.lip_sync
                )
                order = RenderOrder(
                    engine="portrait",
                    quality=find_preset("").quality,
                    speech=speech,
                    reference=reference,
                    frame_rate=FPS,
                    size=size,
                    first_frame=order.first_frame + order.speech.frames(FPS) if order else 0,
                )
                *_, clip = render_segment(engine, order, store, threads=2)
                assert isinstance(clip, ClipRendered)
                with store.local(clip.video) as video, store.open(audio) as sound:
                    for _ in writer.add(video, sound, clip.frames):
                        pass
            for _ in writer.finish():
                pass
    acts += [engine.first_frames, time.time()]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(*(act - STARTED for act in acts), memory)


@dataclass
class _Watched:
    """The engine, and when its first frames came."""

    engine: PortraitEngine = field(default_factory=PortraitEngine)
    first_frames: float = 0.0

    @property
    def capabilities(self) -> Capabilities:
        return self.engine.capabilities

    def render(self, take: Take) -> Generator[Frames | Notice | State]:
        for output in self.engine.render(take):
            self.first_frames = self.first_frames or time.time()
            yield output


def speak() -> Generator[SpokenSegment]:
    """Speak the text, one segment after the other."""
    backend = EmbeddedBackend()
    for segment in cut_script_text(TEXT):
        *_, spoken = speak_text(backend, segment.text, "heart", frame_rate=FPS)
        assert isinstance(spoken, SpokenSegment)
        yield spoken


def drawn(path: Path, size: Size, spoken: Sequence[SpokenSegment]) -> str:
    """Return how many frames of a portrait are drawn a second, or why none are."""
    engine = PortraitEngine()
    take = Take(np.zeros(0, np.int16), (), path, path.name, "image/jpeg", FPS, size)
    try:
        seconds = [rendered(engine, take, spoken) for _ in range(ROUNDS + 1)][1:]
    except InvalidInput as error:
        return error.reason.value
    return f"{sum(len(s.pcm) for s in spoken) * FPS / 48_000 / statistics.median(seconds):.0f}"


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
