"""What HTTP puts up with: sizes, slowness, crowds, and pages of other sites."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from gateway_world import png
from s2v.media.pcm import wav_bytes
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.facade import Facade
from s2v_gateway.web.guard import Guard
from web_world import StartWeb, Web, fault

GET = b"GET /v1/server HTTP/1.1\r\nHost: localhost\r\n"


async def opened(web: Web) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", web.port)


async def said(web: Web, data: bytes) -> bytes:
    """Send bytes and read what comes until the server closes."""
    reader, writer = await opened(web)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


async def test_what_is_no_http_is_a_typed_error(web: Web) -> None:
    for data in (b"HELLO\r\n\r\n", b"\x16\x03\x01" * 100, GET + b"X: " + b"a" * 100_000):
        head, _, body = (await said(web, data)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert json.loads(body)["code"] == 3


async def test_a_long_json_body_is_refused(start_web: StartWeb) -> None:
    web = await start_web(max_message_bytes=1 << 16)
    text = {"spec": {"script": {"text": "a" * 100_000}}}
    assert fault(await web.client.post("/v1/jobs", json=text)) == (413, "UPLOAD_TOO_LARGE", "body")
    form = await web.client.post(
        "/api/generate", data={"text": "a" * 100_000}, files={"image": png()}
    )
    assert fault(form) == (413, "UPLOAD_TOO_LARGE", "text")
    line = await web.client.post("/v1:generate", content=b'{"config": "' + b"a" * 200_000)
    assert fault(line) == (413, "UPLOAD_TOO_LARGE", "body")


async def test_who_is_slow_is_not_waited_for(start_web: StartWeb) -> None:
    web = await start_web(request_seconds=1)
    silent = said(web, b"")
    no_head = said(web, GET)
    no_body = said(web, b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{")
    answers = await asyncio.gather(silent, no_head, no_body)
    assert answers[:2] == [b"", b""]
    assert answers[2].startswith(b"HTTP/1.1 408 ")
    # Who has asked and reads may take as long as it likes.
    job = await web.job()
    await web.ended(job)
    assert (await web.client.get(f"/v1/jobs/{job}/events")).status_code == 200


async def test_who_does_not_read_is_let_go(start_web: StartWeb) -> None:
    web = await start_web(request_seconds=1)
    uploaded = await web.client.post("/v1/assets:upload", content=_large_wav())
    name = uploaded.json()["asset"]["name"]
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port, limit=1)
    writer.write(f"GET /v1/{name}:download HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.read(1)
    # Had it waited for longer, all of the file would come once it is read.
    await asyncio.sleep(3)
    came = 1
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(1 << 20):
            came += len(piece)
    writer.close()
    assert came < len(_large_wav())


async def test_connections_over_the_limit_are_closed(start_web: StartWeb) -> None:
    web = await start_web(max_connections=3)
    held = [await opened(web) for _ in range(3)]
    for _, writer in held:
        writer.write(GET + b"\r\n")
    for reader, _ in held:
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = await said(web, GET + b"\r\n")
    assert answer == b""
    for _, writer in held:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"host": "localhost:5003"}, True),
        ({"host": "[::1]:5003"}, True),
        ({"host": "app.localhost"}, True),
        ({"host": "rebound.example"}, False),
        ({"host": "127.0.0.1.example"}, False),
        ({"host": ""}, False),
        ({"host": "[", "origin": "http://["}, False),
        ({"host": "localhost:5003", "origin": "http://localhost:5003"}, True),
        ({"host": "localhost:5003", "origin": "http://localhost:8080"}, False),
        ({"origin": "https://example.org"}, False),
        ({"origin": "null"}, False),
    ],
)
def test_pages_of_other_sites_are_kept_out(headers: dict[str, str], allowed: bool) -> None:
    assert _status({"host": "127.0.0.1:5003", **headers}) == (200 if allowed else 403)


def test_names_and_sites_that_are_set_are_let_in() -> None:
    given = {"local": True, "hosts": ("films.example",), "origins": ("https://app.example",)}
    assert _status({"host": "films.example"}, **given) == 200
    assert _status({"host": "films.example", "origin": "https://app.example"}, **given) == 200
    assert _status({"host": "films.example", "origin": "https://other.example"}, **given) == 403
    assert _status({"host": "any.example"}, local=False) == 200


async def test_a_site_that_is_set_may_read(start_web: StartWeb) -> None:
    web = await start_web(http_origins="https://app.example, https://b.example")
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    preflight = await web.client.options("/v1/jobs", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    answer = await web.client.get("/v1/server", headers={"origin": "https://b.example"})
    assert answer.headers["access-control-allow-origin"] == "https://b.example"


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        settings = GatewaySettings(http_listen=listen, data_dir=tmp_path, store_url=str(tmp_path))
        with pytest.raises(SystemExit, match="set S2V_GATEWAY_HTTP_LISTEN to another address"):
            Facade(settings, None, ())  # type: ignore[arg-type]


async def test_it_is_served_on_a_unix_socket(start_web: StartWeb, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    web = await start_web(http_listen=f"unix:{path}")
    assert web.running.http == f"unix:{path}"
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(GET + b"\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()


def _large_wav() -> bytes:
    return wav_bytes(np.resize(np.arange(-9000, 9000, dtype=np.int16), 8 << 20))


def _status(
    headers: dict[str, str],
    *,
    local: bool = True,
    hosts: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
) -> int:
    """Ask a guard in front of something that always answers."""
    guard = Guard(PlainTextResponse("yes"), local=local, hosts=hosts, origins=origins)
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": given}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    asyncio.run(guard(scope, receive, send))
    return int(sent[0]["status"])
