"""How fast the engine `wan` computes, against its own plain path, on the same weights.

Run `python benchmarks/wan.py --checkpoint random:14B --sizes 832x480 1280x704 --fp8`. First every
way must say what the plain one says (cosine 0.9995, fp8 0.995); then they are timed in turn,
forwards and backwards (A B C C B A), with the device at rest before and after each. `--impl
MODULE:CONSTRUCTOR` adds somebody else's code: `constructor(weights, config)` returns a function of
`wan_sides.Inputs` that returns the forward. `--out FOLDER` writes a page and a JSON file.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import torch
from wan_sides import (
    Inputs,
    Side,
    forward_flops,
    inject_outliers,
    random_inputs,
    sides,
)
from wan_stages import Stages, autoencoder, window

from s2v_render.engines.wan.memory import Demand, tokens
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.ops.kernels import can_fp8, fastest_kernels
from s2v_render.engines.wan.weights.parts import parts_of

LEAST_COSINE = {"fp8": 0.995, "fp8-attention": 0.995}
GIB = 2**30
_Result = TypeVar("_Result")


@dataclass
class Forward:
    """What forwards of one size took: seconds of each round, and whether they said the same."""

    size: str
    side: str
    cosine: float
    flops: float
    seconds: list[float] = field(default_factory=list)
    peak_gib: float = 0.0
    waits: int | None = None
    busiest: list[str] = field(default_factory=list)


def main() -> int:
    """Measure what is asked for and print it; 1 where a way says other than the plain one."""
    with torch.inference_mode():
        return measured(arguments())


def measured(asked: argparse.Namespace) -> int:
    """Measure, print, and return the exit code."""
    device = torch.device(asked.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    parts = parts_of(asked.checkpoint, draw_on=device)
    network = parts.transformer(device, dtype)
    fp8 = asked.fp8 and can_fp8(device)
    ways = sides(network, device, dtype, fp8=fp8, foreign=asked.impl)
    rate = matrix_rate(device, dtype)
    forwards: list[Forward] = []
    for size in asked.sizes:
        forwards += forwards_of(network, ways, size, asked)
        told(forwards)
    stages: list[Stages] = []
    del ways
    for size in asked.windows:
        frames = asked.frames
        stages.append(autoencoder(parts, device, size, frames=frames))
        stages.append(window(parts, network, device, size, frames=frames, fp8=fp8, steps=4))
        told(stages)
    outliers = outlier_cosines(network, device, dtype, asked) if fp8 else {}
    facts: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else platform.processor(),
        "versions": versions(),
        "kernels": str(fastest_kernels(device, dtype, network.config.head_dim)),
        "matrix_tflops": rate / 1e12,
        "cosine_with_outliers": outliers,
        "forwards": [asdict(each) for each in forwards],
        "stages": [asdict(each) for each in stages],
    }
    page = report(facts, forwards, stages)
    print(page)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "wan.md").write_text(page)
        (asked.out / "wan.json").write_text(json.dumps(facts, indent=1) + "\n")
    return int(any(each.cosine < LEAST_COSINE.get(each.side, 0.9995) for each in forwards))


def told(found: Sequence[object]) -> None:
    """Say on the error output what was found so far."""
    for each in found:
        print(each, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--device", default="")
    parser.add_argument("--sizes", nargs="+", default=["64x64"])
    parser.add_argument("--frames", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=1, help="of A B B A")
    parser.add_argument("--fp8", action="store_true")
    parser.add_argument("--windows", nargs="*", default=[], help="whole ones of these sizes, too")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--impl", default="")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def forwards_of(
    network: S2VTransformer, ways: list[Side], size: str, asked: argparse.Namespace
) -> list[Forward]:
    """Compare and time all ways at one size; the first one is what the others are held against."""
    width, height = map(int, size.split("x"))
    demand = Demand(network.config, width, height, frames=asked.frames)
    noise, context = tokens(demand)
    flops = sum(forward_flops(network.config, noise + context, noise, asked.frames))
    device = next(network.parameters()).device
    given = random_inputs(
        network.config, width=width, height=height, frames=asked.frames, device=device
    )
    runs = [way.prepare(given) for way in ways]
    wanted = runs[0]()
    found: list[Forward] = []
    for way, run in zip(ways, runs, strict=True):
        cosine = alike(run(), wanted)
        found.append(Forward(size, way.name, cosine, flops))
        if size == asked.sizes[0]:
            found[-1].waits = waits_of(run)
    pairs = list(zip(found, runs, strict=True))
    for each, run in asked.rounds * (pairs + pairs[::-1]):
        each.seconds.append(seconds_of(run)[0])
        each.peak_gib = max(each.peak_gib, peak_gib())
    if asked.profile and size == asked.sizes[0]:
        for each, run in pairs:
            each.busiest = busiest(run)
    return found


def seconds_of(function: Callable[[], _Result]) -> tuple[float, _Result]:
    """Return how long a call takes until the device is at rest, and its result."""
    rest()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    result = function()
    rest()
    return time.perf_counter() - started, result


def waits_of(run: Callable[[], object]) -> int:
    """Return how often a forward waits for the device."""
    if not torch.cuda.is_available():
        return 0
    rest()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            run()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sum("called a synchronizing" in str(each.message) for each in told)


def busiest(run: Callable[[], object], count: int = 8) -> list[str]:
    """Return the device's kernels that took longest, with milliseconds."""
    if not torch.cuda.is_available():
        return []
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as seen:
        run()
        rest()
    rows = sorted(seen.key_averages(), key=lambda row: -row.self_device_time_total)
    return [
        f"{row.self_device_time_total / 1e3:.0f} ms, {row.count} x {row.key[:60]}"
        for row in rows[:count]
    ]


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Return how many operations a second a large matrix product does here."""
    rows, inner, columns = (35072, 5120, 13824) if device.type == "cuda" else (256, 256, 256)
    left = torch.randn(rows, inner, device=device, dtype=dtype)
    right = torch.randn(inner, columns, device=device, dtype=dtype)
    took = [seconds_of(lambda: left @ right)[0] for _ in range(8)]
    return 2.0 * rows * inner * columns / median(took[3:])


def outlier_cosines(
    network: S2VTransformer, device: torch.device, dtype: torch.dtype, asked: argparse.Namespace
) -> dict[str, float]:
    """Return how alike fp8 and plain are where some channels count far more than others."""
    inject_outliers(network)
    width, height = map(int, asked.sizes[0].split("x"))
    given: Inputs = random_inputs(
        network.config, width=width, height=height, frames=asked.frames, device=device
    )
    plain, _, *rounded = sides(network, device, dtype, fp8=True, foreign="")
    wanted = plain.prepare(given)()
    return {side.name: alike(side.prepare(given)(), wanted) for side in rounded}


def alike(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the cosine between two results."""
    flat = (each.double().flatten() for each in (found, wanted))
    return float(torch.cosine_similarity(*flat, dim=0))


def rest() -> None:
    """Wait until the device has done everything."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_gib() -> float:
    """Return the most memory of tensors on the device, or of this process where there is none."""
    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    found = {"python": platform.python_version(), "cores": str(os.cpu_count())}
    for name in ("torch", "triton", "diffusers", "transformers", "flash-attn-4"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def report(facts: dict[str, Any], forwards: list[Forward], stages: list[Stages]) -> str:
    """Return the page for benchmarks/results/."""
    rate = facts["matrix_tflops"]
    known = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    lines = [
        f"{facts['device']}; {known}.",
        f"`{facts['command']}`",
        f"Fast is {facts['kernels']}. A large matrix product does {rate:.0f} TFLOP/s here.",
        "",
        "| forward | way | cosine to plain | seconds, median (all) | TFLOP/s | of the matrix rate "
        "| peak GiB | waits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in forwards:
        took = median(each.seconds)
        all_of = ", ".join(f"{seconds:.3f}" for seconds in each.seconds)
        speed = each.flops / took / 1e12
        waits = "" if each.waits is None else each.waits
        lines.append(
            f"| {each.size} | {each.side} | {each.cosine:.5f} | {took:.3f} ({all_of}) "
            f"| {speed:.0f} | {speed / rate:.0%} | {each.peak_gib:.1f} | {waits} |"
        )
    for name, cosine in facts["cosine_with_outliers"].items():
        lines += ["", f"{name} with outlier channels: {cosine:.5f}"]
    if stages:
        lines += ["", "| what | seconds of each stage | peak GiB |", "|---|---|---|"]
    for made in stages:
        parts = ", ".join(f"{name} {seconds:.3f}" for name, seconds in made.seconds.items())
        lines.append(f"| {made.name} | {parts} | {made.peak_gib:.1f} |")
    for each in forwards:
        if each.busiest:
            lines += ["", f"{each.size}, {each.side}:", ""]
            lines += [f"- {row}" for row in each.busiest]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
