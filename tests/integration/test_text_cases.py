"""Texts of every class that is read, and what is said for each."""

import re
from pathlib import Path

import pytest

from s2v.text.normal.normalising import normalise

CASES = [
    line.split("\t")
    for line in Path("tests/data/text_cases.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


def folded(text: str) -> str:
    """Return a text without what is a matter of style: case, hyphens, "and"."""
    return " ".join(re.sub(r"\band\b", " ", text.lower().replace("-", " ")).split())


def test_there_are_cases() -> None:
    assert len(CASES) == 48


@pytest.mark.parametrize(("name", "written", "said"), [case[1:] for case in CASES])
def test_it_is_said_as_a_person_would(name: str, written: str, said: str) -> None:
    assert folded(normalise(written).spoken) == folded(said), name
