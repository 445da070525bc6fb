"""How long the engine `wan` takes from the start of its process to its first forward.

Run `python benchmarks/wan_cold.py --folder FOLDER --model 14B`. A checkpoint of random weights in
the official layout is written into the folder unless one is there (46 GB; put it on a file system
in memory, or let the page cache hold it: it is read once more before the first start). Then fresh
processes, one after the other, each make the first window of a film, and tell what was done when:
seconds since the process was asked for. Parts of the loading are told as how long each took.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

BEGUN = time.time()
"""Of the interpreter, all of whose own start lies before."""

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
_SHARD_BYTES = 5_000_000_000
_STEM = "diffusion_pytorch_model"
_SPEECH = "wav2vec2-large-xlsr-53-english"
_PARTS = ("transformer", "text_encoder", "tokenizer", "vae", "speech")


def main() -> int:
    """Measure, and print what each process told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of the checkpoint")
    parser.add_argument("--model", default="tiny", help="14B or tiny")
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--compiles", action="store_true", help="let each compile kernels anew")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--since", type=float, help="measure this process, asked for at that time")
    parser.add_argument("--write", action="store_true", help="write a checkpoint, and no more")
    asked = parser.parse_args()
    if asked.write:
        write(asked.model, asked.folder)
        return 0
    if asked.since:
        print(json.dumps(measured(asked)))
        return 0
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not (asked.folder / "written").exists():
        begun = time.time()
        # Not in this process, which would keep memory and libraries.
        subprocess.run([sys.executable, *sys.argv, "--write"], check=True)
        print(f"written in {time.time() - begun:.0f} s", flush=True)
    begun = time.time()
    size_bytes = sum(read(file) for file in asked.folder.rglob("*") if file.is_file())
    rate = size_bytes / (time.time() - begun) / 1e9
    print(f"{size_bytes / 1e9:.1f} GB, read at {rate:.1f} GB/s by one thread", flush=True)
    found = []
    for number in range(asked.starts):
        found.append(started(asked))
        print(f"start {number + 1}", *(f"  {at}" for at in lines(found[-1])), sep="\n", flush=True)
        if asked.out:
            asked.out.mkdir(parents=True, exist_ok=True)
            (asked.out / "wan-cold.json").write_text(json.dumps(found, indent=1))
    return 0


def started(asked: argparse.Namespace) -> dict[str, Any]:
    """Start a process and return what it told."""
    with tempfile.TemporaryDirectory() as empty:
        caches = {"TRITON_CACHE_DIR": empty} if asked.compiles else {}
        command = [sys.executable, *sys.argv, f"--since={time.time()}"]
        done = subprocess.run(
            command, env=os.environ | caches, stdout=subprocess.PIPE, check=True, text=True
        )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """Make the first window in this process; return when what was done, and how long parts took."""
    moments, took = {"interpreter": BEGUN - asked.since}, dict[str, float]()

    def done(what: str) -> None:
        moments.setdefault(what, time.time() - asked.since)

    from s2v_render.engines.wan.weights.importing import importing

    with importing():
        import torch

    done("torch imported")
    if torch.cuda.is_available():
        torch.zeros(1, device="cuda")
        done("device ready")
    from s2v_render.engines.wan.model.transformer import S2VTransformer
    from s2v_render.engines.wan.takes import filming
    from s2v_render.engines.wan.weights import loading, parts

    done("engine imported")
    _time_parts(parts, loading, took)
    _time(loading, "import_libraries", took)
    _note_end(loading, "load_models", lambda: done("loaded"))
    _note_end(S2VTransformer, "forward", lambda: done("first forward"))
    _note_end(filming, "_reference", lambda: done("text and portrait"))
    from s2v.core.ports import Frames

    for item in _items(asked):
        if isinstance(item, Frames):
            done("first frames")
    done("window")
    return {"moments": moments, "took": took, "threads": torch.get_num_threads()}


def _items(asked: argparse.Namespace) -> Iterator[object]:
    import numpy as np

    from s2v.core.ports import Size, Take
    from s2v.core.sampling import Sampling
    from s2v_render.engines.wan.engine import WanEngine
    from s2v_render.engines.wan.settings import WanSettings

    pcm = np.random.default_rng(0).normal(0, 1000, 76 * 3000).astype(np.int16)
    sampling = Sampling(steps=asked.steps, guidance=1.0)
    size = Size(*map(int, asked.size.split("x")))
    take = Take(
        pcm, (), PORTRAIT, "", "image/jpeg", 16, size=size, sampling=sampling, ends_film=True
    )
    return WanEngine(WanSettings(str(asked.folder))).render(take)


def _rest() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _time_parts(parts: Any, loading: Any, took: dict[str, float]) -> None:
    for name in _PARTS:
        _time(parts.CheckpointParts, name, took)
    _time(loading, "fastest_vae", took)
    _time(loading, "fastest_kernels", took)


def _time(owner: Any, name: str, took: dict[str, float]) -> None:
    """Let a function note how long it took when it is called, device and all."""
    function = getattr(owner, name)

    def timed(*given: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        result = function(*given, **named)
        _rest()
        took[name] = took.get(name, 0) + time.perf_counter() - begun
        return result

    setattr(owner, name, timed)


def _note_end(owner: Any, name: str, note: Callable[[], None]) -> None:
    function = getattr(owner, name)

    def noted(*given: Any, **named: Any) -> Any:
        result = function(*given, **named)
        _rest()
        note()
        return result

    setattr(owner, name, noted)


def lines(told: dict[str, Any]) -> Iterator[str]:
    """Tell what was done when, and how long parts took."""
    before = 0.0
    for what, at in told["moments"].items():
        yield f"{at:7.2f} s (+{at - before:.2f}) {what}"
        before = at
    yield "of which " + ", ".join(f"{name} {took:.2f}" for name, took in told["took"].items())


def read(file: Path) -> int:
    """Read a file, so that the page cache holds it; return its size."""
    size_bytes, buffer = 0, bytearray(2**24)
    with file.open("rb", buffering=0) as opened:
        while count := opened.readinto(buffer):
            size_bytes += count
    return size_bytes


def write(model: str, folder: Path) -> None:
    """Write a checkpoint of random weights in the official layout."""
    import torch
    from safetensors.torch import save_file

    from s2v_render.engines.wan.weights.parts import parts_of

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    host = torch.device("cpu")
    parts = parts_of(f"random:{model}", draw_on=device)
    config = asdict(parts.config) | {"model_type": "s2v"}
    (folder / "config.json").write_text(json.dumps(config))
    weights = parts.transformer(device, torch.bfloat16).state_dict()
    shards = list(_sharded(weights))
    for number, names in enumerate(shards, 1):
        shard = {name: weights[name].to(host).contiguous() for name in names}
        save_file(shard, folder / f"{_STEM}-{number:05}-of-{len(shards):05}.safetensors")
    del weights, shard
    text = parts.text_encoder(host, torch.bfloat16).state_dict()
    text.pop("encoder.embed_tokens.weight", None)
    torch.save(text, folder / "models_t5_umt5-xxl-enc-bf16.pth")
    torch.save(parts.vae(host).state_dict(), folder / "Wan2.1_VAE.pth")
    (folder / "google/umt5-xxl").mkdir(parents=True, exist_ok=True)
    parts.tokenizer().save_pretrained(folder / "google/umt5-xxl")
    speech = parts.speech(host)
    speech.network.save_pretrained(folder / _SPEECH)
    speech.extractor.save_pretrained(folder / _SPEECH)
    (folder / "written").touch()


def _sharded(weights: dict[str, Any]) -> Iterator[list[str]]:
    """Yield names of weights that are a shard's together."""
    names, size_bytes = list[str](), 0
    for name, weight in weights.items():
        if names and size_bytes + weight.nbytes > _SHARD_BYTES:
            yield names
            names, size_bytes = [], 0
        names.append(name)
        size_bytes += weight.nbytes
    yield names


if __name__ == "__main__":
    sys.exit(main())
