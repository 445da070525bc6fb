"""Four real services, started once for all end-to-end tests."""

import importlib.util
import os
from collections.abc import Iterator

import pytest

from installations import Installation, installed
from s2v.client import Client


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    # A short grace: a job of some seconds shall still be at work when the gateway has gone.
    environment = {**os.environ, "S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5"}
    if importlib.util.find_spec("torch"):
        environment["S2V_RENDER_WAN_CHECKPOINT"] = "tests/data/wan_tiny"
    with installed(tmp_path_factory.mktemp("home"), environment) as installation:
        yield installation


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        yield client
