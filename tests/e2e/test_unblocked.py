"""Nothing blocks an event loop: a film is made by services in which it would be noticed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import collecting
from installations import Installation, installed
from s2v.api.gateway.v1 import job_pb2
from s2v.api.gateway.v1.generation_service_pb2 import GenerateConfig
from s2v_cli.local import SERVICES

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


BLOCKING = """
import asyncio, time

async def wait():
    time.sleep(0.001)

asyncio.run(wait())
"""
COMPUTING = """
import asyncio

async def compute():
    sum(range(30_000_000))

asyncio.run(compute())
"""


@pytest.fixture
def environment() -> dict[str, str]:
    """In which a service raises where it would block its loop."""
    paths = [str(Path("tests/support/unblocked").resolve()), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def unblocked(environment: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    """All that a film may take: it is measured and traced as well."""
    with collecting() as (spans, endpoint):
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "PYTHONPATH": environment["PYTHONPATH"],
            "S2V_GATEWAY_MEASURE_FILMS": "true",
        }
        with installed(tmp_path, **settings) as installation:
            yield installation
        services = {f"s2v-{name}" for name in SERVICES}
        spans.wait_for(lambda spans: {span.service for span in spans} == services)


def test_a_call_that_blocks_a_loop_raises(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", BLOCKING, "s2v_"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Blocking call to time.sleep" in done.stderr


def test_a_callback_that_computes_for_long_is_logged(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", COMPUTING, "s2v_"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "slow callback" in done.stderr


def test_a_film_is_made_without_blocking_a_loop(unblocked: Installation, tmp_path: Path) -> None:
    film, served = tmp_path / "film.mp4", unblocked.log_bytes
    with unblocked.client() as client:
        job = client.make(text="Hello!", reference=PORTRAIT, output=film, preset="draft")
        assert job.state == job_pb2.JOB_STATE_SUCCEEDED
        assert client.server_info().version
        assert client.system_status().workers
        assert list(client.list_assets())
        client.delete_job(job.name)
        config = GenerateConfig(spec=job_pb2.JobSpec(preset="draft"))
        *_, last = client.generate(config, text=["Hello ", "again."], reference=PORTRAIT)
        assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert unblocked.complaints(after=served) == []
