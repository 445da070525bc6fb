"""Run an object store that speaks S3 as a process on loopback, for tests."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

_SERVER = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class NoS3(Exception):
    """There is no server for S3 on this machine; the message says how to get one."""


@contextmanager
def running_s3() -> Iterator[str]:
    """Give the address of an object store for as long as the context lasts; it takes any key.

    Raises:
        NoS3: the package moto or s3fs is not installed.
    """
    missing = [name for name in ("flask_cors", "moto", "s3fs") if find_spec(name) is None]
    if missing:
        raise NoS3("no S3 here: pip install 's2v[s3]' moto flask-cors")
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,  # it ends when this is closed
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        lines = iter(server.stdout.readline, "")
        port = next((line.strip() for line in lines if line.strip().isdigit()), "")
        if not port:
            raise RuntimeError("the server for S3 ended before it listened")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Give the address of a server that all tests share; skip where there is none."""
    try:
        with running_s3() as address:
            yield address
    except NoS3 as error:
        pytest.skip(str(error))


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of an empty bucket, and the environment in which it is found."""
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "knows")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"test-{uuid.uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    return f"s3://{bucket}/store"
