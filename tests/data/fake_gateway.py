"""A gateway in memory as a process: `fake_gateway.py ADDRESS`."""

import signal
import sys

from s2v.testing.fakes_gateway import FakeGateway


def main() -> None:
    gateway = FakeGateway(sys.argv[1])
    gateway.start()
    signal.sigwait([signal.SIGTERM])
    gateway.stop()


if __name__ == "__main__":
    main()
