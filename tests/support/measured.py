"""What the product counts of itself, for tests that ask how often something happened."""

from prometheus_client import REGISTRY


def stalls(callee: str) -> float:
    """Return how many calls of a service were made again as they gave no sign of life."""
    return REGISTRY.get_sample_value("s2v_stalls_total", {"callee": callee}) or 0.0
