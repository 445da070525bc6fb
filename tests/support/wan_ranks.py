"""Ranks of the engine `wan` on the host: processes of their own that meet in a folder."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import load, load_file
from torch import Tensor

from s2v.core.errors import ShardLostError
from s2v.core.ports import Frames, Sampling, Size, State, Take
from s2v.core.shards import Shard
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.model.config import read_config
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops.attention import PLAIN_ATTENTION
from s2v_render.engines.wan.settings import WanSettings
from s2v_render.engines.wan.sharding.ranks import Ranks, TakeRanks
from s2v_render.engines.wan.sharding.strips import Strips
from s2v_render.engines.wan.weights.parts import parts_of
from wan_builders import build_transformer

HOST = torch.device("cpu")
HERE = Path(__file__).parents[1] / "data/wan_s2v/1_transformer"
HEADS = 4
PICTURES = ((1, 19), (17, 1))
"""Rows and columns of latents without and with guidance: no number of ranks divides the longer."""
_CONTEXT = get_context("forkserver")
# What takes seconds to load is loaded once; the rest is found by a child only.
_CONTEXT.set_forkserver_preload(
    [
        "torch.distributed",
        "diffusers.models.autoencoders.autoencoder_kl_wan",
        "transformers.models.umt5.modeling_umt5",
        "transformers.models.wav2vec2.modeling_wav2vec2",
        "s2v_render.engines.wan.takes.filming",
        "s2v_render.engines.wan.weights.loading",
    ]
)


def together(
    ranks: int, folder: Path, work: Callable[..., Any], *given: Any, context: Any = _CONTEXT
) -> list[Any]:
    """Return what each rank makes, an exception where it fails and None where it is killed."""
    started = []
    for rank in range(ranks):
        mine, theirs = context.Pipe()
        process = context.Process(
            target=_run, args=(theirs, Shard(rank, ranks, folder), work, given)
        )
        process.start()
        theirs.close()
        started.append((process, mine))
    made = []
    for process, mine in started:
        try:
            made.append(mine.recv())
        except EOFError:
            made.append(None)
        process.join()
    return made


def _run(answer: Connection, shard: Shard, work: Callable[..., Any], given: Any) -> None:
    torch.set_num_threads(1)
    try:
        made = work(shard, *given)
    except (ShardLostError, RuntimeError) as error:
        made = error
    answer.send(made)


def shared(shard: Shard, guided: bool, names: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """Return what the official cases' forwards predict, and what is coded in strips.

    A picture is coded by all ranks and, where four are not guided, by three of them, too.
    """
    ranks = Ranks(shard, HOST)
    made = ranks.for_take(heads=HEADS, guided=guided)
    assert made is not None
    painted = [coded(made.strips, PICTURES[guided])]
    fewer = ranks.for_take(heads=3, guided=False) if shard.ranks == 4 and not guided else None
    if fewer is not None:
        painted.append(coded(fewer.strips, PICTURES[guided]))
    return predicted(made, names), painted


def coded(strips: Strips, sides: tuple[int, int]) -> list[Any]:
    """Return pixels of latents that came in two pieces, and latents of pixels, as a rank does."""
    vae = Vae(parts_of("random:tiny").vae(HOST)).over(strips)
    rows, columns = sides
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(1, 16, 3, rows, columns, generator=generator)
    pixels = torch.rand(1, 3, 9, 8 * rows, 8 * columns, generator=generator) * 2 - 1
    stream = vae.stream()
    pieces = [stream.decode(piece) for piece in latents.split([2, 1], dim=2)]
    return [torch.cat(pieces, dim=2).numpy(), vae.encode(pixels).numpy()]


def coded_alone(shard: Shard) -> list[Any]:
    """Do as `coded`, while the last rank is killed."""
    ranks = Ranks(shard, HOST).for_take(heads=HEADS, guided=False)
    assert ranks is not None
    if shard.rank == shard.ranks - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return coded(ranks.strips, PICTURES[0])


def predicted(ranks: TakeRanks, names: list[str]) -> dict[str, Any]:
    """Return the velocity of each case as a rank sees it, and how often it spoke to others."""
    config = replace(read_config(json.loads((HERE / "config.json").read_text())), num_heads=HEADS)
    weights = load_file(HERE / "diffusion_pytorch_model.safetensors")
    model = build_transformer({key: value.float() for key, value in weights.items()}, config)
    inputs = {
        key: value.float() for key, value in load_file(HERE / "cases_inputs.safetensors").items()
    }
    cases = json.loads((HERE / "cases.json").read_text())
    made: dict[str, Any] = {}
    for name in names:
        case, x = cases[name], inputs[f"{name}.x"]
        silence = torch.zeros(len(x), 25, config.audio_dim, 4 * x.shape[2])
        scene = model.encode_scene(
            inputs[f"{name}.ref_latents"],
            frames=x.shape[2],
            motion_BCTYX=None if case["drop_motion_frames"] else inputs[f"{name}.motion_latents"],
            pose_BCTYX=inputs.get(f"{name}.cond_states"),
            newest_motion=case["add_last_motion"],
        )
        text = model.encode_text([inputs[f"{name}.context.{row}"] for row in range(len(x))])
        sound = model.encode_sound(
            inputs.get(f"{name}.audio_input", silence), motion_frames=tuple(case["motion_frames"])
        )
        time = torch.tensor(case["t"])
        with torch.inference_mode(), _Counted() as counted:
            out: Tensor = model(x, time, scene=scene, text=text, sound=sound, ranks=ranks.sequence)
        made[name] = out.numpy()
        made.setdefault("collectives", dict(counted.calls))
    return made


def worst_attended(shard: Shard, rounds: int) -> float:
    """Return by how much a GPU's share of attentions is off at most; ranks are late in turn."""
    device = torch.device("cuda", shard.rank)
    torch.cuda.set_device(device)
    parts = Ranks(shard, device).for_take(heads=HEADS, guided=False)
    assert parts is not None
    worst = torch.zeros((), device=device)
    for turn in range(rounds):
        tokens = 301 + turn % 7
        drawn = torch.Generator(device).manual_seed(turn)
        query, key, value = torch.randn(3, 1, tokens, HEADS, 16, generator=drawn, device=device)
        share = parts.sequence.share(tokens)
        own = slice(share.start, share.stop)
        if turn % shard.ranks == shard.rank:
            torch.cuda._sleep(1_000_000)
        sent = (parts.sequence.sent(each[:, own], tokens) for each in (query, key, value))
        found = parts.sequence.attended(PLAIN_ATTENTION.attend, *sent)
        wanted = PLAIN_ATTENTION.attend(query, key, value)[:, own]
        worst = torch.maximum(worst, (found - wanted).abs().max())
    return float(worst)


class _Counted:
    """Counts collectives."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._real = {name: getattr(dist, name) for name in ("batch_isend_irecv", "all_gather")}

    def __enter__(self) -> "_Counted":
        for name, real in self._real.items():
            setattr(dist, name, self._counting(name, real))
        return self

    def __exit__(self, *_: object) -> None:
        for name, real in self._real.items():
            setattr(dist, name, real)

    def _counting(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return real(*given, **named)

        return counted


def filmed(shard: Shard | None, portrait: Path, guidance: float, dies: bool = False) -> Any:
    """Return a take's frames and the latents that it leaves; None where a rank has no part.

    Args:
        shard: which rank makes it; None makes it alone.
        portrait: a photograph.
        guidance: of the sampling.
        dies: whether the last rank is killed before its first step.
    """
    engine = WanEngine(WanSettings("random:tiny", device="cpu"))
    if shard is not None:
        engine.join(shard)
    items: list[Any] = []
    for item in engine.render(_take(portrait, guidance)):
        items.append(item)
        if dies and shard is not None and shard.rank == shard.ranks - 1 and len(items) == 7:
            os.kill(os.getpid(), signal.SIGKILL)
    if not any(isinstance(item, State) for item in items):
        return None
    frames = np.concatenate([item.rgb for item in items if isinstance(item, Frames)])
    return frames, load(items[-1].data)["motion_latents"].numpy()


def _take(portrait: Path, guidance: float) -> Take:
    sound = np.random.default_rng(0).integers(-9000, 9000, 26 * 3000, dtype=np.int16)
    return Take(
        pcm=sound,
        phonemes=(),
        reference=portrait,
        reference_sha256="0" * 64,
        reference_media_type="image/jpeg",
        frame_rate=16,
        size=Size(64, 64),
        seed=3,
        prompt="a person speaks",
        sampling=Sampling(steps=2, guidance=guidance),
    )
