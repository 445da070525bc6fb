"""Unit tests touch neither files nor the network nor other processes: whoever does is told."""

import os
import sys
from collections.abc import Iterator

import pytest

_FORBIDDEN = {
    "os.mkdir",
    "socket.bind",
    "socket.connect",
    "subprocess.Popen",
    "tempfile.mkdtemp",
    "tempfile.mkstemp",
}
_WRITING = os.O_WRONLY | os.O_RDWR
_NOT_THE_TESTS = (".hypothesis", "__pycache__", "torchinductor_")
"""Parts of paths at which pytest, Hypothesis, Python and torch write, whoever runs."""

_watched = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched or not (event in _FORBIDDEN or (event == "open" and _writes(*arguments))):
        return
    if not any(part in str(arguments[:1]) for part in _NOT_THE_TESTS):
        raise AssertionError(f"a unit test does {event} {arguments}: it is an integration test")


def _writes(path: object, mode: object, flags: object) -> bool:
    # What is opened by its number was told when it got that: Python does so with bytecode.
    return not isinstance(path, int) and isinstance(flags, int) and bool(flags & _WRITING)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _nothing_outside() -> Iterator[None]:
    global _watched
    _watched = True
    yield
    _watched = False
