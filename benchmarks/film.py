"""How long a film takes: over the four services, and by the cores alone in one warm process.

Run it with `.venv/bin/python benchmarks/film.py`; it prints Markdown for benchmarks/results/.
"""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.artifact import WAV, Artifact
from s2v.core.ports import Size
from s2v.core.script import Speech
from s2v.media.pcm import wav_bytes
from s2v.store.artifacts import FsspecStore
from s2v_cli.home import socket_folder
from s2v_cli.local import service_specs
from s2v_cli.supervisor import Supervisor
from s2v_compositor.composing import FilmWriter
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.planning import find_preset
from s2v_render.rendering import ClipRendered, RenderOrder, render_segment
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.cutting import cut_script_text
from s2v_tts.speaking import SpokenSegment, speak_text

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "Nobody filmed me. My lips follow every sound that this computer makes. "
    "A voice tells when each sound begins, and the picture bends to say it, frame after frame."
)
SIZES = (Size(512, 512), Size(1280, 720))
ROUNDS = 5


def main() -> None:
    """Measure both sides in turn and print a table."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(f"ray {version('ray')}, av {version('av')}, numpy {version('numpy')}\n")
    with services() as (client, start_seconds), tempfile.TemporaryDirectory() as folder:
        print(f"From nothing to four serving services: {start_seconds:.1f} s\n")
        alone = Alone(Path(folder))
        print("| size | film | over services | cores alone | ratio | first media after |")
        print("|---|---|---|---|---|---|")
        for size in SIZES:
            row(client, alone, size)


def row(client: Client, alone: "Alone", size: Size) -> None:
    """Measure one size; the first round of each side is for warming up."""
    over, by_itself, first = [], [], []
    for seed in range(ROUNDS + 1):
        whole, media, film_seconds = over_services(client, size, seed)
        over.append(whole)
        first.append(media)
        by_itself.append(timed(partial(alone.film, size, seed)))
    services_seconds, alone_seconds = (statistics.median(s[1:]) for s in (over, by_itself))
    print(
        f"| {size.width}x{size.height} | {film_seconds:.2f} s | {services_seconds:.2f} s "
        f"| {alone_seconds:.2f} s | {services_seconds / alone_seconds:.2f} "
        f"| {statistics.median(first[1:]):.2f} s |"
    )


def over_services(client: Client, size: Size, seed: int) -> tuple[float, float, float]:
    """Return the seconds until the end, until the first media, and the film's length."""
    spec = job_pb2.JobSpec(width_pixels=size.width, height_pixels=size.height, seed=seed)
    config = generation_service_pb2.GenerateConfig(spec=spec)
    started = time.perf_counter()
    first = 0.0
    for response in client.generate(config, text=[TEXT], reference=PORTRAIT):
        if response.HasField("media") and not first:
            first = time.perf_counter() - started
    job = response.finished
    if job.state != job_pb2.JOB_STATE_SUCCEEDED:
        raise RuntimeError(str(job.error))
    return time.perf_counter() - started, first, job.film.duration_seconds


class Alone:
    """The same film by the services' cores in this process, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = FsspecStore(str(folder / "store"))
        self._backend = EmbeddedBackend()
        self._engine = PortraitEngine()
        self._reference = self._store.put(PORTRAIT, "image/jpeg")

    def film(self, size: Size, seed: int) -> None:
        """Make the film."""
        path = self._folder / "film.mp4"
        path.unlink(missing_ok=True)
        first_frame = 0
        with FilmWriter(path, 25) as writer:
            for segment in cut_script_text(TEXT):
                *_, spoken = speak_text(self._backend, segment.text, "heart", frame_rate=25)
                assert isinstance(spoken, SpokenSegment)
                audio = self._store.put([wav_bytes(spoken.pcm)], WAV)
                clip = self._clip(spoken, audio, size, seed, first_frame)
                with self._store.local(clip.video) as video, self._store.open(audio) as sound:
                    for _ in writer.add(video, sound, clip.frames):
                        pass
                first_frame += clip.frames
            for _ in writer.finish():
                pass

    def _clip(
        self, spoken: SpokenSegment, audio: Artifact, size: Size, seed: int, first_frame: int
    ) -> ClipRendered:
        speech = Speech(audio, len(spoken.pcm), spoken.words, spoken.phonemes, spoken.lip_sync)
        order = RenderOrder(
            engine="portrait",
            quality=find_preset("").quality,
            speech=speech,
            reference=self._reference,
            frame_rate=25,
            size=size,
            seed=seed,
            first_frame=first_frame,
        )
        *_, clip = render_segment(self._engine, order, self._store, threads=2)
        assert isinstance(clip, ClipRendered)
        return clip


@contextmanager
def services() -> Iterator[tuple[Client, float]]:
    """Run the four services over a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="s2v-bench-") as folder:
        home = Path(folder)
        with socket_folder(home) as sockets, (home / "log").open("w") as log:
            listen = f"unix:{sockets / 'gateway.sock'}"
            specs = service_specs(home, sockets, listen=listen, environment=os.environ)
            started = time.perf_counter()
            with Supervisor(specs, report=lambda _: None, sink=log):
                seconds = time.perf_counter() - started
                with Client(listen) as client:
                    yield client, seconds


def timed(work: Callable[[], None]) -> float:
    """Return how many seconds it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
