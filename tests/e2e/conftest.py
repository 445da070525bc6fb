"""Four real services, started once for all end-to-end tests."""

import importlib.util
import time
from collections.abc import Iterator

import pytest

from installations import Installation, installed
from s2v.client import Client


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


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        # An earlier test may have killed some: films would be made with a notice that one is away.
        while not all(service.serving for service in client.system_status().services):
            time.sleep(0.1)  # nothing tells when a service is back
        yield client
