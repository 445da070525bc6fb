"""Everything that clients do, through a real Envoy in front of real services."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import grpc
import pytest

from certificates import Authority
from fronts import Front, in_front
from grpc_web import framed, parted
from installations import Installation, installed
from methods import SERVICES
from ports import own_address
from s2v.api.gateway.v1 import job_pb2, job_service_pb2, system_service_pb2
from s2v.client import Client
from s2v.client.securing import Tls
from s2v.client.stubs import Stubs
from s2v.core.errors import Unauthenticated
from s2v.rpc.channel import connect_sync
from signed_tokens import AUDIENCE, ISSUER, Signer

GRPCURL = Path(sys.executable).with_name("grpcurl")
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
PACKAGE = "/s2v.api.gateway.v1"
UPLOAD_BYTES = 100 << 20
ENVOYS_OWN_BYTES = 32 << 20
"""So much more memory may it take for a large file than for a small request."""


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("one")


@pytest.fixture(scope="module")
def token(signer: Signer) -> str:
    return signer.token()


@pytest.fixture(scope="module")
def login(signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What both Envoy and the gateway are told of who signs tokens."""
    keys = tmp_path_factory.mktemp("login") / "jwks.json"
    keys.write_text(json.dumps({"keys": [signer.public]}))
    return {"jwt_keys": str(keys), "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}


@pytest.fixture(scope="module")
def services(
    login: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("home")
    secret = home / "internal_token"
    secret.write_text(os.urandom(32).hex())
    settings = {f"S2V_GATEWAY_{name.upper()}": value for name, value in login.items()}
    with installed(
        home,
        S2V_INTERNAL_TOKEN_FILE=str(secret),
        S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS="0.5",
        **settings,
    ) as services:
        yield services


@pytest.fixture(scope="module")
def front(
    services: Installation, login: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    listen = own_address()
    with in_front(
        tmp_path_factory.mktemp("envoy"),
        listen=listen,
        gateway=services.address,
        gateway_http=services.http,
        origins=f"http://{listen}",
        **login,
    ) as front:
        yield front


@pytest.fixture
def client(front: Front, token: str) -> Iterator[Client]:
    with Client(front.address, api_key=token, patience_seconds=60) as client:
        yield client


def curl(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    shown = ["-H", f"Authorization: Bearer {token}"] if token else []
    command = ["curl", "--silent", "--show-error", "--max-time", "60", *shown, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def code_of(url: str, *arguments: str, token: str = "") -> tuple[int, dict[str, Any]]:
    """Return the code and the JSON that a request is answered with."""
    said = curl("-w", "\n%{http_code}", *arguments, url, token=token).stdout
    body, _, code = said.rpartition("\n")
    return int(code), json.loads(body)


def info(channel: grpc.Channel, token: str) -> system_service_pb2.GetServerInfoResponse:
    return Stubs(channel).system.GetServerInfo(
        system_service_pb2.GetServerInfoRequest(),
        metadata=(("authorization", f"Bearer {token}"),),
        timeout=10,
    )


def cancel_nothing(channel: grpc.Channel, token: str) -> grpc.RpcError:
    """Return the error of a call that nobody makes twice by himself."""
    with pytest.raises(grpc.RpcError) as caught:
        Stubs(channel).jobs.CancelJob(
            job_service_pb2.CancelJobRequest(name="jobs/01KAXB3V5M8Q4T6W9Y2Z7C1D0E"),
            metadata=(("authorization", f"Bearer {token}"),),
            timeout=10,
        )
    return caught.value


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "noise.wav"
    noise = os.urandom(1 << 20)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        for _ in range(UPLOAD_BYTES // len(noise)):
            file.writeframesraw(noise)
    return path


def test_grpcurl_and_curl_are_answered(front: Front, token: str) -> None:
    method = f"{PACKAGE[1:]}.SystemService/GetServerInfo"
    called = subprocess.run(
        [GRPCURL, "-plaintext", "-H", f"authorization: Bearer {token}", front.address, method],
        capture_output=True,
        text=True,
        check=True,
    )
    code, server = code_of(f"{front.url}/v1/server", token=token)
    assert (code, server["version"]) == (200, json.loads(called.stdout)["version"])
    assert code_of(f"{front.url}/api/health")[0] == 200
    assert "<html" in curl(front.url).stdout
    code, error = code_of(f"{front.url}/v1/nothing/of/this/name", token=token)
    assert (code, error["code"]) == (404, grpc.StatusCode.NOT_FOUND.value[0])


def test_large_files_pass_in_little_memory(front: Front, token: str, large: Path) -> None:
    before = front.memory("VmRSS")
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    code, made = code_of(
        f"{front.url}/v1/assets:upload", "-T", str(large), "-X", "POST", token=token
    )
    assert (code, made["asset"]["sha256"]) == (201, digest)
    back = large.with_name("back.wav")
    curl("--fail", "-o", str(back), f"{front.url}/v1/{made['asset']['name']}:download", token=token)
    assert hashlib.sha256(back.read_bytes()).hexdigest() == digest
    assert front.memory("VmHWM") - before < ENVOYS_OWN_BYTES


def test_large_files_pass_over_grpc_in_little_memory(
    front: Front, client: Client, large: Path
) -> None:
    before = front.memory("VmRSS")
    asset = client.upload(large)
    back = large.with_name("back_again.wav")
    client.download(asset.name, back)  # which looks at the digest
    assert back.stat().st_size == large.stat().st_size
    assert front.memory("VmHWM") - before < ENVOYS_OWN_BYTES


def test_pages_of_a_named_site_call_by_grpc_web(front: Front, client: Client, token: str) -> None:
    spec = job_pb2.JobSpec(
        script={"text": "Envoy stands in front of this."},
        reference=client.upload(PORTRAIT).name,
        preset="draft",
    )
    job = client.create_job(spec)
    headers, messages, trailers = web_call(front, "SystemService/GetServerInfo", b"", token)
    asked = job_service_pb2.WatchJobRequest(name=job.name).SerializeToString()
    _, events, ended = web_call(front, "JobService/WatchJob", asked, token)
    assert headers["access-control-allow-origin"] == front.url
    assert (trailers["grpc-status"], ended["grpc-status"]) == ("0", "0")
    [told] = map(system_service_pb2.GetServerInfoResponse.FromString, messages)
    assert told.version
    watched = [*map(job_service_pb2.WatchJobResponse.FromString, events)]
    assert watched[0].HasField("snapshot")
    assert watched[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
    other, _, _ = web_call(
        front, "SystemService/GetServerInfo", b"", token, origin="https://other.example.org"
    )
    assert other["access-control-allow-origin"] is None


def web_call(
    front: Front, method: str, message: bytes, token: str, *, origin: str = ""
) -> tuple[Message, list[bytes], dict[str, str]]:
    """Call by gRPC-Web as a page would; return the headers, the messages and the trailers."""
    request = urllib.request.Request(
        f"{front.url}{PACKAGE}.{method}",
        data=framed(message),
        headers={
            "content-type": "application/grpc-web+proto",
            "x-grpc-web": "1",
            "authorization": f"Bearer {token}",
            "origin": origin or front.url,
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers, *parted(answer.read())


def test_a_watch_lasts_as_long_as_its_job(client: Client) -> None:
    text = "One sentence follows the other, and somebody watches. " * 6
    spec = job_pb2.JobSpec(
        script={"text": text}, reference=client.upload(PORTRAIT).name, preset="draft"
    )
    job = client.create_job(spec, with_media=True)
    [*_, last] = client.watch(job.name, with_media=True)
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED


def test_tokens_that_do_not_count_go_no_further(front: Front, services: Installation) -> None:
    stranger = Signer("one").token()
    after = services.log_bytes
    code, error = code_of(f"{front.url}/v1/server", token=stranger)
    assert (code, error["code"]) == (401, grpc.StatusCode.UNAUTHENTICATED.value[0])
    with connect_sync(front.address) as channel:
        refused = cancel_nothing(channel, stranger)
    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert not [line for line in services.log_lines(after=after) if line["event"] == "call failed"]


def test_keys_and_calls_without_either_are_the_gateways_to_judge(front: Front) -> None:
    for key in ("s2v_" + "x" * 43, None):
        with Client(front.address, api_key=key) as client, pytest.raises(Unauthenticated) as error:
            client.server_info()
        assert error.value.reason.value.startswith("CREDENTIALS_")


def test_only_the_gateway_is_reached(front: Front, token: str) -> None:
    inner = [method for name in ("tts", "render", "compositor") for method in SERVICES[name]]
    with connect_sync(front.address) as channel:
        for method in inner:
            error = method.outcome(channel, [b""], timeout_seconds=10)
            assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    for method in inner:
        code, _ = code_of(f"{front.url}{method.path}", "-d", "{}", token=token)
        assert code in (404, 405)


def test_more_than_a_client_may_ask_is_refused(
    services: Installation, token: str, tmp_path: Path
) -> None:
    with (
        in_front(
            tmp_path, gateway=services.address, gateway_http=services.http, calls_per_second="1"
        ) as front,
        connect_sync(front.address) as channel,
    ):
        codes = [cancel_nothing(channel, token).code() for _ in range(4)]
        assert codes[0] is grpc.StatusCode.NOT_FOUND
        assert codes[-1] is grpc.StatusCode.RESOURCE_EXHAUSTED
        code, error = code_of(f"{front.url}/v1/server", token=token)
        headers = curl("-I", f"{front.url}/v1/server", token=token).stdout
    assert (code, error["code"]) == (429, grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
    assert "retry-after: 1" in headers


def test_a_gateway_that_dies_is_away_and_comes_back(
    front: Front, services: Installation, token: str
) -> None:
    with connect_sync(front.address) as channel:
        assert info(channel, token).version
        pid = services.supervisor.pid("gateway")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert cancel_nothing(channel, token).code() is grpc.StatusCode.UNAVAILABLE
        code, error = code_of(f"{front.url}/v1/server", token=token)
        assert (code, error["code"]) == (503, grpc.StatusCode.UNAVAILABLE.value[0])
    with Client(front.address, api_key=token, patience_seconds=60) as client:
        assert client.server_info().version


def test_a_renewed_certificate_counts_at_once(
    services: Installation, token: str, tmp_path: Path
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    first, second = Authority(tmp_path, "first"), Authority(tmp_path, "second")
    install(first, folder)
    told = Path("deploy/envoy/certificate.yaml").read_text().replace("/etc/s2v/tls", str(folder))
    named = tmp_path / "certificate.yaml"
    named.write_text(told)
    with in_front(
        tmp_path, gateway=services.address, gateway_http=services.http, tls=str(named)
    ) as front:
        port = front.address.rpartition(":")[2]
        url = f"https://localhost:{port}/v1/server"
        assert code_of(url, "--cacert", str(first.file), token=token)[0] == 200
        with Client(f"localhost:{port}", tls=Tls(ca=first.file), api_key=token) as client:
            assert client.server_info().version
        install(second, folder)
        deadline = time.monotonic() + 20
        while not is_trusted(int(port), second.file) and time.monotonic() < deadline:
            time.sleep(0.05)  # nothing tells when it has been read
        assert code_of(url, "--cacert", str(second.file), token=token)[0] == 200


def install(authority: Authority, folder: Path) -> None:
    """Put a new certificate in the place of the one there."""
    pair = authority.issue("front")
    for path, name in ((pair.key, "tls.key"), (pair.certificate, "tls.crt")):
        fresh = folder / f"{name}.new"
        shutil.copy(path, fresh)
        fresh.rename(folder / name)


def is_trusted(port: int, authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    with contextlib.suppress(ssl.SSLError), socket.create_connection(("127.0.0.1", port)) as plain:
        context.wrap_socket(plain, server_hostname="localhost").close()
        return True
    return False


def test_the_access_log_tells_of_requests_and_of_no_secrets(front: Front, token: str) -> None:
    curl(f"{front.url}/v1/jobs?pageToken=whisper", token=token)
    curl("-X", "DELETE", f"{front.url}/v1/jobs/01KAXB3V5M8Q4T6W9Y2Z7C1D0E", token=token)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        deleted = [line for line in front.requests() if line["method"] == "DELETE"]
        if deleted:
            break
        time.sleep(0.1)  # it is written out now and then
    assert deleted[0] | {"path": "/v1/jobs/01KAXB3V5M8Q4T6W9Y2Z7C1D0E", "code": 404} == deleted[0]
    said = front.log.read_text()
    assert "whisper" not in said
    assert token not in said
