"""Uploads in one request and downloads of any part, in little memory."""

import asyncio
import glob
import hashlib
import os
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from gateway_world import png, wav
from s2v.media.pcm import wav_bytes
from web_world import StartWeb, Web, curl, fault

MIB = 1 << 20
PART = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nabc'


async def uploaded(web: Web, data: bytes) -> str:
    response = await web.client.post("/v1/assets:upload", content=data)
    assert response.status_code == 201, response.text
    return str(response.json()["asset"]["name"])


async def test_a_raw_body_becomes_an_asset(web: Web) -> None:
    response = await web.client.post("/v1/assets:upload", content=png())
    asset = response.json()["asset"]
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/{asset['name']}"
    assert asset["mediaType"] == "image/png"
    assert asset["sha256"] == hashlib.sha256(png()).hexdigest()
    again = await web.client.post("/v1/assets:upload", content=png())
    assert again.json()["asset"]["name"] == asset["name"]


async def test_a_form_becomes_an_asset(web: Web) -> None:
    response = await web.client.post("/v1/assets:upload", files={"file": ("me.wav", wav())})
    assert response.json()["asset"]["mediaType"] == "audio/wav"


async def test_a_chunked_body_becomes_an_asset(web: Web) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(wav()), 10_000):
            yield wav()[start : start + 10_000]

    response = await web.client.post("/v1/assets:upload", content=pieces())
    assert response.json()["asset"]["sizeBytes"] == str(len(wav()))


async def test_no_files_are_left_of_uploads(
    start_web: StartWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    web = await start_web()
    [folder] = glob.glob(str(tmp_path / "s2v-http-*"))
    before = set(os.listdir(folder))
    await uploaded(web, png())
    await web.client.post("/v1/assets:upload", files={"file": ("a.png", b"no picture")})
    cut_off = {"content-type": "multipart/form-data; boundary=x"}
    await web.client.post("/v1/assets:upload", content=PART % b"file", headers=cut_off)
    assert set(os.listdir(folder)) == before


FORM = "multipart/form-data; boundary=x"
NO_UPLOADS = [
    (b"", "", "body"),
    (b"", "multipart/form-data", "content-type"),
    (b"nonsense", FORM, "body"),
    (PART % b"file", FORM, "body"),
    (PART % b"me" + b"\r\n--x--\r\n", FORM, "me"),
    (PART[:-3] % b"file" + b"\r\n--x--\r\n", FORM, "file"),
    (b"--x--\r\n", FORM, "file"),
]


async def test_what_is_no_upload_is_an_error(web: Web) -> None:
    for body, kind, field in NO_UPLOADS:
        headers = {"content-type": kind} if kind else {}
        response = await web.client.post("/v1/assets:upload", content=body, headers=headers)
        assert fault(response) == (400, "FIELD_INVALID", field), body


async def test_what_is_no_media_is_refused(web: Web) -> None:
    response = await web.client.post("/v1/assets:upload", files={"file": ("a.exe", b"MZ" * 100)})
    assert fault(response) == (400, "MEDIA_TYPE_UNSUPPORTED", "file")


async def test_a_body_over_the_limit_is_refused(start_web: StartWeb) -> None:
    web = await start_web(max_upload_bytes=100_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(10_000)

    for content in (bytes(200_000), pieces()):
        response = await web.client.post("/v1/assets:upload", content=content)
        assert fault(response) == (413, "UPLOAD_TOO_LARGE", "body")
    form = await web.client.post("/v1/assets:upload", files={"file": bytes(200_000)})
    assert fault(form)[:2] == (413, "UPLOAD_TOO_LARGE")


RANGES = [
    ("bytes=0-0", 206, 0, 1),
    ("bytes=10-19", 206, 10, 20),
    ("bytes=90000-", 206, 90_000, None),
    ("bytes=-7", 206, -7, None),
    ("bytes=0-99999999", 206, 0, None),
    ("bytes=5-4", 200, 0, None),
    ("bytes=0-1,5-6", 200, 0, None),
    ("lines=0-1", 200, 0, None),
    ("bytes=-", 200, 0, None),
]
NO_RANGES = ["bytes=96044-", "bytes=999999-1000000", "bytes=-0"]


async def test_a_range_is_answered(web: Web) -> None:
    name, data = await uploaded(web, wav()), wav()
    for asked, code, start, end in RANGES:
        response = await web.client.get(f"/v1/{name}:download", headers={"range": asked})
        part = data[start:end]
        assert (response.status_code, response.content) == (code, part), asked
        assert response.headers["content-length"] == str(len(part))
        if code == 206:
            first = len(data) + start if start < 0 else start
            last = first + len(part) - 1
            assert response.headers["content-range"] == f"bytes {first}-{last}/{len(data)}"
    for asked in NO_RANGES:
        response = await web.client.get(f"/v1/{name}:download", headers={"range": asked})
        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{len(data)}"


async def test_a_file_that_is_known_is_not_sent_again(web: Web) -> None:
    name = await uploaded(web, png())
    path = f"/v1/{name}:download"
    whole = await web.client.get(path)
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(png()).hexdigest()}"'
    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["content-disposition"] == (
        f'attachment; filename="{name.removeprefix("assets/")}.png"'
    )
    for known in (etag, f'"x", W/{etag}', "*"):
        again = await web.client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
    other = await web.client.get(path, headers={"if-none-match": '"x"'})
    assert other.status_code == 200
    part = {"range": "bytes=0-3"}
    assert (await web.client.get(path, headers={**part, "if-range": etag})).status_code == 206
    assert (await web.client.get(path, headers={**part, "if-range": '"x"'})).status_code == 200


async def test_a_head_has_the_headers_alone(web: Web) -> None:
    name = await uploaded(web, png())
    response = await web.client.head(f"/v1/{name}:download")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(png()))
    assert response.headers["accept-ranges"] == "bytes"


async def test_an_asset_that_is_not_there_is_an_error(web: Web) -> None:
    response = await web.client.get("/v1/assets/01ARZ3NDEKTSV4RRFFQ69G5FAV:download")
    assert fault(response) == (404, "ASSET_NOT_FOUND", "name")


async def test_large_files_go_through_little_memory(web: Web, tmp_path: Path) -> None:
    # The client is another process, so that what is counted is the server's.
    file, back = tmp_path / "long.wav", tmp_path / "back.wav"
    file.write_bytes(wav_bytes(np.resize(np.arange(-9000, 9000, dtype=np.int16), 50 * MIB)))
    tracemalloc.start()
    try:
        sent = await curl("-F", f"file=@{file}", f"{web.url}/v1/assets:upload")
        raw = await curl("--data-binary", f"@{file}", f"{web.url}/v1/assets:upload")
        name = sent.split('"name":"')[1].split('"')[0]
        assert name in raw
        await curl("-o", str(back), f"{web.url}/v1/{name}:download")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert await asyncio.to_thread(back.read_bytes) == file.read_bytes()
    assert peak < 20 * MIB


async def test_a_download_that_nobody_reads_is_not_read_ahead(web: Web) -> None:
    data = wav_bytes(np.resize(np.arange(-9000, 9000, dtype=np.int16), 10 * MIB))
    name = await uploaded(web, data)
    tracemalloc.start()
    try:
        async with web.client.stream("GET", f"/v1/{name}:download") as response:
            chunks = response.aiter_bytes()
            first = await anext(chunks)
            _, peak = tracemalloc.get_traced_memory()
            rest = b"".join([chunk async for chunk in chunks])
    finally:
        tracemalloc.stop()
    assert first + rest == data
    assert peak < 8 * MIB
