"""How fast a video is given another mouth: reading, following, drawing, and all with encoding.

Run it with `.venv/bin/python benchmarks/resync.py`; it prints Markdown for benchmarks/results/.
The video is made by the engine itself from the sample portrait: a head that moves and speaks.
"""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from s2v.core.artifact import WAV, Artifact
from s2v.core.ports import Frames, Size, Take
from s2v.core.script import Speech
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh
from s2v.lipsync.phones import PHONES
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.media.video import H264, ClipEncoder
from s2v.store.artifacts import FsspecStore
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.presets import PRESETS
from s2v_render.engines.portrait.suitability.speaker import DEFAULT_SUITABILITY
from s2v_render.engines.portrait.video.following import followed
from s2v_render.engines.portrait.video.resync import draw
from s2v_render.engines.portrait.video.sitter import find_sitter
from s2v_render.engines.portrait.video.steadying import sittings
from s2v_render.rendering import RenderOrder, render_segment
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.speaking import SpokenSegment, speak_text

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
OWN_TEXT = "Hello and welcome to my kitchen. Today we bake bread together, and maybe a pie."
NEW_TEXT = "People probably believe that a big blue boat might be moving by. Please move over."
SIZES = (Size(1280, 720), Size(1920, 1080))
RATE = 25
ROUNDS = 3

T = TypeVar("T")


def main() -> None:
    """Measure every size and print a table."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(f"av {version('av')}, numpy {version('numpy')}, OpenCV {cv2.__version__}\n")
    print("Milliseconds a frame for each step alone on one thread (medians), then one segment in a")
    print(
        "warm process, encoding beside it: processor time of all threads in milliseconds a frame,"
    )
    print("and frames a second.\n")
    print("| size | frames | read | follow | steady | draw | all threads | frames a second |")
    print("|---|---|---|---|---|---|---|---|")
    backend, engine = EmbeddedBackend(), PortraitEngine()
    own, new = (spoken(backend, text) for text in (OWN_TEXT, NEW_TEXT))
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            video = filmed(engine, own, size, Path(folder) / "video.mp4")
            steps = " | ".join(f"{value:.1f}" for value in each_step(video, size))
            store = FsspecStore(f"{folder}/store")
            order = ordered(store, video, new, size)
            seconds, busy = median_seconds(partial(run, engine, order, store))
            frames = len(new.pcm) // samples_per_frame(RATE)
            print(
                f"| {size.width}x{size.height} | {frames} | {steps} "
                f"| {1000 * busy / frames:.1f} | {frames / seconds:.1f} |"
            )


def spoken(backend: EmbeddedBackend, text: str) -> SpokenSegment:
    """Return a text as speech."""
    *_, segment = speak_text(backend, text, voice="heart", frame_rate=RATE)
    assert isinstance(segment, SpokenSegment)
    return segment


def filmed(engine: PortraitEngine, speech: SpokenSegment, size: Size, path: Path) -> Path:
    """Write a video of somebody who moves and speaks."""
    take = Take(speech.pcm, speech.phonemes, PORTRAIT, "photo", "image/jpeg", RATE, size, seed=3)
    with ClipEncoder(
        path,
        width=size.width,
        height=size.height,
        frame_rate=RATE,
        quality=H264("veryfast", 20),
        threads=2,
    ) as clip:
        for batch in engine.render(take):
            if isinstance(batch, Frames):
                clip.write(batch.rgb)
    return path


def each_step(video: Path, size: Size) -> list[float]:
    """Return the milliseconds a frame of reading, following, steadying and drawing."""
    networks = FaceDetector(), FaceMesh()
    with Reader().footage(video) as footage:
        sitter = find_sitter(footage, size, *networks, suitability=DEFAULT_SUITABILITY)
        count = min(len(footage.times), 100)
        read = timed(sitter.framing.picture(footage, number) for number in range(count))
    pictures: list[Rgb] = [picture for picture, _ in read]
    seen = timed(followed(((p, False) for p in pictures), sitter.place, *networks))
    steady = timed(sittings((look for look, _ in seen), sitter.skull))
    mouth, out = PHONES["e"].mouth, np.empty_like(pictures[0])

    def drawings() -> Iterator[Rgb]:
        for sitting, _ in steady:
            draw(sitting, mouth, sitter.mouthpiece, sitter.shut, out)
            yield out

    drawn = timed(drawings())
    return [1000 * statistics.median(s for _, s in step) for step in (read, seen, steady, drawn)]


def timed(items: Iterable[T]) -> list[tuple[T, float]]:
    """Return items with the seconds that each took to come."""
    found = []
    started = time.perf_counter()
    for item in items:
        found.append((item, time.perf_counter() - started))
        started = time.perf_counter()
    return found


def ordered(store: FsspecStore, video: Path, speech: SpokenSegment, size: Size) -> RenderOrder:
    """Return the order of one segment over a video."""
    audio: Artifact = store.put([wav_bytes(speech.pcm)], WAV)
    return RenderOrder(
        speech=Speech(audio, len(speech.pcm), speech.words, speech.phonemes, speech.cues),
        reference=store.put(video, "video/mp4"),
        engine="portrait",
        frame_rate=RATE,
        size=size,
        quality=H264(PRESETS[0].encoder_preset, PRESETS[0].crf),
    )


def run(engine: PortraitEngine, order: RenderOrder, store: FsspecStore) -> None:
    """Render the segment to the end."""
    for _ in render_segment(engine, order, store, threads=2):
        pass


def median_seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Return the median time of a few rounds after one for warming up, and of the processors'."""
    seconds, busy = [], []
    for _ in range(ROUNDS + 1):
        started, idle = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - idle)
    return statistics.median(seconds[1:]), statistics.median(busy[1:])


if __name__ == "__main__":
    main()
