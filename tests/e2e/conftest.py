"""Sets of the four real services, each started once for all end-to-end tests that it serves."""

import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import restorers
from collectors import SpanCollector, collecting
from installations import Installation, installed
from ports import own_address
from s2v.client import Client
from s2v_cli.local import SERVICES


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    # A short grace: a job of some seconds shall still be at work when the gateway has gone.
    settings = {"S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5"}
    if importlib.util.find_spec("torch"):
        settings["S2V_RENDER_WAN_CHECKPOINT"] = "tests/data/wan_tiny"
    with installed(tmp_path_factory.mktemp("home"), **settings) as installation:
        yield installation


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Services that soon take others for stalled."""
    settings = {
        "S2V_GATEWAY_STALL_SECONDS": "11",
        "S2V_GATEWAY_STALL_RETRIES": "10",
        "S2V_RENDER_STALL_SECONDS": "5",
    }
    with installed(tmp_path_factory.mktemp("impatient"), **settings) as installation:
        yield installation


@dataclass(frozen=True)
class Equipped:
    """Services with all that an operator may add, and where that can be seen.

    Attributes:
        spans: what they did, as they export it.
        metrics: where each of them tells its numbers, by its name.
        paints: the colour to which they restore faces.
    """

    installation: Installation
    spans: SpanCollector
    metrics: dict[str, str]
    paints: tuple[int, int, int]


@pytest.fixture(scope="package")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Equipped]:
    """Services that are watched, sign films and restore faces, as a file and variables say."""
    home = tmp_path_factory.mktemp("equipped")
    (home / "s2v.toml").write_text(
        "[gateway]\nmax_queued_jobs = 7\n[render]\nworkers = 1\nlog_level = 'DEBUG'\n"
    )
    metrics = {name: own_address() for name in SERVICES}
    green = (16, 200, 64)
    restorer = restorers.of_colour(tmp_path_factory.mktemp("restorer") / "green.onnx", green)
    with collecting() as (spans, endpoint):
        settings = {
            **{f"S2V_{name.upper()}_METRICS_LISTEN": metrics[name] for name in SERVICES},
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "S2V_COMPOSITOR_FACE_RESTORER": str(restorer),
            "S2V_COMPOSITOR_SIGN_FILMS": str(importlib.util.find_spec("c2pa") is not None),
            "S2V_GATEWAY_MAX_RUNNING_JOBS": "1",
            "S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5",
            "S2V_PROFILE": "1",
        }
        with installed(home, **settings) as installation:
            yield Equipped(installation, spans, metrics, green)


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        # An earlier test may have killed some: films would be made with a notice that one is away.
        while not all(service.serving for service in client.system_status().services):
            time.sleep(0.1)  # nothing tells when a service is back
        yield client
