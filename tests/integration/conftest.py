"""What several integration tests share."""

import asyncio
from collections.abc import Iterator

import pytest

from s2v_render.cluster import RayCluster


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """A local Ray for workers of two threads in all; it takes seconds to start."""
    cluster = RayCluster(2)
    asyncio.run(cluster.start())
    yield cluster
    asyncio.run(cluster.stop())
