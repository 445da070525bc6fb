"""Pages of other sites call the services by gRPC-Web, through a real Envoy."""

import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fronts import Front, in_front
from grpc_web import framed, parted
from installations import Installation
from s2v.api.gateway.v1 import job_pb2, job_service_pb2, system_service_pb2

PACKAGE = "/s2v.api.gateway.v1"
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
CALL = """
async ([url, body]) => {
    const answer = await fetch(url, {
        method: "POST",
        headers: {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
        body: Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0)),
    });
    const parts = [];
    const reader = answer.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
        parts.push(btoa(String.fromCharCode(...read.value)));
    }
    return parts;
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of somebody else's, with an empty page."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Elsewhere</title>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="module")
def front(
    site: str, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with in_front(
        tmp_path_factory.mktemp("envoy"),
        gateway=installation.address,
        gateway_http=installation.http,
        origins=site,
    ) as front:
        yield front


@pytest.fixture
def elsewhere(browser, site: str):
    """The page of that site."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(250_000)  # the limit of a test is what counts
    page.goto(site)
    yield page
    context.close()


def call(
    page, front: Front, method: str, message: bytes
) -> tuple[list[bytes], dict[str, str], int]:
    """Call a method; return the messages, the trailers and in how many parts these came."""
    body = base64.b64encode(framed(message)).decode()
    parts = page.evaluate(CALL, [f"{front.url}{PACKAGE}.{method}", body])
    return *parted(b"".join(map(base64.b64decode, parts))), len(parts)


def test_a_page_of_a_named_site_is_answered(elsewhere, front: Front) -> None:
    messages, trailers, _ = call(elsewhere, front, "SystemService/GetServerInfo", b"")
    [told] = map(system_service_pb2.GetServerInfoResponse.FromString, messages)
    assert told.version
    assert trailers["grpc-status"] == "0"


def test_a_page_watches_a_job_as_it_goes_on(
    elsewhere, front: Front, installation: Installation
) -> None:
    with installation.client() as client:
        spec = job_pb2.JobSpec(
            script={"text": "A page elsewhere sees this. It comes bit by bit."},
            reference=client.upload(PORTRAIT).name,
            preset="draft",
        )
        job = client.create_job(spec)
    asked = job_service_pb2.WatchJobRequest(name=job.name).SerializeToString()
    messages, trailers, parts = call(elsewhere, front, "JobService/WatchJob", asked)
    events = [*map(job_service_pb2.WatchJobResponse.FromString, messages)]
    assert events[0].HasField("snapshot")
    assert events[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert trailers["grpc-status"] == "0"
    assert parts > 1


def test_a_page_of_no_named_site_is_not_answered(browser, front: Front) -> None:
    context = browser.new_context()
    page = context.new_page()
    with pytest.raises(Exception, match="Failed to fetch"):
        call(page, front, "SystemService/GetServerInfo", b"")
    context.close()
