"""The engine `heygem` over a fake container, for tests."""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from s2v.core.ports import Frames, Size, Take
from s2v.core.timebase import SAMPLE_RATE
from s2v.testing.fakes_heygem import FakeContainer
from s2v_render.engines.heygem.containers import Container, HeygemLimits, HeygemSettings
from s2v_render.engines.heygem.engine import HeygemEngine

PORTRAIT = Path(str(resources.files("s2v.samples") / "portrait.jpg"))
SIZE = Size(96, 120)
QUICK = HeygemLimits(
    take_seconds=60.0,
    answer_seconds=5.0,
    poll_seconds=0.02,
    silent_seconds=0.5,
    gone_seconds=0.5,
    lost_seconds=0.3,
    file_seconds=0.3,
    copy_seconds=20.0,
)
PATIENT = replace(QUICK, silent_seconds=60.0, gone_seconds=60.0, lost_seconds=60.0, file_seconds=60)


def shared(fake: FakeContainer, name: str = "gpu0") -> Container:
    """Return the container as one whose folder we see."""
    return Container(name=name, url=fake.url, data_dir=fake.folder)


def engine_for(fake: FakeContainer, limits: HeygemLimits = QUICK) -> HeygemEngine:
    """Return an engine over a container whose folder we see."""
    return HeygemEngine(HeygemSettings(shared(fake), limits))


def a_speech(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Return a hum that swells and fades twice a second."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    swell = np.sin(np.pi * 2 * times) ** 2
    return (8_000 * swell * np.sin(2 * np.pi * 180 * times)).astype(np.int16)


def portrait_take(seconds: float = 1.0, frame_rate: int = 25) -> Take:
    """Return a take over the sample portrait."""
    return Take(a_speech(seconds), (), PORTRAIT, _digest(), "image/jpeg", frame_rate, size=SIZE)


def frames_of(engine: HeygemEngine, take: Take) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return all frames of a take."""
    return np.concatenate([item.rgb for item in engine.render(take) if isinstance(item, Frames)])


def mouths(frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[float]:
    """Return how bright the fake's mouth is in each frame."""
    height, width = frames.shape[1:3]
    part = frames[:, round(height * 0.85) :, round(width * 0.45) : round(width * 0.55)]
    return [float(level) for level in part.mean(axis=(1, 2, 3))]


@contextmanager
def begun(engine: HeygemEngine, take: Take, fake: FakeContainer) -> Iterator[Generator[Any]]:
    """Give the items of a take that the container is making."""
    items = engine.render(take)
    while not fake.count("told that it runs"):
        next(items)
    yield items


@cache
def _digest() -> str:
    return hashlib.sha256(PORTRAIT.read_bytes()).hexdigest()
