"""How soon the first sentence of a text sounds that is still being written, over the four services.

    python benchmarks/first_sound.py

It prints Markdown for benchmarks/results/. A client of Generate writes word by word, as a language
model does. The clock starts when it has handed over the word that completes the first sentence; it
stops at the event that says that the sentence is spoken (`captions`), and at the first media with
its sound.
"""

import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

from film import PORTRAIT, services

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client

FIRST = (
    "Nobody filmed me.",
    "My father bought a big balloon.",
    "It costs $1,250.50, which is far more than Dr. Smith paid for his in 2019.",
)
REST = " Then it goes on, word by word, until nothing is left to be said about it."
ROUNDS = 10
WORD_SECONDS = 0.05
_BAR_MS = 300


@dataclass(slots=True)
class Writing:
    """Writes a text word by word and notes when its first sentence was complete."""

    first: str
    complete_at: float = 0.0
    events: dict[str, float] = field(default_factory=dict)

    def words(self) -> Iterator[str]:
        """Yield the words; the one after the first sentence shows that it is complete."""
        *before, last = self.first.split()
        for word in before:
            yield f"{word} "
            time.sleep(WORD_SECONDS)
        self.complete_at = time.perf_counter()
        yield f"{last} "
        for word in REST.split():
            time.sleep(WORD_SECONDS)
            yield f"{word} "


def main() -> None:
    """Print a table row for each sentence; the first film of all is for warming up."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("hibari-tts", "onnxruntime", "grpcio")))
    with services() as (client, _):
        generated(client, FIRST[0])
        print(f"\nload average at the start {os.getloadavg()[0]:.2f}\n")
        print("| first sentence | spoken after (median) | least | most | first media after |")
        print("|---|---|---|---|---|")
        for first in FIRST:
            rounds = [generated(client, first) for _ in range(ROUNDS)]
            spoken = [_ms(writing, "captions") for writing in rounds]
            media = statistics.median(_ms(writing, "media") for writing in rounds)
            print(
                f"| {first} | {statistics.median(spoken):.0f} ms | {min(spoken):.0f} "
                f"| {max(spoken):.0f} | {media:.0f} ms |",
                flush=True,
            )
    print(f"\nThe bar for the median is {_BAR_MS} ms.")


def generated(client: Client, first: str) -> Writing:
    """Make a film of a text that begins so."""
    writing = Writing(first)
    spec = job_pb2.JobSpec(width_pixels=256, height_pixels=256, preset="draft")
    spec.captions.SetInParent()
    config = generation_service_pb2.GenerateConfig(spec=spec)
    for response in client.generate(config, text=writing.words(), reference=PORTRAIT):
        kind = str(response.WhichOneof("event"))
        writing.events.setdefault(kind, time.perf_counter())
    if response.finished.state != job_pb2.JOB_STATE_SUCCEEDED:
        raise RuntimeError(str(response.finished.error))
    return writing


def _ms(writing: Writing, event: str) -> float:
    return (writing.events[event] - writing.complete_at) * 1000


if __name__ == "__main__":
    main()
