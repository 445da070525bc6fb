"""For services with this folder on PYTHONPATH: what would block an event loop raises there."""

import sys

from blockbuster import BlockBuster


def _watch() -> None:
    for function in (blockbuster := BlockBuster()).functions.values():
        # Before a service serves, and when it does no more, nobody waits for its loop.
        function.can_block_in("/main.py", {"serve"})
        function.can_block_in("s2v_gateway/jobs/durable.py", {"_sqlite_engine", "launch"})
        # gRPC's last object waits for gRPC's own thread.
        function.can_block_in("threading.py", {"join"})
    blockbuster.activate()


if any(argument.startswith("s2v_") for argument in sys.orig_argv):  # Ray's processes are its own
    _watch()
