"""How much faster several GPUs make one film by `wan`: forwards, guided steps, the autoencoder.

Run `python benchmarks/wan_ranks.py --checkpoint random:14B --sizes 832x480 --guided 832x480`, or
with `--sizes --vae 832x480`, no size after the first, for the autoencoder alone.
There is a process for each GPU. All are first held against one of them (cosine 0.9995); then one
alone and all together are timed in turn (A B B A), from rest to rest, and the slowest rank counts.
Efficiency is the time of one, divided by the time of all and by how many they are. In "unsent"
nothing goes from GPU to GPU and all else is done, which tells what the exchanges cost; in
"collectives" NCCL sends what else is copied from GPU to GPU.
`--out FOLDER` writes a page and a JSON file.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch import Tensor
from wan import alike, busiest, matrix_rate, peak_gib, rest, versions
from wan_sides import MOTION, Inputs, random_inputs

from s2v.core.sampling import Solver
from s2v.core.shards import Shard
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops.kernels import fastest_kernels, use
from s2v_render.engines.wan.sharding.exchange import CollectiveExchange, PeerExchange
from s2v_render.engines.wan.sharding.ranks import ALONE, Ranks, TakeRanks
from s2v_render.engines.wan.takes.windows import (
    Denoising,
    PastMotion,
    Prompts,
    WindowInput,
    denoised,
    latent_shape,
    prepared,
)
from s2v_render.engines.wan.weights.fast import fastest_vae
from s2v_render.engines.wan.weights.parts import parts_of

LEAST_COSINE = 0.9995
Way = Callable[[], Tensor]


@dataclass
class Scaling:
    """Seconds of one rank alone, of all together, and of all that send nothing, by round."""

    what: str
    size: str
    ranks: int
    cosine: float
    largest: float
    """Difference between what one makes and what all make."""
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    unsent: list[float] = field(default_factory=list)
    collectives: list[float] = field(default_factory=list)
    each_alone: list[float] = field(default_factory=list)
    peak_gib: list[float] = field(default_factory=list)
    busiest: dict[str, list[str]] = field(default_factory=dict)

    @property
    def speedup(self) -> float:
        """How many times less all together take."""
        return median(self.alone) / median(self.together)


def main() -> int:
    """Measure what is asked for and print it; 1 where ranks say other than one."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        context = mp.get_context("spawn")
        others = [
            context.Process(target=measured, args=(Shard(rank, asked.ranks, Path(folder)), asked))
            for rank in range(1, asked.ranks)
        ]
        for process in others:
            process.start()
        facts, found = measured(Shard(0, asked.ranks, Path(folder)), asked)
        for process in others:
            process.join()
    page = report(facts, found)
    print(page)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "wan-ranks.md").write_text(page)
        kept = facts | {"scaling": [asdict(each) | {"speedup": each.speedup} for each in found]}
        (asked.out / "wan-ranks.json").write_text(json.dumps(kept, indent=1) + "\n")
    return int(any(each.cosine < LEAST_COSINE for each in found))


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--ranks", type=int, default=max(2, torch.cuda.device_count()))
    parser.add_argument("--sizes", nargs="*", default=["64x64"])
    parser.add_argument("--guided", nargs="*", default=[], help="guided steps of these sizes, too")
    parser.add_argument("--vae", nargs="*", default=[], help="windows of these sizes, too")
    parser.add_argument("--frames", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=1, help="of A B B A")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def measured(shard: Shard, asked: argparse.Namespace) -> tuple[dict[str, Any], list[Scaling]]:
    """Measure everything as one of the ranks."""
    with torch.inference_mode():
        return _measured(shard, asked)


def _measured(shard: Shard, asked: argparse.Namespace) -> tuple[dict[str, Any], list[Scaling]]:
    on_gpu = torch.cuda.device_count() >= shard.ranks
    device = torch.device("cuda", shard.rank) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    dtype = torch.bfloat16 if on_gpu else torch.float32
    ranks = Ranks(shard, device)
    parts = parts_of(asked.checkpoint, draw_on=device)
    rate, computing = matrix_rate(device, dtype), f"{dtype}, without the transformer"
    found: list[Scaling] = []

    def hold(what: str, size: str, way: Callable[[TakeRanks], Way], *, guided: bool) -> None:
        taking_part = ranks.for_take(heads=parts.config.num_heads, guided=guided)
        assert taking_part is not None
        found.append(compared(what, size, shard, way, taking_part, asked))
        if shard.rank == 0:
            print(found[-1], file=sys.stderr, flush=True)

    if asked.vae:
        vae = fastest_vae(parts.vae(device), device)
        for size in asked.vae:
            for what, way in coding(vae, size, asked.frames, device).items():
                hold(what, size, way, guided=False)
        del vae
    if asked.sizes or asked.guided:
        network = parts.transformer(device, dtype)
        kernels = fastest_kernels(device, dtype, network.config.head_dim)
        use(kernels, network)
        computing = str(kernels)
    for size in asked.sizes:
        given = drawn(network, size, asked.frames, device)
        hold("forward", size, forwards(network, given), guided=False)
    for size in asked.guided:
        given = drawn(network, size, asked.frames, device)
        hold("guided step", size, steps(network, given), guided=True)
    facts = {
        "command": " ".join(["python", *sys.argv]),
        "device": f"{shard.ranks} x {torch.cuda.get_device_name()}" if on_gpu else "host",
        "versions": versions() | {"nccl": ".".join(map(str, torch.cuda.nccl.version()))}
        if on_gpu
        else versions(),
        "kernels": computing,
        "matrix_tflops": rate / 1e12,
    }
    dist.destroy_process_group()
    return facts, found


def drawn(network: S2VTransformer, size: str, frames: int, device: torch.device) -> Inputs:
    """Return the same random inputs on every rank."""
    width, height = map(int, size.split("x"))
    return random_inputs(network.config, width=width, height=height, frames=frames, device=device)


def forwards(network: S2VTransformer, given: Inputs) -> Callable[[TakeRanks], Way]:
    """Return what makes a forward for ranks that share it."""
    scene = network.encode_scene(
        given.reference_BCTYX, frames=given.x_BCTYX.shape[2], motion_BCTYX=given.motion_BCTYX
    )
    sound = network.encode_sound(given.features_BAEV, motion_frames=MOTION)
    text = network.encode_text([given.text])

    def way(ranks: TakeRanks) -> Way:
        def forward() -> Tensor:
            made: Tensor = network(
                given.x_BCTYX,
                given.time_B,
                scene=scene,
                text=text,
                sound=sound,
                ranks=ranks.sequence,
            )
            return made

        return forward

    return way


def steps(network: S2VTransformer, given: Inputs) -> Callable[[TakeRanks], Way]:
    """Return what takes one guided step for ranks that share it, and returns its latents."""
    denoising = Denoising(solver=Solver.EULER, steps=1, guidance=4.5)
    window = WindowInput(given.x_BCTYX, given.features_BAEV)
    conditions = prepared(
        network,
        denoising,
        given.reference_BCTYX,
        window,
        motion=PastMotion(None, given.motion_BCTYX),
    )
    prompts = Prompts(network.encode_text([given.text]), network.encode_text([given.text[:9]]))

    def way(ranks: TakeRanks) -> Way:
        def step() -> Tensor:
            run = denoised(network, denoising, window, conditions, prompts, ranks=ranks)
            return next(run).latents_BCTYX

        return step

    return way


def coding(
    vae: Vae, size: str, frames: int, device: torch.device
) -> dict[str, Callable[[TakeRanks], Way]]:
    """Return what decodes a window amid a film and what encodes the motion after it, by name."""
    width, height = map(int, size.split("x"))
    drawn = torch.Generator(device).manual_seed(0)
    shape = latent_shape(frames, height=height, width=width)
    latents = torch.randn(shape, generator=drawn, device=device)
    coarse = torch.rand(1, 3, MOTION[0], 30, 52, generator=drawn, device=device) * 2 - 1
    pixels = F.interpolate(coarse, size=(MOTION[0], height, width), mode="trilinear")

    def decoding(ranks: TakeRanks) -> Way:
        stream = vae.over(ranks.strips).stream()
        stream.decode(latents[:, :, :2])
        return lambda: stream.decode(latents)

    def encoding(ranks: TakeRanks) -> Way:
        return lambda: vae.over(ranks.strips).encode(pixels)

    return {"decoding": decoding, "encoding motion": encoding}


def compared(
    what: str,
    size: str,
    shard: Shard,
    way: Callable[[TakeRanks], Way],
    parts: TakeRanks,
    asked: argparse.Namespace,
) -> Scaling:
    """Hold all ranks against one, and time both in turn."""
    alone, together = way(ALONE), way(parts)
    wanted, seen = alone(), together()
    largest = float((seen - wanted).abs().max())
    made = Scaling(what, size, shard.ranks, alike(seen, wanted), largest)
    del wanted, seen
    for _ in range(asked.rounds):
        made.alone.append(seconds_of(alone, shard, only=0))
        made.together.append(seconds_of(together, shard))
        with unsent():
            made.unsent.append(seconds_of(together, shard))
        with collectives():
            made.collectives.append(seconds_of(together, shard))
        made.together.append(seconds_of(together, shard))
        made.peak_gib.append(peak_gib())
        made.alone.append(seconds_of(alone, shard, only=0))
    made.each_alone = [seconds_of(alone, shard, only=rank) for rank in range(shard.ranks)]
    if asked.profile:
        made.busiest = {"alone": busiest(alone, 12), "together": busiest(together, 16)}
    return made


def seconds_of(run: Way, shard: Shard, *, only: int | None = None) -> float:
    """Return how long the slowest rank takes until its device is at rest, or one while all rest."""
    rest()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    met()
    started = time.perf_counter()
    if only in (None, shard.rank):
        run()
        rest()
    took = torch.tensor(time.perf_counter() - started, device=_exchanged_on())
    dist.all_reduce(took, dist.ReduceOp.MAX) if only is None else dist.broadcast(took, only)
    return float(took)


def met() -> None:
    """Wait until all ranks are here."""
    dist.all_reduce(torch.zeros(1, device=_exchanged_on()))
    rest()


def _exchanged_on() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"


@contextmanager
def collectives() -> Iterator[None]:
    """Let the process group send everything."""
    with _replaced(arrival=CollectiveExchange.arrival, begin=CollectiveExchange.begin):
        yield


@contextmanager
def unsent() -> Iterator[None]:
    """Let nothing be sent: what is computed is as much, and wrong."""
    real = dist.batch_isend_irecv
    dist.batch_isend_irecv = lambda operations: []
    try:
        with _replaced(begin=_kept):
            yield
    finally:
        dist.batch_isend_irecv = real


def _kept(self: Any, arrival: Any, parts: Any, place_of: Any) -> Callable[[], None]:
    """Take over what this rank has for itself."""
    rank = self._group.rank()
    place_of(arrival.mine, rank).view(torch.int64).copy_(parts[rank].view(torch.int64))
    return lambda: None


@contextmanager
def _replaced(**ways: Any) -> Iterator[None]:
    """Let copies from GPU to GPU be done in other ways."""
    real = {name: getattr(PeerExchange, name) for name in ways}
    for name, way in ways.items():
        setattr(PeerExchange, name, way)
    try:
        yield
    finally:
        for name, way in real.items():
            setattr(PeerExchange, name, way)


def report(facts: dict[str, Any], found: list[Scaling]) -> str:
    """Return the page for benchmarks/results/."""
    known = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    lines = [
        f"{facts['device']}; {known}.",
        f"`{facts['command']}`",
        f"Fast is {facts['kernels']}. A large matrix product does {facts['matrix_tflops']:.0f} "
        "TFLOP/s on the first of them.",
        "",
        "| what | size | ranks | cosine to one | largest difference | one, seconds (all) "
        "| together (all) | unsent | collectives | speedup | efficiency | peak GiB a rank |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found:
        times = [
            f"{median(took):.3f} ({', '.join(f'{seconds:.3f}' for seconds in took)})"
            for took in (each.alone, each.together)
        ]
        lines.append(
            f"| {each.what} | {each.size} | {each.ranks} | {each.cosine:.5f} "
            f"| {each.largest:.2g} | {times[0]} | {times[1]} "
            f"| {median(each.unsent):.3f} | {median(each.collectives):.3f} | {each.speedup:.3f} "
            f"| {each.speedup / each.ranks:.1%} | {max(each.peak_gib):.1f} |"
        )
    for each in found:
        took = ", ".join(f"{seconds:.3f}" for seconds in each.each_alone)
        lines += ["", f"{each.what}, {each.size}, each GPU alone, seconds: {took}"]
    for each in found:
        for kind, rows in each.busiest.items():
            lines += ["", f"{each.what}, {each.size}, {kind}:", "", *(f"- {row}" for row in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
    sys.exit(main())
