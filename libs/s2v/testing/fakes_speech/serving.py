"""Serve a fake speech server until standard input is closed."""

import json
import sys
import threading
from http.server import ThreadingHTTPServer

from s2v.core.registry import Registry
from s2v.testing.fakes_speech.server import Told

HANDLERS = Registry(
    {
        "fish": "s2v.testing.fakes_speech.fish:FishHandler",
        "ziming": "s2v.testing.fakes_speech.ziming:ZimingHandler",
        "openai_http": "s2v.testing.fakes_speech.openai_http:OpenAiHandler",
    }
)


def main() -> None:
    """Print the port and serve."""
    options = json.loads(sys.argv[1])
    handler = HANDLERS.load(options["kind"])
    state = Told(key=options["key"], folder=options["folder"])
    bound = type("Bound", (handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201 (who started it reads this)
    sys.stdin.read()


if __name__ == "__main__":
    main()
