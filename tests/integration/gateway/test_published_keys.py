"""Signing keys are fetched from an address, within bounds."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from s2v_gateway.access import signing_keys
from s2v_gateway.access.signing_keys import load_from
from signed_tokens import Signer, key_set

KEYS = key_set(Signer("first").public)


class Publisher(BaseHTTPRequestHandler):
    release = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        if self.path == "/silent":
            self.release.wait()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b" " * (2 << 20) + KEYS if self.path == "/large" else KEYS)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Publisher.release.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Publisher) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Publisher.release.set()
        server.shutdown()
        thread.join()


async def test_keys_are_fetched(address: str) -> None:
    assert [key["kid"] for key in await load_from(f"{address}/keys")()] == ["first"]


@pytest.mark.parametrize("path", ["moved", "broken", "large"])
async def test_other_answers_are_none(address: str, path: str) -> None:
    with pytest.raises(ValueError, match=r"answer|bytes"):
        await load_from(f"{address}/{path}")()


async def test_nobody_waits_for_a_silent_server(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "_FETCH_SECONDS", 0.2)
    with pytest.raises((TimeoutError, httpx2.TimeoutException)):
        await load_from(f"{address}/silent")()
