"""docs/seed_features.md has every row, and names tests that there are."""

import re
from pathlib import Path

import pytest

PAGE = Path("docs/seed_features.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (S[01]-\d+) \| (.+?) \| (done|not applicable|open) \| (.+) \|$", PAGE, re.M)
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(test_\w+))?`", PAGE)))
DOCUMENTS = {"S0": 81, "S1": 42}


def test_every_row_is_there_once() -> None:
    wanted = [f"{name}-{row}" for name, rows in DOCUMENTS.items() for row in range(1, rows + 1)]
    assert sorted(row[0] for row in ROWS) == sorted(wanted)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_named_test_is_there(file: str, test: str) -> None:
    text = Path(file).read_text(encoding="utf-8")
    assert f"def {test or 'test_'}" in text


def test_what_is_done_names_its_test() -> None:
    untold = [row for row, _, state, how in ROWS if state == "done" and "`tests/" not in how]
    assert untold == []


def test_what_is_open_names_no_test() -> None:
    told = [row for row, _, state, how in ROWS if state != "done" and "`tests/" in how]
    assert told == []
