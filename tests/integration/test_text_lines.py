"""Lines as people type them into a tool for videos, and what a careful person reads."""

import re
import time
from functools import cache
from pathlib import Path

import pytest

from s2v.text.normal.normalising import normalise


def lines(name: str) -> list[list[str]]:
    """Return the rows of a table of texts; a line's end is written as "\\n" in it."""
    rows = Path(f"tests/data/{name}").read_text(encoding="utf-8").splitlines()[1:]
    return [[_unescaped(cell) for cell in row.split("\t")] for row in rows]


@cache
def _read(written: str, language: str = "en-US") -> tuple[str, float]:
    """Return what is said, and how many seconds of a processor it took to find."""
    began = time.process_time()
    said = normalise(written, language=language).spoken
    return said, time.process_time() - began


def _unescaped(cell: str) -> str:
    return re.sub(r"\\([\\nt])", lambda match: {"n": "\n", "t": "\t"}.get(match[1], "\\"), cell)


ENGLISH = [*lines("text_lines.tsv"), *lines("text_kinds.tsv")]
"""As people type them, and by the kinds of what is read."""
FOREIGN = lines("text_lines_foreign.tsv")


@pytest.mark.parametrize(("kind", "written", "said"), ENGLISH)
def test_a_line_is_said_as_it_is_meant(kind: str, written: str, said: str) -> None:
    assert _read(written)[0] == said, kind


@pytest.mark.parametrize(("language", "written", "said"), FOREIGN)
def test_a_line_of_another_language_is_said_in_it(language: str, written: str, said: str) -> None:
    assert normalise(written, language=language).spoken == said


@pytest.mark.parametrize("language", ["en-US", "en-GB"])
def test_what_was_said_is_said_the_same_once_more(language: str) -> None:
    for _, written, _ in ENGLISH:
        said, _ = _read(written, language)
        assert normalise(said, language=language).spoken == said


def test_a_line_is_read_within_ten_milliseconds() -> None:
    seconds = sum(_read(written)[1] for _, written, _ in ENGLISH)
    assert seconds < 0.01 * len(ENGLISH)
