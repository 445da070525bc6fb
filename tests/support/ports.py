"""Addresses for servers that bind them later: of ports that systems give to nobody unasked.

A port that was free a moment ago is somebody's connection by the time that a server has started,
where it is one of those that the system gives away (32768 and up on Linux). Each process of a test
run has a range of its own below them.
"""

import itertools
import os

from s2v.core.errors import InvalidInput
from s2v_cli.local import free_address

_FIRST, _EACH = 15_000, 1_000
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
# Another run beside this one most likely begins elsewhere in its range.
_numbers = itertools.count(os.getpid())


def own_address() -> str:
    """Return an address of 127.0.0.1 that is free and stays so."""
    for number in itertools.islice(_numbers, _EACH):
        try:
            return free_address("127.0.0.1", _FIRST + _process * _EACH + number % _EACH)
        except InvalidInput:
            continue
    raise AssertionError("no port of this process's range is free")
