"""What becomes of a film of the engine `wan` that the GPUs of one machine make under Ray.

Run `python benchmarks/wan_service_ranks.py --checkpoint random:14B --out FOLDER`. The render
service is started with `S2V_RENDER_AIM=latency` and makes a take without guidance and one with it;
then a rank is killed in the middle of a take, first one that follows, then the one that leads, and
the take has to come nevertheless. At the end the service is stopped. What GPUs hold, and which
process holds it, is told after each stage as the driver sees it.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from s2v.api.common.v1 import sampling_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.script import LipCues, Speech
from s2v.media.pcm import wav_bytes
from s2v.rpc.channel import connect
from s2v.rpc.convert import artifact_from_proto, artifact_to_proto, speech_to_proto
from s2v.store.artifacts import FsspecStore

FRAME_RATE = 25
FRAME_SAMPLES = 1920
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
_TAKE_SECONDS = 300.0
_START_SECONDS = 300.0
_END_SECONDS = 5.0


@dataclass
class Take:
    """What one take was like; times in seconds since it was asked for."""

    what: str
    seconds: float = 0.0
    frames: int = 0
    clip_bytes: int = 0
    clip_sha256: str = ""
    beats: list[tuple[float, int]] = field(default_factory=list)
    killed: dict[str, Any] = field(default_factory=dict)
    held: list[dict[str, Any]] = field(default_factory=list)
    held_after: list[dict[str, Any]] = field(default_factory=list)
    worker_after: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def steps(self, count: int) -> list[tuple[float, float]]:
        """Return when the steps began and how long they took: the longest times between beats.

        It is of no use where the weights are loaded first: that takes longer.
        """
        times = [at for at, _ in self.beats]
        gaps = [(at, round(after - at, 2)) for at, after in pairwise(times)]
        return sorted(sorted(gaps, key=lambda gap: -gap[1])[:count])


class Told:
    """Prints each stage as it comes and keeps all of them in a file."""

    def __init__(self, out: Path | None) -> None:
        self._out, self._begun = out, time.monotonic()
        self._all: list[dict[str, Any]] = []

    def __call__(self, stage: str, **facts: Any) -> None:
        """Tell a stage."""
        entry = {"at": round(time.monotonic() - self._begun, 1), "stage": stage, **facts}
        self._all.append(entry)
        print(json.dumps(entry), flush=True)
        if self._out:
            (self._out / "wan-service-ranks.json").write_text(json.dumps(self._all, indent=1))


@dataclass
class Studio:
    """Asks the service for takes."""

    stub: Any
    store: FsspecStore
    asked: argparse.Namespace
    tell: Told
    service: int

    async def take(self, what: str, *, guidance: float, at: float = 0.0, kill: str = "") -> Take:
        """Ask for a take; look at the GPUs so many seconds after, and kill a rank then."""
        made = Take(what)
        looking = asyncio.create_task(self._look(made, at, kill))
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                await self._take(made, guidance)
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            made.error = repr(error)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        made.held_after = await asyncio.to_thread(held)
        made.worker_after = await self._worker()
        self.tell("take", **asdict(made), steps=[each[1] for each in made.steps(self.asked.steps)])
        return made

    async def _take(self, made: Take, guidance: float) -> None:
        begun = time.monotonic()
        async for response in self.stub.Render(self._request(guidance)):
            now = round(time.monotonic() - begun, 2)
            match response.WhichOneof("event"):
                case "progress":
                    made.beats.append((now, response.progress.frames_done))
                case "clip":
                    made.seconds, made.frames = now, response.clip.frames
                    video = artifact_from_proto(response.clip.video, field="video")
                    made.clip_bytes, made.clip_sha256 = video.size_bytes, video.sha256

    async def _look(self, made: Take, at: float, kill: str) -> None:
        """Tell what is held in the middle of a take; kill, and tell how long a new start takes."""
        if not at:
            return
        begun = time.monotonic()
        await asyncio.sleep(at)
        if not kill:
            made.held = await asyncio.to_thread(held)
            return
        before = await self._worker()
        ranks = ranks_of(self.service)
        pid = killed(ranks, before["pid"], kill)
        found = {"which": kill, "pid": pid, "ranks": ranks, "before": before}
        moment = time.monotonic()
        made.killed = found | {"at": round(moment - begun, 2)}
        while (now := await self._worker())["pid"] in (0, before["pid"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        found |= {"at": made.killed["at"], "back_after": round(time.monotonic() - moment, 2)}
        made.killed = found | {"after": now, "ranks_after": ranks_of(self.service)}
        made.held = await asyncio.to_thread(held)

    async def _worker(self) -> dict[str, int]:
        listed = await self.stub.ListWorkers(render_service_pb2.ListWorkersRequest())
        worker = listed.workers[0]
        return {"pid": worker.pid, "restarts": worker.restarts}

    def _request(self, guidance: float) -> render_service_pb2.RenderRequest:
        rng = np.random.default_rng(0)
        samples = self.asked.frames * FRAME_SAMPLES
        pcm = rng.normal(0, 1000, samples).astype(np.int16)
        audio = self.store.put([wav_bytes(pcm)], WAV)
        speech = Speech(audio, len(pcm), cues=LipCues.LOUDNESS)
        width, height = map(int, self.asked.size.split("x"))
        return render_service_pb2.RenderRequest(
            engine="wan",
            speech=speech_to_proto(speech),
            reference=artifact_to_proto(self.store.put(PORTRAIT, "image/jpeg")),
            frame_rate=FRAME_RATE,
            width_pixels=width,
            height_pixels=height,
            sampling=sampling_pb2.Sampling(steps=self.asked.steps, guidance=guidance),
        )


def main() -> int:
    """Do it all; 1 where a take did not come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--ranks", type=int, default=0, help="0: a rank for each GPU")
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for all takes")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measured(asked, Path(folder)))


async def measured(asked: argparse.Namespace, folder: Path) -> int:
    """Start the service, let it make its takes, and stop it."""
    tell = Told(asked.out)
    tell("before", gpus=gpus(), held=held())
    address = f"unix:{folder}/render"
    log = asked.out / "service.log" if asked.out else folder / "log"
    service = started(asked, address, folder, log)
    try:
        async with connect(address) as channel:
            stub = render_service_pb2_grpc.RenderServiceStub(channel)
            worker = await asyncio.wait_for(idle(stub, service), _START_SECONDS)
            tell("started", worker=worker, ranks=ranks_of(service.pid), held=held())
            studio = Studio(stub, FsspecStore(str(folder / "store")), asked, tell, service.pid)
            takes = await asyncio.wait_for(made_by(studio), asked.limit)
    finally:
        ranks = ranks_of(service.pid)
        tell("stopping", **await asyncio.to_thread(stopped, service))
        left = await asyncio.to_thread(remaining, ranks)
        tell("stopped", ranks=ranks, left=left, gpus=gpus(), held=held())
    return int(any(take.error for take in takes))


async def made_by(studio: Studio) -> list[Take]:
    """Let all takes be made; the killing comes in the middle of a step of a take made before."""
    first = await studio.take("unguided, weights loaded first", guidance=1.0, at=10.0)
    alone = await studio.take("unguided", guidance=1.0, at=3.0)
    (at, seconds), *_ = alone.steps(studio.asked.steps)[1:]
    moment = at + seconds / 2
    guided = await studio.take("guided", guidance=3.0, at=moment)
    follower = await studio.take("follower killed", guidance=1.0, at=moment, kill="follower")
    leader = await studio.take("leader killed", guidance=3.0, at=moment, kill="leader")
    return [first, alone, guided, follower, leader]


def started(
    asked: argparse.Namespace, address: str, folder: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Start the render service as a person would."""
    environment = {
        **os.environ,
        "S2V_RENDER_LISTEN": address,
        "S2V_RENDER_STORE_URL": str(folder / "store"),
        "S2V_RENDER_WAN_CHECKPOINT": asked.checkpoint,
        "S2V_RENDER_AIM": "latency",
        "S2V_RENDER_RANKS": str(asked.ranks),
    }
    if asked.ranks:
        environment["S2V_RENDER_WORKERS"] = "1"
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "s2v_render.main"], env=environment, stdout=file, stderr=file
        )


def stopped(service: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Stop the service as a supervisor would; tell how long that took and how it ended."""
    begun = time.monotonic()
    service.send_signal(signal.SIGTERM)
    try:
        status = service.wait(60)
    except subprocess.TimeoutExpired:
        service.kill()
        status = service.wait()
    return {"seconds": round(time.monotonic() - begun, 1), "status": status}


async def idle(stub: Any, service: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait until the worker has nothing to do; return what the service says of it."""
    while service.poll() is None:
        try:
            listed = await stub.ListWorkers(render_service_pb2.ListWorkersRequest())
        except grpc.aio.AioRpcError:
            listed = render_service_pb2.ListWorkersResponse()
        if listed.workers and listed.workers[0].state == render_service_pb2.WORKER_STATE_IDLE:
            found = listed.workers[0]
            return {
                "workers": len(listed.workers),
                "device": found.device,
                "pid": found.pid,
                "restarts": found.restarts,
            }
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the service has ended with {service.returncode}")


def killed(ranks: list[int], leader: int, which: str) -> int:
    """Kill a rank by the signal that nothing hears; return its number."""
    pid = leader if which == "leader" else next(pid for pid in ranks if pid != leader)
    os.kill(pid, signal.SIGKILL)
    return pid


def ranks_of(service: int) -> list[int]:
    """Return the processes of the workers that a service has started."""
    parents, titles = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
            titles[int(folder.name)] = (folder / "cmdline").read_text()
        except (OSError, UnicodeDecodeError):
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])

    def is_of(pid: int) -> bool:
        return pid == service or (pid in parents and is_of(parents[pid]))

    return sorted(pid for pid, title in titles.items() if "ray::Worker" in title and is_of(pid))


def remaining(pids: list[int]) -> list[int]:
    """Return those that are still there after some seconds: the kernel needs a moment."""
    until = time.monotonic() + _END_SECONDS
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and (
        time.monotonic() < until
    ):
        time.sleep(0.1)
    return left


def gpus() -> list[str]:
    """Return what the GPUs of this machine hold in all."""
    return asked_driver("--query-gpu=index,name,uuid,memory.used")


def held() -> list[dict[str, Any]]:
    """Return which process holds how much of which GPU."""
    numbers = dict(line.split(", ")[::-1] for line in asked_driver("--query-gpu=index,uuid"))
    rows = asked_driver("--query-compute-apps=gpu_uuid,pid,used_memory")
    return [
        {"gpu": numbers.get(gpu, gpu), "pid": pid, "mib": mib}
        for gpu, pid, mib in (row.split(", ") for row in rows)
    ]


def asked_driver(question: str) -> list[str]:
    """Return the lines that the driver's tool answers; none where there is none."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", question, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.strip().splitlines()


if __name__ == "__main__":
    sys.exit(main())
