"""What several integration tests share."""

import asyncio
import contextlib
import inspect
import io
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from s2v.client import AsyncClient, Client
from s2v.core.ports import Frames, Size, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.media.pcm import Pcm, wav_bytes
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_gateway import FakeGateway
from s2v_compositor.composing import FilmWriter
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.workers.cluster import RayCluster
from s2v_render.workers.whole_lines import WholeLines
from s2v_tts.backends.embedded.backend import EmbeddedBackend

T = TypeVar("T")

FRAME_RATE = 25
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
SPOKEN = (
    "My father bought a big balloon. We see who moved the blue shoes to the beach, and how far "
    "away the people looked. Would you keep a beautiful bee?"
)
OTHER_WORDS = (
    "Hello! I am a photograph that has just learned to speak. Nobody filmed me: my lips follow "
    "every sound that this computer makes, on an ordinary processor."
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as the embedded voice speaks it, padded to whole frames."""

    text: str
    pcm: Pcm
    phonemes: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Filmed:
    """A film of somebody who speaks: 384 pixels square, 25 frames a second, about 8 seconds."""

    path: Path
    clip: Path
    spoken: Spoken


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """A local Ray for workers of two threads in all; it takes seconds to start."""
    cluster = RayCluster(2)
    asyncio.run(cluster.start())
    # Not before: Ray reads its environment when it is imported.
    from ray._private import worker
    from ray._private.ray_logging import global_worker_stdstream_dispatcher

    [(_, printing)] = global_worker_stdstream_dispatcher.handlers
    assert isinstance(printing, WholeLines)
    # It prints what workers do, and their ends, at any time: also into what a command of a later
    # test says.
    global_worker_stdstream_dispatcher.remove_handler("ray_print_logs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "print_to_stdstream", lambda *_, **__: None)
        yield cluster
    asyncio.run(cluster.stop())


@pytest.fixture(scope="session")
def spoken() -> Spoken:
    """What is said in the films below."""
    return _spoken(SPOKEN)


@pytest.fixture(scope="session")
def other_words() -> Spoken:
    """Something else, about as long."""
    return _spoken(OTHER_WORDS)


@pytest.fixture(scope="session")
def filmed(spoken: Spoken, tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """A film whose lips form the sounds."""
    return _filmed(spoken, spoken.phonemes, tmp_path_factory.mktemp("filmed"))


@pytest.fixture(scope="session")
def flapping(spoken: Spoken, tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """The same film with lips that only open and shut with the loudness."""
    return _filmed(spoken, (), tmp_path_factory.mktemp("flapping"))


def _spoken(text: str) -> Spoken:
    stretches = list(EmbeddedBackend().speak(text, "heart"))
    starts = accumulate((len(stretch.pcm) for stretch in stretches), initial=0)
    phonemes = [
        replace(mark, first_sample=mark.first_sample + start, end_sample=mark.end_sample + start)
        for stretch, start in zip(stretches, starts, strict=False)
        for mark in stretch.phonemes
    ]
    pcm = np.concatenate([stretch.pcm for stretch in stretches])
    padding = -len(pcm) % samples_per_frame(FRAME_RATE)
    return Spoken(text, np.pad(pcm, (0, padding)), tuple(phonemes))


def _filmed(spoken: Spoken, driven_by: Sequence[Mark], folder: Path) -> Filmed:
    size = Size(384, 384)
    take = Take(
        pcm=spoken.pcm,
        phonemes=tuple(driven_by),
        reference=PORTRAIT,
        reference_sha256="portrait",
        reference_media_type="image/jpeg",
        frame_rate=FRAME_RATE,
        size=size,
        seed=7,
    )
    clip, film = folder / "clip.mp4", folder / "film.mp4"
    with ClipEncoder(clip, width=size.width, height=size.height, frame_rate=FRAME_RATE) as encoder:
        for made in PortraitEngine().render(take):
            if isinstance(made, Frames):
                encoder.write(made.rgb)
        frames = encoder.frames
    with FilmWriter(film, FRAME_RATE, marking=None) as writer:
        list(writer.add(clip, io.BytesIO(wav_bytes(spoken.pcm)), frames))
        list(writer.finish())
    return Filmed(film, clip, spoken)


class Blocking:
    """The client for coroutines on a loop of its own, so that one test tries both clients."""

    def __init__(self, address: str, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = AsyncClient(address, **options)

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            async def in_the_loop() -> Any:
                answer = getattr(self._client, name)(*args, **kwargs)
                return await answer if inspect.iscoroutine(answer) else answer

            answer = self._run(in_the_loop())
            return self._each(answer) if inspect.isasyncgen(answer) else answer

        return call

    def end(self) -> None:
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _each(self, items: AsyncGenerator[T]) -> Iterator[T]:
        async def following() -> list[T]:
            return [item async for item in _first(items)]

        try:
            while found := self._run(following()):
                yield from found
        finally:
            self._run(items.aclose())


async def _first(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    with contextlib.suppress(StopAsyncIteration):
        yield await anext(items)


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGateway]:
    """A gateway in memory."""
    gateway = FakeGateway(f"unix:{tmp_path_factory.mktemp('g')}/gateway.sock")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(params=["blocking", "async"])
def client(gateway: FakeGateway, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each of the two clients, with the same methods."""
    if request.param == "blocking":
        with Client(gateway.address, patience_seconds=30) as client:
            yield client
        return
    blocking = Blocking(gateway.address, patience_seconds=30)
    yield blocking
    blocking.end()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file of somebody's."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(PORTRAIT.read_bytes())
    return path
