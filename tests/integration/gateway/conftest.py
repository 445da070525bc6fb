"""Gateways for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway_world import Start, gateways


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with gateways(tmp_path) as starting:
        yield starting
