"""Gateways with HTTP for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from web_world import StartWeb, Web, webs


@pytest.fixture
async def start_web(tmp_path: Path) -> AsyncIterator[StartWeb]:
    async with webs(tmp_path) as starting:
        yield starting


@pytest.fixture
async def web(start_web: StartWeb) -> Web:
    return await start_web()
