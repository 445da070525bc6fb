"""How soon the first sentence of a text is seen and heard at 720p, against another checkout.

    python benchmarks/first_media.py OLDER_CHECKOUT [SENTENCES]

It prints Markdown for benchmarks/results/. A client of Generate writes word by word, as in
first_sound.py, one of fifty ordinary sentences after the other, for the services of this checkout
and for those of the other in turn. The clock starts when the word that completes the sentence is
handed over, and stops at three events: the sentence is spoken (`captions`), its first pictures are
drawn (`preview`), a fragment of the film is there (`media`). Beside the clock the processor time
of all processes until then is counted, which others on the machine do not lengthen by as much.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from film import PORTRAIT, processor_seconds, services
from first_sound import Writing
from voice_texts import SENTENCES

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client

_SERVICES = ("gateway", "tts", "render", "compositor")
_ROOTS = ("cli", "libs", *(f"services/{name}" for name in _SERVICES))
_FRAGMENT = b"moof"


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds from the complete sentence; processor seconds from the beginning of the text."""

    spoken: float
    drawn: float
    shown: float
    processors: float


FIGURES: dict[str, Callable[[Seen], float]] = {
    "spoken": lambda seen: seen.spoken,
    "first pictures drawn": lambda seen: seen.drawn,
    "first media": lambda seen: seen.shown,
    "from the first pictures to the first media": lambda seen: seen.shown - seen.drawn,
    "processor time until the first media": lambda seen: seen.processors,
}


def main() -> None:
    """Measure both sides in turn and print a table."""
    folders = {"this": Path(), "the other": Path(sys.argv[1])}
    sentences = SENTENCES[: int(sys.argv[2]) if len(sys.argv) > 2 else None]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("hibari-tts", "ray", "av")))
    loads = [os.getloadavg()[0]]
    with ExitStack() as stack:
        clients = {side: stack.enter_context(_services(at)) for side, at in folders.items()}
        for client in clients.values():
            first_seen(client, SENTENCES[0])
        rounds: dict[str, list[Seen]] = {side: [] for side in clients}
        for sentence in sentences:
            for side, client in clients.items():
                rounds[side].append(first_seen(client, sentence))
                print(side, rounds[side][-1], file=sys.stderr, flush=True)
            loads.append(os.getloadavg()[0])
    print(f"\n{len(sentences)} sentences; load average {min(loads):.0f} to {max(loads):.0f}\n")
    print(f"| | {' | '.join(f'{side}: median | 90 % within' for side in rounds)} |")
    print(f"|{'---|' * (1 + 2 * len(rounds))}")
    for figure, of in FIGURES.items():
        cells = [cell for seen in rounds.values() for cell in _cells(list(map(of, seen)))]
        print(f"| {figure} | {' | '.join(cells)} |")


def first_seen(client: Client, sentence: str) -> Seen:
    """Write a text that begins so, and stop when there is something to be seen of it."""
    writing = Writing(sentence)
    spec = job_pb2.JobSpec(width_pixels=1280, height_pixels=720)
    spec.captions.SetInParent()
    config = generation_service_pb2.GenerateConfig(spec=spec)
    busy, at = processor_seconds(), dict[str, float]()
    responses = client.generate(config, text=writing.words(), reference=PORTRAIT)
    for response in responses:
        kind = str(response.WhichOneof("event"))
        if kind != "media" or _FRAGMENT in response.media.data:
            at.setdefault(kind, time.perf_counter() - writing.complete_at)
        if "media" in at:
            spent = processor_seconds() - busy
            responses.close()  # the job ends with it
            return Seen(at["captions"], at["preview"], at["media"], spent)
    raise RuntimeError(str(response.finished.error))


@contextmanager
def _services(checkout: Path) -> Iterator[Client]:
    path = os.pathsep.join(str(checkout.absolute() / root) for root in _ROOTS)
    with services(PYTHONPATH=path) as (client, _):
        yield client


def _cells(values: Sequence[float]) -> tuple[str, str]:
    tenths = statistics.quantiles(values, n=10)
    return f"{statistics.median(values):.2f} s", f"{tenths[-1]:.2f} s"


if __name__ == "__main__":
    main()
