"""What several integration tests share."""

import asyncio
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from s2v.core.ports import Frames, Size, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.media.pcm import Pcm, wav_bytes
from s2v.media.video import ClipEncoder
from s2v_compositor.composing import FilmWriter
from s2v_render.cluster import RayCluster
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_tts.backends.embedded.backend import EmbeddedBackend

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
