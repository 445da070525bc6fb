"""HTTP is encrypted with what encrypts gRPC, and lets nobody in unasked."""

import ssl
from pathlib import Path

import httpx2
import pytest

from s2v.core.errors import InvalidInput
from web_world import StartWeb

TLS = Path("tests/data/tls").absolute()


async def test_with_a_certificate_it_is_https(start_web: StartWeb) -> None:
    web = await start_web(tls_certificate=TLS / "certificate.pem", tls_key=TLS / "key.pem")
    trusting = ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
    async with httpx2.AsyncClient(verify=trusting) as client:
        answer = await client.get(f"https://localhost:{web.port}/v1/server")
        assert answer.status_code == 200
        with pytest.raises(httpx2.HTTPError):
            await client.get(f"http://localhost:{web.port}/v1/server")


async def test_other_machines_are_not_let_in_over_http_unasked(
    start_web: StartWeb, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"other machines could reach 0\.0\.0\.0:0") as caught:
        await start_web(http_listen="0.0.0.0:0", database_url=f"sqlite:///{tmp_path}/other.db")
    assert caught.value.field == "http_listen"
    web = await start_web(http_listen="0.0.0.0:0", access="closed")
    asked = {"host": "films.example"}
    assert (await web.client.get("/v1/server", headers=asked)).status_code == 401
