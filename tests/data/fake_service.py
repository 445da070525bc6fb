"""A service that only says SERVING: `fake_service.py ADDRESS [fail|deaf|grandchild|late|killed]`.

`late` and `killed` end it at once, the latter by SIGKILL and only once, while a file `late` is
beside its socket.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server


def main() -> None:
    address, *what = sys.argv[1:]
    if "fail" in what:
        sys.exit("bad setting S2V_FAKE_COLOUR: green is none")
    late = Path(address.removeprefix("unix:")).with_name("late")
    if "late" in what and late.exists():
        sys.exit("ending at once")
    if "killed" in what and late.exists():
        late.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    configure_logs("fake")
    print("a line of its log", file=sys.stderr, flush=True)
    if "deaf" in what:
        stay_whatever_happens()
    if "grandchild" in what:
        grandchild = subprocess.Popen(["sleep", "600"])
        print(f"grandchild {grandchild.pid}", file=sys.stderr, flush=True)
    asyncio.run(serve(address))


def stay_whatever_happens() -> None:
    signal.signal(signal.SIGTERM, lambda *_: print("heard SIGTERM", file=sys.stderr, flush=True))
    print("going on for ever", file=sys.stderr, flush=True)
    while True:
        signal.pause()


async def serve(address: str) -> None:
    await Server(address, [], reflection_enabled=False).run(grace_seconds=1)


if __name__ == "__main__":
    main()
