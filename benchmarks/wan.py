"""How long each stage of the engine `wan` takes, and how much memory: whole windows, in process.

Run it with `.venv/bin/python benchmarks/wan.py --checkpoint random:14B --sizes 832x480 1280x704`;
it prints Markdown for benchmarks/results/, and with `--out FOLDER` writes it there, with a JSON
file beside. Each size is one take of 77 frames at 16 a second: one window, as a film opens.
Stages are timed with the device at rest before and after each, which costs little beside them.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

import s2v_render.engines.wan.model.text as text
from s2v.core.ports import Frames, Sampling, Size, Take
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.model.speech import SpeechModel
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import DecodingStream, Vae
from s2v_render.engines.wan.settings import Offload, WanSettings

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
FPS = 16
FRAMES = 77
STAGES: tuple[tuple[Any, str, str], ...] = (
    (text, "encode", "text"),
    (SpeechModel, "features", "sound"),
    (S2VTransformer, "encode_text", "conditions"),
    (S2VTransformer, "encode_sound", "conditions"),
    (S2VTransformer, "encode_scene", "conditions"),
    (S2VTransformer, "forward", "forward"),
    (Vae, "encode", "encode"),
    (DecodingStream, "decode", "decode"),
)
GIB = 2**30


@dataclass
class Stopwatch:
    """Seconds of every call of every stage, and the most memory that a stage had."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peak_gib: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """Return the function, watched."""

        def watched(*args: Any, **named: Any) -> Any:
            at_rest()
            if torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()
            started = time.perf_counter()
            result = function(*args, **named)
            at_rest()
            self.seconds[stage].append(time.perf_counter() - started)
            self.peak_gib[stage] = max(self.peak_gib[stage], peak_gib())
            return result

        return watched


@dataclass(frozen=True)
class Row:
    """What one size took: seconds of each stage, and GiB."""

    size: str
    text: float
    sound: float
    conditions: float
    steps: list[float]
    decode: float
    encode: float
    whole: float
    peak_gib: float
    peaks_gib: dict[str, float]
    frames: int


def main() -> None:
    """Measure every size and print a table."""
    asked = arguments()
    settings = WanSettings(asked.checkpoint, offload=Offload(asked.offload))
    engine = WanEngine(settings)
    started = time.perf_counter()
    engine.load()
    at_rest()
    load_seconds = time.perf_counter() - started
    resident = torch.cuda.memory_allocated() / GIB if torch.cuda.is_available() else peak_gib()
    rows = [measured(engine, size, asked) for size in asked.sizes]
    page = report(asked, load_seconds, resident, rows)
    print(page)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "wan.md").write_text(page)
        facts = {"load_seconds": load_seconds, "resident_gib": resident}
        facts["rows"] = [asdict(row) for row in rows]
        (asked.out / "wan.json").write_text(json.dumps(facts, indent=1))


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--offload", default="none", choices=[str(one) for one in Offload])
    parser.add_argument("--sizes", nargs="+", default=["64x64"])
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--guidance", type=float, default=4.5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def measured(engine: WanEngine, name: str, asked: argparse.Namespace) -> Row:
    """Render one window at a size, such as "832x480"."""
    width, height = map(int, name.split("x"))
    noise = np.random.default_rng(0).standard_normal(FRAMES * 48_000 // FPS)
    take = Take(
        (3_000 * noise).astype(np.int16),
        (),
        PORTRAIT,
        "portrait",
        "image/jpeg",
        FPS,
        Size(width, height),
        seed=1,
        sampling=Sampling(steps=asked.steps, guidance=asked.guidance),
        prompt=f"A person explains something at {name}.",
    )
    watch = Stopwatch()
    with watched(watch):
        started = time.perf_counter()
        frames = sum(len(item.rgb) for item in engine.render(take) if isinstance(item, Frames))
        whole = time.perf_counter() - started
    passes = 2 if asked.guidance > 1 else 1
    forward = watch.seconds["forward"]
    steps = [sum(forward[at : at + passes]) for at in range(0, len(forward), passes)]
    sums = {stage: sum(seconds) for stage, seconds in watch.seconds.items()}
    return Row(
        size=name,
        text=sums["text"],
        sound=sums["sound"],
        conditions=sums["conditions"],
        steps=steps,
        decode=sums["decode"],
        encode=sums["encode"],
        whole=whole,
        peak_gib=max(watch.peak_gib.values()),
        peaks_gib=dict(watch.peak_gib),
        frames=frames,
    )


@contextmanager
def watched(watch: Stopwatch) -> Iterator[None]:
    """Time every stage within this context."""
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in STAGES]
    for owner, name, stage in STAGES:
        setattr(owner, name, watch.timed(getattr(owner, name), stage))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def at_rest() -> None:
    """Wait until the device has done everything."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_gib() -> float:
    """Return the most memory of tensors on the device, or of this process where there is none."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def report(asked: argparse.Namespace, load: float, resident: float, rows: list[Row]) -> str:
    """Return the page for benchmarks/results/."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    lines = [
        f"{device}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"torch {torch.__version__}, diffusers {version('diffusers')}, "
        f"transformers {version('transformers')}",
        "",
        f"Checkpoint {asked.checkpoint}, offload {asked.offload}; loaded in {load:.1f} s, "
        f"{resident:.1f} GiB of weights resident. One window of 80 frames ({FRAMES} kept), "
        f"{asked.steps} steps, guidance {asked.guidance}.",
        "",
        "Seconds of each stage, the most memory of tensors in GiB, and frames a second of the "
        "whole take.",
        "",
        "| size | text | sound | conditions | each step | decode | encode | whole take "
        "| peak GiB | frames a second |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        steps = ", ".join(f"{seconds:.2f}" for seconds in row.steps)
        lines.append(
            f"| {row.size} | {row.text:.2f} | {row.sound:.2f} | {row.conditions:.2f} | {steps} "
            f"| {row.decode:.2f} | {row.encode:.2f} | {row.whole:.1f} | {row.peak_gib:.1f} "
            f"| {row.frames / row.whole:.2f} |"
        )
    lines += ["", "Peak of each stage, GiB:", ""]
    for row in rows:
        peaks = ", ".join(f"{stage} {peak:.1f}" for stage, peak in row.peaks_gib.items())
        lines.append(f"- {row.size}: {peaks}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
