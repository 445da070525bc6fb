"""Names of weights by their beginnings: tables of pairs, and what a name becomes by one."""

from __future__ import annotations

Pairs = tuple[tuple[str, str], ...]


def renamed(key: str, pairs: Pairs) -> str:
    """Return a name with its beginning replaced by the first pair, (old, new), that knows it."""
    for old, new in pairs:
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key
