"""HTTP is encrypted with what encrypts gRPC, and lets nobody in unasked."""

import ssl
from pathlib import Path

import httpx2
import pytest

from certificates import Authority, Pair
from s2v.core.errors import InvalidInput
from web_world import StartWeb, Web


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "theirs")


def encrypting(pair: Pair, **settings: object) -> dict[str, object]:
    return {"tls_certificate": pair.certificate, "tls_key": pair.key, **settings}


async def reached(web: Web, authority: Authority, mine: Pair | None = None) -> bool:
    trusting = ssl.create_default_context(cafile=str(authority.file))
    if mine:
        trusting.load_cert_chain(mine.certificate, mine.key)
    async with httpx2.AsyncClient(verify=trusting) as client:
        try:
            answer = await client.get(f"https://localhost:{web.port}/v1/server")
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200


async def test_with_a_certificate_it_is_https(start_web: StartWeb, ours: Authority) -> None:
    web = await start_web(**encrypting(ours.issue("gateway")))
    assert await reached(web, ours)
    with pytest.raises(httpx2.HTTPError):
        await web.client.get(f"http://localhost:{web.port}/v1/server")


async def test_clients_show_certificates_where_they_are_asked_for(
    start_web: StartWeb, ours: Authority, theirs: Authority
) -> None:
    web = await start_web(**encrypting(ours.issue("gateway"), tls_client_ca=theirs.file))
    assert await reached(web, ours, theirs.issue("client"))
    assert not await reached(web, ours)
    assert not await reached(web, ours, ours.issue("foreign"))


async def test_renewed_files_count_from_the_next_connection_on(
    start_web: StartWeb, ours: Authority, theirs: Authority
) -> None:
    web = await start_web(**encrypting(pair := ours.issue("gateway")))
    assert await reached(web, ours)
    theirs.issue("gateway")
    assert await reached(web, theirs)
    assert not await reached(web, ours)
    pair.certificate.write_text("rubbish")
    assert await reached(web, theirs)
    ours.issue("gateway")
    assert await reached(web, ours)


async def test_a_renewed_authority_of_clients_counts_too(
    start_web: StartWeb, ours: Authority, theirs: Authority, tmp_path: Path
) -> None:
    authority = tmp_path / "clients.pem"
    authority.write_bytes(ours.file.read_bytes())
    web = await start_web(**encrypting(ours.issue("gateway"), tls_client_ca=authority))
    mine = theirs.issue("client")
    assert not await reached(web, ours, mine)
    authority.write_bytes(theirs.file.read_bytes())
    assert await reached(web, ours, mine)
    assert not await reached(web, ours, ours.issue("former"))


async def test_other_machines_are_not_let_in_over_http_unasked(
    start_web: StartWeb, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"other machines could reach 0\.0\.0\.0:0") as caught:
        await start_web(http_listen="0.0.0.0:0", database_url=f"sqlite:///{tmp_path}/other.db")
    assert caught.value.field == "http_listen"
    web = await start_web(http_listen="0.0.0.0:0", access="closed")
    asked = {"host": "films.example"}
    assert (await web.client.get("/v1/server", headers=asked)).status_code == 401
