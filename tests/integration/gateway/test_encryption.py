"""Connections are encrypted, clients show certificates if asked, and files are renewed."""

from pathlib import Path

import pytest

from certificates import Authority, Pair
from gateway_world import Running, Start
from s2v.client import AsyncClient, Tls
from s2v.core.errors import InvalidInput, Unavailable
from s2v.rpc.encryption import ServerCertificate

FAST = {"patience_seconds": 0.0, "timeout_seconds": 20.0}


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "theirs")


def encrypting(pair: Pair, **settings: object) -> dict[str, object]:
    files = {"tls_certificate": pair.certificate, "tls_key": pair.key}
    return {"listen": "localhost:0", **files, **settings}


async def reached(server: Running, tls: Tls | None, address: str = "") -> bool:
    async with AsyncClient(address or server.gateway.server.address, tls=tls, **FAST) as client:
        try:
            return bool((await client.server_info()).version)
        except Unavailable:
            return False


async def test_calls_are_encrypted_and_nothing_else_is_answered(
    start: Start, ours: Authority, theirs: Authority
) -> None:
    server = await start(**encrypting(ours.issue("gateway")))
    assert await reached(server, Tls(ours.file))
    assert not await reached(server, Tls(theirs.file))
    assert not await reached(server, None)


async def test_clients_show_certificates_where_they_are_asked_for(
    start: Start, ours: Authority, theirs: Authority
) -> None:
    server = await start(**encrypting(ours.issue("gateway"), tls_client_ca=theirs.file))
    mine, foreign = theirs.issue("client"), ours.issue("foreign")
    assert await reached(server, Tls(ours.file, mine.certificate, mine.key))
    assert not await reached(server, Tls(ours.file))
    assert not await reached(server, Tls(ours.file, foreign.certificate, foreign.key))


async def test_renewed_files_count_from_the_next_connection_on(
    start: Start, ours: Authority, theirs: Authority
) -> None:
    server = await start(**encrypting(pair := ours.issue("gateway")))
    assert await reached(server, Tls(ours.file))
    theirs.issue("gateway")
    assert await reached(server, Tls(theirs.file))
    assert not await reached(server, Tls(ours.file))
    pair.certificate.write_text("rubbish")
    assert await reached(server, Tls(theirs.file))
    ours.issue("elsewhere").key.replace(pair.key)
    assert await reached(server, Tls(theirs.file))
    pair.certificate.unlink()
    assert await reached(server, Tls(theirs.file))
    ours.issue("gateway")
    assert await reached(server, Tls(ours.file))


async def test_who_watches_over_the_gateway_reaches_it_without(
    start: Start, ours: Authority, tmp_path: Path
) -> None:
    socket = f"unix:{tmp_path}/local.sock"
    server = await start(**encrypting(ours.issue("gateway"), local_listen=socket))
    assert await reached(server, None, socket)


@pytest.fixture
def broken(ours: Authority, tmp_path: Path) -> list[ServerCertificate]:
    pair, other = ours.issue("one"), ours.issue("two")
    (tmp_path / "rubbish").write_text("rubbish")
    return [
        ServerCertificate(tmp_path / "none", pair.key),
        ServerCertificate(pair.certificate, other.key),
        ServerCertificate(tmp_path / "rubbish", pair.key),
        ServerCertificate(pair.certificate, pair.key, tmp_path / "none"),
        ServerCertificate(pair.certificate, pair.key, tmp_path / "rubbish"),
    ]


def test_files_that_cannot_be_used_are_named_at_the_start(
    broken: list[ServerCertificate],
) -> None:
    for files in broken:
        with pytest.raises(InvalidInput) as caught:
            files.credentials()
        authority = files.client_authority
        assert caught.value.field == ("tls_client_ca" if authority else "tls_certificate")
        assert str(authority or files.certificate) in caught.value.message


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="go together"):
        Tls(certificate=tmp_path / "a.crt")
    with pytest.raises(FileNotFoundError):
        AsyncClient("localhost:1", tls=Tls(tmp_path / "none.pem"))
