"""What the render service costs beside the engine `wan`: the same take by either, in turn.

Run `python benchmarks/wan_clip.py --checkpoint random:14B --out FOLDER`; on a CPU add `--checkpoint
random:tiny --size 128x64`. The engine runs in this process and its frames are thrown away; the
service is started as a person would, with one worker of one process. Both keep their weights, on
one GPU where there is one, and only one of them works at a time: engine, service, service, engine.
The first take of each loads weights and does not count. Overhead is what the service's median take
is longer. Of both is told where a take was after how many seconds: asked for the first time, all
steps done (the first frame), the last frame, and the end, which is the clip's in the store.
"""

import argparse
import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from wan import versions
from wan_service_ranks import PORTRAIT, idle, started, stopped

from s2v.api.common.v1 import sampling_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.ports import Frames, Size, State, Take, Working
from s2v.core.sampling import Sampling
from s2v.core.script import LipCues, Speech
from s2v.core.timebase import samples_per_frame
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_to_proto, speech_to_proto
from s2v.store.artifacts import FsspecStore
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.settings import WanSettings

_TAKE_SECONDS = 240.0
_START_SECONDS = 120.0
_TYPE = "image/jpeg"


@dataclass
class Timeline:
    """When a take was where, in seconds since it was asked for."""

    begun: float = 0.0
    first_frame: float = 0.0
    last_frame: float = 0.0
    end: float = 0.0
    frames: int = 0
    beats: list[float] = field(default_factory=list)
    """Until the first frame."""

    @classmethod
    def of(cls, frames_after: Iterable[tuple[float, int]], end: float) -> "Timeline":
        """Return it, from how many frames there were after which items."""
        told = list(frames_after)
        total = told[-1][1]
        first = next(at for at, frames in told if frames)
        last = next(at for at, frames in told if frames == total)
        beats = [at for at, frames in told if not frames]
        return cls(told[0][0], first, last, end, total, beats)


@dataclass
class Rate:
    """All takes of one frame rate."""

    frame_rate: int
    engine: list[Timeline] = field(default_factory=list)
    service: list[Timeline] = field(default_factory=list)

    @property
    def overhead(self) -> float:
        """By which share of the engine's median take the service's is longer."""
        alone, served = (median(each.end for each in some) for some in (self.engine, self.service))
        return served / alone - 1

    def rows(self) -> Iterator[str]:
        """Tell both in rows of a table."""
        for name, takes in (("engine", self.engine), ("service", self.service)):
            medians = [
                f"{median(getattr(each, part) for each in takes):.3f}"
                for part in ("begun", "first_frame", "last_frame", "end")
            ]
            all_of = ", ".join(f"{each.end:.3f}" for each in takes)
            rate, frames = self.frame_rate, takes[0].frames
            yield f"| {rate} | {frames} | {name} | {' | '.join(medians)} | {all_of} |"


class Both:
    """Makes takes by the engine in this process, or by the service."""

    def __init__(self, stub: Any, store: FsspecStore, asked: argparse.Namespace) -> None:
        self._stub, self._store, self._asked = stub, store, asked
        self._engine = WanEngine(WanSettings(asked.checkpoint))
        self._size = Size(*map(int, asked.size.split("x")))

    async def by_engine(self, frame_rate: int) -> Timeline:
        """Make a take and throw its frames away."""
        return await asyncio.to_thread(self._by_engine, frame_rate)

    async def by_service(self, frame_rate: int) -> Timeline:
        """Make the take, encode it and store the clip."""
        begun = time.perf_counter()
        told: list[tuple[float, int]] = []
        async with asyncio.timeout(_TAKE_SECONDS):
            async for response in self._stub.Render(self._request(frame_rate)):
                if response.WhichOneof("event") == "progress":
                    told.append((time.perf_counter() - begun, response.progress.frames_done))
        return Timeline.of(told, time.perf_counter() - begun)

    def _by_engine(self, frame_rate: int) -> Timeline:
        begun = time.perf_counter()
        told: list[tuple[float, int]] = []
        done = 0
        for item in self._engine.render(self._take(frame_rate)):
            if isinstance(item, Frames):
                done += len(item.rgb)
            if isinstance(item, Frames | Working | State):
                told.append((time.perf_counter() - begun, done))
        return Timeline.of(told, time.perf_counter() - begun)

    def _take(self, frame_rate: int) -> Take:
        return Take(
            pcm=self._pcm(frame_rate),
            phonemes=(),
            reference=PORTRAIT,
            reference_sha256=hashlib.sha256(PORTRAIT.read_bytes()).hexdigest(),
            reference_media_type=_TYPE,
            frame_rate=frame_rate,
            size=self._size,
            sampling=Sampling(steps=self._asked.steps, guidance=self._asked.guidance),
        )

    def _pcm(self, frame_rate: int) -> Any:
        samples = int(self._asked.seconds * frame_rate) * samples_per_frame(frame_rate)
        return np.random.default_rng(0).normal(0, 1000, samples).astype(np.int16)

    def _request(self, frame_rate: int) -> render_service_pb2.RenderRequest:
        pcm = self._pcm(frame_rate)
        audio = self._store.put([wav_bytes(pcm)], WAV)
        speech = Speech(audio, len(pcm), cues=LipCues.LOUDNESS)
        return render_service_pb2.RenderRequest(
            engine="wan",
            speech=speech_to_proto(speech),
            reference=artifact_to_proto(self._store.put(PORTRAIT, _TYPE)),
            frame_rate=frame_rate,
            width_pixels=self._size.width,
            height_pixels=self._size.height,
            sampling=sampling_pb2.Sampling(steps=self._asked.steps, guidance=self._asked.guidance),
        )


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--rates", type=int, nargs="+", default=[16, 25])
    parser.add_argument("--seconds", type=float, default=4.8, help="4.8 are one window of 80")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--guidance", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    asked.ranks = 1
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(asked, Path(folder)))
    return 0


async def measured(asked: argparse.Namespace, folder: Path) -> None:
    """Start the service, make all takes in turn, and stop it."""
    address = f"unix:{folder}/render"
    log = asked.out / "service.log" if asked.out else folder / "log"
    service = started(asked, address, folder, log)
    found: list[Rate] = []
    try:
        async with connect(address) as channel:
            stub = render_service_pb2_grpc.RenderServiceStub(channel)
            await asyncio.wait_for(idle(stub, service), _START_SECONDS)
            both = Both(stub, FsspecStore(str(folder / "store")), asked)
            async for rate in compared(both, asked):
                found = [each for each in found if each is not rate] + [rate]
                tell(found, asked)
    finally:
        print(await asyncio.to_thread(stopped, service))
    print(log.read_text()[-2000:] if not found else "")


async def compared(both: Both, asked: argparse.Namespace) -> AsyncIterator[Rate]:
    """Yield the takes of a rate after each round of it."""
    first = [await make(asked.rates[0]) for make in (both.by_service, both.by_engine)]
    print("first takes, with weights:", *(f"{each.end:.1f}" for each in first), flush=True)
    for frame_rate in asked.rates:
        rate = Rate(frame_rate)
        for _ in range(asked.rounds):
            rate.engine.append(await both.by_engine(frame_rate))
            rate.service.append(await both.by_service(frame_rate))
            rate.service.append(await both.by_service(frame_rate))
            rate.engine.append(await both.by_engine(frame_rate))
            yield rate


def tell(found: list[Rate], asked: argparse.Namespace) -> None:
    """Print what is known, and write it down."""
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    known = ", ".join(f"{name} {value}" for name, value in versions().items())
    page = [
        f"{device}; {known}.",
        f"`python benchmarks/wan_clip.py {' '.join(sys.argv[1:])}`",
        "",
        "| rate | frames | by | begun | first frame | last frame | end | ends of all |",
        "|---|---|---|---|---|---|---|---|",
        *(row for rate in found for row in rate.rows()),
        "",
        *(f"Overhead at {rate.frame_rate} a second: {rate.overhead:.2%}." for rate in found),
    ]
    print("\n".join(page), flush=True)
    if asked.out:
        (asked.out / "wan-clip.md").write_text("\n".join(page) + "\n")
        facts = [asdict(rate) | {"overhead": rate.overhead} for rate in found]
        (asked.out / "wan-clip.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    sys.exit(main())
