"""Serve a fake container until standard input is closed."""

import json
import sys
import threading
from http.server import HTTPServer, ThreadingHTTPServer
from pathlib import Path

from s2v.testing.fakes_heygem.server import ControlHandler, FrontHandler
from s2v.testing.fakes_heygem.work import Inside


def main() -> None:
    """Print the two ports and serve."""
    options = json.loads(sys.argv[1])
    inside = Inside(Path(options["folder"]))
    inside.temp.mkdir(parents=True, exist_ok=True)
    front = HTTPServer(
        ("127.0.0.1", options["port"]), type("Front", (FrontHandler,), {"inside": inside})
    )
    control = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Control", (ControlHandler,), {"inside": inside})
    )
    control.daemon_threads = True
    for server in (front, control):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(front.server_port, control.server_port, flush=True)  # noqa: T201 (who started it reads)
    sys.stdin.read()


if __name__ == "__main__":
    main()
