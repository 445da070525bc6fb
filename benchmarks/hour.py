"""How much memory an hour of speech takes beside a minute of it, each in a process of its own.

Run it with `.venv/bin/python benchmarks/hour.py`; it prints Markdown for benchmarks/results/. One
process speaks the text, renders the segments that the services would cut it into, encodes them and
joins them; the film is small, for nothing that a film's length may fill depends on its size.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

from alone import FPS, Alone
from voice_texts import SENTENCES

from s2v.core.ports import Size

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
SIZE = Size(256, 256)
LENGTHS = (("a minute", 18), ("an hour", 1095))
"""How many sentences last so long."""
PARAGRAPH_SENTENCES = 5
_MIB = 1024
_BAR = 1.05


def main() -> None:
    """Make the films and print a table."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("numpy", "onnxruntime", "av")), "\n")
    print(f"Speech of so many sentences, drawn at {SIZE.width}x{SIZE.height}, preset draft:\n")
    print("| speech | film | processor time | peak memory | over a minute |")
    print("|---|---|---|---|---|")
    first = 0.0
    for name, sentences in LENGTHS:
        seconds, busy, peak = measured(sentences)
        first = first or peak
        growth = f"{(peak / first - 1) * 100:+.1f} %"
        print(
            f"| {name} | {seconds:.0f} s | {busy:.0f} s | {peak:.0f} MiB | {growth} |", flush=True
        )
    print(f"\nThe bar is {(_BAR - 1) * 100:+.0f} %.")


def measured(sentences: int) -> tuple[float, float, float]:
    """Return a film's length, its processor time, and the peak memory in MiB."""
    command = [sys.executable, __file__, "film", str(sentences)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, busy, peak = map(float, done.stdout.split())
    return seconds, busy, peak


def film(sentences: int) -> None:
    """Make a film of so many sentences and print what `measured` returns."""
    with tempfile.TemporaryDirectory() as folder:
        made = Alone(Path(folder)).film(text_of(sentences), PORTRAIT, SIZE, preset="draft")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(made.frames / FPS, used.ru_utime + used.ru_stime, used.ru_maxrss / _MIB)


def text_of(sentences: int) -> str:
    """Return so many sentences, a few a paragraph."""
    said = list(islice(cycle(SENTENCES), sentences))
    starts = range(0, sentences, PARAGRAPH_SENTENCES)
    return "\n\n".join(" ".join(said[start : start + PARAGRAPH_SENTENCES]) for start in starts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["film"]:
        film(int(sys.argv[2]))
    else:
        main()
