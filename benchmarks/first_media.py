"""How soon there is something to see and hear of a first sentence at 720p, with reels and without.

    python benchmarks/first_media.py [OLDER_CHECKOUT [SENTENCES]]

It prints Markdown for benchmarks/results/. The cores of the services speak, render, encode and
join the first segments of fifty ordinary sentences in this process, one after the other, and tell
when the first fragment of the film is there: by the first reel, and by the whole clip, as it was
before there were reels, of the same take. Beside the clock it counts processor time, which others
on the machine do not lengthen by as much: of two free processors it needs at least half.

With another checkout, a client of Generate writes some of the sentences word by word, as in
first_sound.py, to the services of both in turn, and stops at the first fragment.
"""

import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from alone import FPS, order_of
from film import PORTRAIT, services
from first_sound import Writing
from voice_texts import SENTENCES

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.artifact import WAV
from s2v.core.job import Reel
from s2v.core.ports import Size
from s2v.media.film import Fragment
from s2v.media.pcm import wav_bytes
from s2v.store.artifacts import FsspecStore
from s2v_compositor.composing import FilmWriter
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.planning import find_preset
from s2v_render.rendering import ClipRendered, RenderProgress, render_segment
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.cutting import cut_script_text
from s2v_tts.speaking import SpokenSegment, speak_text

_SIZE = Size(1280, 720)
_THREADS = 2
_SERVICES = ("gateway", "tts", "render", "compositor")
_ROOTS = ("cli", "libs", *(f"services/{name}" for name in _SERVICES))
_FRAGMENT = b"moof"
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")
Figures = dict[str, list[float]]


class Cores:
    """Makes the beginnings of films in this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = FsspecStore(str(folder / "store"))
        self._backend = EmbeddedBackend()
        self._engine = PortraitEngine()
        self._reference = self._store.put(PORTRAIT, "image/jpeg")
        self._quality = find_preset("", self._engine.capabilities, engine="portrait")

    def first_media(self, sentence: str, figures: Figures) -> None:
        """Speak and render the first segment of a text and note when there is a fragment of it."""
        began = Moment.now()
        segment, *_ = cut_script_text(sentence)
        *_, spoken = speak_text(self._backend, segment.text, voice="heart", frame_rate=FPS)
        assert isinstance(spoken, SpokenSegment)
        _note(figures, "spoken", began)
        speech = wav_bytes(spoken.pcm)
        audio = self._store.put([speech], WAV)
        order = order_of(spoken, audio, self._reference, _SIZE, self._quality, 0, 0)
        shown = False
        drawn_frames = 0
        for event in render_segment(
            self._engine, replace(order, reels=True), self._store, threads=_THREADS
        ):
            if isinstance(event, RenderProgress):
                drawn_frames = event.frames_done
            elif isinstance(event, Reel) and not shown:
                shown = True
                with self._writer() as writer, self._store.local(event.video) as video:
                    _first(writer.add_reel(video, BytesIO(speech), event))
                _note(figures, "first media by a reel", began)
                figures.setdefault("frames drawn until then", []).append(drawn_frames)
        assert isinstance(event, ClipRendered)
        with self._writer() as writer, self._store.local(event.video) as video:
            _first(writer.add(video, BytesIO(speech), event.frames))
        _note(figures, "first media by the clip", began)
        figures.setdefault("frames of the clip", []).append(event.frames)
        if not shown:
            _note(figures, "first media by a reel", began)

    def _writer(self) -> FilmWriter:
        return FilmWriter(self._folder / "film.mp4", FPS)


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds by the clock, and those that this process has kept processors busy."""

    clock: float
    processors: float

    @classmethod
    def now(cls) -> "Moment":
        """Read both."""
        return cls(time.perf_counter(), time.process_time())


def over_services(client: Client, sentence: str, side: str, figures: Figures) -> None:
    """Write a text that begins so, and note when there is something to be seen of it."""
    writing = Writing(_SENTENCE_END.split(sentence)[0])
    spec = job_pb2.JobSpec(width_pixels=_SIZE.width, height_pixels=_SIZE.height)
    spec.captions.SetInParent()
    config = generation_service_pb2.GenerateConfig(spec=spec)
    told = {"captions": "spoken", "preview": "first pictures drawn", "media": "first media"}
    responses = client.generate(config, text=writing.words(), reference=PORTRAIT)
    for response in responses:
        kind = str(response.WhichOneof("event"))
        if kind in told and (kind != "media" or _FRAGMENT in response.media.data):
            seconds = time.perf_counter() - writing.complete_at
            figures.setdefault(f"{side}: {told.pop(kind)} after", []).append(seconds)
        if "media" not in told:
            responses.close()  # the job ends with it
            return
    raise RuntimeError(str(response.finished.error))


def main() -> None:
    """Measure and print the tables."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("hibari-tts", "av", "onnxruntime")))
    figures: Figures = {}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        cores = Cores(Path(folder))
        cores.first_media(SENTENCES[0], {})
        for sentence in SENTENCES:
            cores.first_media(sentence, figures)
            loads.append(os.getloadavg()[0])
    _tell(f"The cores alone, {len(SENTENCES)} sentences", figures, loads)
    if len(sys.argv) > 1:
        _compare(Path(sys.argv[1]), SENTENCES[: int(sys.argv[2])])


def _compare(older: Path, sentences: Sequence[str]) -> None:
    with ExitStack() as stack:
        checkouts = {"this": Path(), "the older": older}
        clients = {side: stack.enter_context(_services(at)) for side, at in checkouts.items()}
        for side, client in clients.items():
            over_services(client, SENTENCES[0], side, {})
        figures: Figures = {}
        loads = [os.getloadavg()[0]]
        for sentence in sentences:
            for side, client in clients.items():
                over_services(client, sentence, side, figures)
            loads.append(os.getloadavg()[0])
    _tell(f"Over the services, {len(sentences)} sentences", figures, loads)


@contextmanager
def _services(checkout: Path) -> Iterator[Client]:
    path = os.pathsep.join(str(checkout.absolute() / root) for root in _ROOTS)
    with services(PYTHONPATH=path) as (client, _):
        yield client


def _first(fragments: Iterable[Fragment]) -> None:
    next(fragment for fragment in fragments if fragment.frames)


def _note(figures: Figures, what: str, began: Moment) -> None:
    now = Moment.now()
    figures.setdefault(f"{what}, clock (s)", []).append(now.clock - began.clock)
    figures.setdefault(f"{what}, processors (s)", []).append(now.processors - began.processors)


def _tell(title: str, figures: Figures, loads: Sequence[float]) -> None:
    print(f"\n{title}; load average {min(loads):.0f} to {max(loads):.0f}\n")
    print("| | median | 90 % within | most |\n|---|---|---|---|")
    for figure, values in figures.items():
        middle = statistics.median(values)
        ninth = statistics.quantiles(values, n=10, method="inclusive")[-1]
        print(f"| {figure} | {middle:.2f} | {ninth:.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main()
