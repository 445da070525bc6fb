"""How long it takes to find out how a sentence is said, for each language that is read.

    python benchmarks/normalising.py

It prints Markdown for benchmarks/results/. English is read twice: plain sentences, and those of
tests/data/text_cases.tsv, each full of what is no word.
"""

import csv
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from voice_texts import SENTENCES

from s2v.text.normal.normalising import normalise

CASES = Path("tests/data/text_cases.tsv")
TEXTS = Path("benchmarks/voices_texts")
LANGUAGES = ("en-GB", "de-DE", "es-ES", "fr-FR", "it-IT")
ROUNDS = 9
_BAR_MS = 10


def main() -> None:
    """Print a table row for each language and kind of sentence."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; ")
    print(f"load average at the start {os.getloadavg()[0]:.2f}\n")
    began = time.perf_counter()
    normalise(SENTENCES[0])
    print(f"The first sentence, with all that is loaded for it: {_ms(began):.0f} ms.\n")
    print("| sentences | count | median ms | 95 % under | longest | letters of the longest |")
    print("|---|---|---|---|---|---|")
    _row("en-US, plain", "en-US", SENTENCES)
    _row("en-US, test cases", "en-US", _cases())
    for language in LANGUAGES:
        file = TEXTS / f"{language.partition('-')[0]}.txt"
        _row(language, language, file.read_text().splitlines())
    print(f"\nEach {ROUNDS} times, the median of each counts. The bar for English is {_BAR_MS} ms.")


def _row(name: str, language: str, sentences: Sequence[str]) -> None:
    times = {said: _median_ms(said, language) for said in sentences if said.strip()}
    ordered = sorted(times.values())
    longest = max(times, key=lambda said: times[said])
    print(
        f"| {name} | {len(ordered)} | {statistics.median(ordered):.2f} "
        f"| {ordered[int(len(ordered) * 0.95)]:.2f} | {ordered[-1]:.2f} | {len(longest)} |"
    )


def _median_ms(sentence: str, language: str) -> float:
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        normalise(sentence, language=language)
        spent.append(_ms(began))
    return statistics.median(spent)


def _cases() -> list[str]:
    with CASES.open() as file:
        return [
            row["input"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
