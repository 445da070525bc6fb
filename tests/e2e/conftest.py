"""Four real services, started once for all end-to-end tests."""

import importlib.util
from collections.abc import Iterator

import pytest

from installations import Installation, installed
from s2v.client import Client


@pytest.fixture(scope="session")
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
        "S2V_GATEWAY_MEASURE_FILMS": "false",
    }
    with installed(tmp_path_factory.mktemp("impatient"), **settings) as installation:
        yield installation


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        yield client
