"""Takes of the engine `wan` on a small model, and how often that is asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from s2v.core.ports import Frames, Size, State, Take
from s2v.core.sampling import Sampling
from s2v.core.timebase import samples_per_frame
from s2v.testing.engine_contract import a_take
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.settings import WanSettings

TINY = WanSettings(checkpoint="random:tiny", device="cpu")
CHECKPOINT = Path(__file__).parents[1] / "data/wan_tiny"
SIZE = Size(64, 64)
FEW_STEPS = Sampling(steps=1, guidance=1.0)

Rgb = npt.NDArray[np.uint8]


def write_reference(path: Path, *, columns: int = 90) -> Path:
    """Write a picture of 90 rows without a face; of a square one square films look for none."""
    rows, across = np.mgrid[0:90, 0:columns]
    picture = np.stack([rows * 2, across * 2, rows + across], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(path)
    return path


def small(engine: WanEngine, reference: Path) -> Take:
    made = a_take(reference, engine.capabilities)
    return replace(made, size=SIZE, preset="low", sampling=FEW_STEPS)


def spoken(take: Take, frames: int, *, first_frame: int = 0) -> Take:
    """Return a take over noise, `frames` long; equal moments of a film sound the same."""
    length = samples_per_frame(take.frame_rate)
    noise = np.random.default_rng(1).standard_normal((first_frame + frames) * length)
    pcm = (3_000 * noise[first_frame * length :]).astype(np.int16)
    return replace(take, pcm=pcm, phonemes=(), first_frame=first_frame)


def film(engine: WanEngine, take: Take) -> Rgb:
    """Return the frames of a take after which nothing follows: its state would take as long."""
    items = engine.render(replace(take, ends_film=True))
    return np.concatenate([item.rgb for item in items if isinstance(item, Frames)])


def left(engine: WanEngine, take: Take) -> bytes:
    *_, state = engine.render(take)
    assert isinstance(state, State)
    return state.data


class Asked:
    """Counts how often the model is asked, and runs out of memory where it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.short_of_memory_at = 0
        forward = S2VTransformer.forward

        def watched(model: S2VTransformer, *args: Any, **named: Any) -> Any:
            self.times += 1
            if self.times == self.short_of_memory_at:
                raise torch.OutOfMemoryError("Tried to allocate 12.00 GiB.\nMore of it.")
            return forward(model, *args, **named)

        monkeypatch.setattr(S2VTransformer, "forward", watched)


def stepping(items: Iterator[Any], asked: Asked) -> None:
    """Go on until the model was asked."""
    while not asked.times:
        next(items)
