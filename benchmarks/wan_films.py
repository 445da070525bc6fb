"""Whole films of the engine `wan`, from a text to the MP4, by the four services on GPUs.

Run `python benchmarks/wan_films.py --checkpoint random:14B --out FOLDER`, on a CPU with
`--checkpoint random:tiny --precisions fp32 --gpus 1 --size 128x64`. For each way to use the GPUs (a
film by one of them, a film by all, a film a GPU) the services are started; a first film loads the
weights and does not count. Told is how long a film took from its order to its end, when each of its
frames was rendered, and how long each stage was at work. With all GPUs on one film, a rank is
killed at the end of a film's first segment, too.
"""

import argparse
import json
import os
import platform
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from film import PORTRAIT, services
from wan import versions
from wan_service_ranks import gpus, held, ranks_of

from s2v.api.common.v1 import sampling_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client

SENTENCES = (
    "The tide comes in before sunset, and the boats turn round.",
    "Whoever stands on the pier now hears the chains below the water.",
    "An hour later the harbour is still, and all the lamps are lit.",
)
DRAFT_STEPS = 4
FRAME_RATE = 30


@dataclass(frozen=True)
class Order:
    """What film is asked for; steps of 0 leave steps and guidance to the preset."""

    what: str
    preset: str = "medium"
    steps: int = DRAFT_STEPS
    sentences: int = len(SENTENCES)


@dataclass
class Made:
    """What a film was like; times in seconds since it was ordered."""

    what: str
    whole: float
    frames: int
    frame_rate: int
    stages: dict[str, float]
    rendered: list[tuple[float, int]] = field(default_factory=list)
    """When so many frames were rendered."""
    killed_at: float = 0.0
    next_after_kill: float = 0.0
    sha256: str = ""
    held: list[dict[str, Any]] = field(default_factory=list)
    """What each process holds of each GPU after the film."""


class Studio:
    """Orders films of services that run."""

    def __init__(self, client: Client, size: str) -> None:
        self._client = client
        self._width, self._height = map(int, size.split("x"))

    def film(self, order: Order, seed: int = 0, *, kill: bool = False) -> Made:
        """Order a film and watch it until its end; kill a rank after its first segment."""
        spec = job_pb2.JobSpec(
            engine="wan",
            preset=order.preset,
            width_pixels=self._width,
            height_pixels=self._height,
            frame_rate=FRAME_RATE,
            seed=seed,
        )
        if order.steps:
            spec.sampling.CopyFrom(sampling_pb2.Sampling(steps=order.steps, guidance=1.0))
        config = generation_service_pb2.GenerateConfig(spec=spec)
        text = " ".join(SENTENCES[: order.sentences])
        begun, rendered, killed_at = time.monotonic(), list[tuple[float, int]](), 0.0
        for response in self._client.generate(config, text=[text], reference=PORTRAIT):
            if response.WhichOneof("event") != "progress":
                continue
            now, progress = round(time.monotonic() - begun, 2), response.progress
            if progress.frames_done > (rendered[-1][1] if rendered else 0):
                rendered.append((now, progress.frames_done))
            if kill and not killed_at and progress.segments_rendered:
                os.kill(ranks_of(os.getpid())[-1], signal.SIGKILL)
                killed_at = now
        whole, job = time.monotonic() - begun, response.finished
        if job.state != job_pb2.JOB_STATE_SUCCEEDED:
            raise RuntimeError(str(job.error))
        stages = {
            job_pb2.Stage.Name(each.stage).removeprefix("STAGE_").lower(): round(each.seconds, 2)
            for each in job.stage_times
        }
        film = job.film
        made = Made(order.what, round(whole, 2), film.frames, film.frame_rate, stages, rendered)
        made.sha256, made.held = film.sha256, held()
        if killed_at:
            made.killed_at = killed_at
            after = next(at for at, _ in rendered if at > killed_at)
            made.next_after_kill = round(after - killed_at, 2)
        return made

    def films_at_once(self, order: Order, count: int) -> list[Made]:
        """Order as many films at the same time."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda seed: self.film(order, seed), range(count)))


class Told:
    """Prints each film and keeps all of them in a file."""

    def __init__(self, out: Path | None, facts: dict[str, Any]) -> None:
        self._out, self._all = out, {**facts, "films": list[dict[str, Any]]()}

    def __call__(self, way: str, made: Made) -> None:
        """Tell a film."""
        row = {"way": way, **asdict(made), "frames_a_second": round(made.frames / made.whole, 2)}
        self._all["films"].append(row)
        print(json.dumps(row), flush=True)
        if self._out:
            self._out.mkdir(parents=True, exist_ok=True)
            (self._out / "wan-films.json").write_text(json.dumps(self._all, indent=1))


def main() -> None:
    """Measure each way to use the GPUs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="random:tiny")
    parser.add_argument("--gpus", type=int, default=2)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--precisions", nargs="+", default=["bf16"])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    facts = {"gpus": gpus(), "machine": platform.machine(), "versions": versions(), **vars(asked)}
    tell = Told(asked.out, {key: str(value) for key, value in facts.items()})
    for precision in asked.precisions:
        one_gpu(asked, tell, precision)
        if asked.gpus > 1:
            all_gpus(asked, tell, precision)
            a_film_each(asked, tell, precision)


def one_gpu(asked: argparse.Namespace, tell: Told, precision: str) -> None:
    """A film at a time by one GPU; one as the preset `medium` has it."""
    way = f"{precision}, one GPU"
    with services(**environment(asked, precision, workers=1, ranks=1)) as (client, _):
        studio = Studio(client, asked.size)
        tell(way, studio.film(Order("the first film")))
        for seed in range(2):
            tell(way, studio.film(Order(f"{DRAFT_STEPS} steps"), seed))
        tell(way, studio.film(Order("medium", "medium", steps=0, sentences=1)))


def all_gpus(asked: argparse.Namespace, tell: Told, precision: str) -> None:
    """A film at a time by all GPUs; one as the preset `high` has it, one whose rank is killed."""
    way = f"{precision}, {asked.gpus} GPUs on a film"
    with services(**environment(asked, precision, workers=1, ranks=asked.gpus)) as (client, _):
        studio = Studio(client, asked.size)
        tell(way, studio.film(Order("the first film")))
        for seed in range(2):
            tell(way, studio.film(Order(f"{DRAFT_STEPS} steps"), seed))
        tell(way, studio.film(Order("high", "high", steps=0, sentences=1)))
        tell(way, studio.film(Order("a rank killed"), kill=True))


def a_film_each(asked: argparse.Namespace, tell: Told, precision: str) -> None:
    """As many films at once as there are GPUs, each by one."""
    way = f"{precision}, {asked.gpus} films at once"
    with services(**environment(asked, precision, workers=asked.gpus, ranks=1)) as (client, _):
        studio = Studio(client, asked.size)
        for what in ("the first films", f"{DRAFT_STEPS} steps"):
            for made in studio.films_at_once(Order(what), asked.gpus):
                tell(way, made)


def environment(
    asked: argparse.Namespace, precision: str, *, workers: int, ranks: int
) -> dict[str, str]:
    """Return what the render service is told."""
    return {
        "S2V_RENDER_WAN_CHECKPOINT": asked.checkpoint,
        "S2V_RENDER_WAN_PRECISION": precision,
        "S2V_RENDER_WORKERS": str(workers),
        "S2V_RENDER_RANKS": str(ranks),
    }


if __name__ == "__main__":
    main()
