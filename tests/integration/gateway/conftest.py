"""Gateways, databases and assets for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from asset_world import AssetWorld
from gateway_world import Start, gateways
from s2v_gateway.records.database import close_database


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with gateways(tmp_path) as starting:
        yield starting


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/new folder/gateway.db"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    world = AssetWorld(tmp_path, f"sqlite:///{tmp_path}/gateway.db")
    yield world
    close_database(world.engine)


@pytest.fixture
def any_world(database_url: str, tmp_path: Path) -> Iterator[AssetWorld]:
    world = AssetWorld(tmp_path, database_url)
    yield world
    close_database(world.engine)
