"""For services with this folder on PYTHONPATH: what would block an event loop raises there.

What computes on it for long is logged, as in asyncio's debug mode, but on a busy machine, too.
"""

import asyncio
import json
import sys
import time

from blockbuster import BlockBuster

MOST_SECONDS = 0.1
"""Of computing, in one go; as `loop.slow_callback_duration`."""


def _watch() -> None:
    for function in (blockbuster := BlockBuster()).functions.values():
        # Before a service serves, and when it does no more, nobody waits for its loop.
        function.can_block_in("/main.py", {"serve"})
        function.can_block_in("s2v_gateway/jobs/durable.py", {"_sqlite_engine", "launch"})
        # gRPC's last object waits for gRPC's own thread.
        function.can_block_in("threading.py", {"join"})
        # Lines of the log go to standard error, on which blockbuster lets any process write.
        function.can_block_in("logging/__init__.py", {"emit"})
    blockbuster.activate()


def _measure() -> None:
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        run(handle)
        seconds = time.thread_time() - begun
        if seconds > MOST_SECONDS:
            slow = {"level": "error", "event": "slow callback", "seconds": round(seconds, 3)}
            step = getattr(handle._callback, "__self__", handle)
            print(json.dumps(slow | {"callback": repr(step)}), file=sys.stderr, flush=True)

    asyncio.Handle._run = measured  # type: ignore[method-assign]


if any(argument.startswith("s2v_") for argument in sys.orig_argv):  # Ray's processes are its own
    _watch()
    _measure()
