"""How many calls a tenant makes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TTLCache

from s2v_gateway.access.quotas import Quotas, quota_exceeded

_MINUTE = 60.0
_MOST_TENANTS = 100_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Rates:
    """A bucket of tokens for every tenant that calls: a minute's worth, filled evenly.

    One that nobody took from for a minute is full, and is forgotten.
    """

    def __init__(self, quotas: Quotas, now: Callable[[], float] = time.monotonic) -> None:
        self._quotas = quotas
        self._now = now
        self._buckets: TTLCache[str, _Bucket] = TTLCache(_MOST_TENANTS, _MINUTE, timer=now)

    def take(self, tenant: str) -> None:
        """Take a token for a call.

        Raises:
            Exhausted: QUOTA_EXCEEDED, there is none.
        """
        limit = self._quotas.of(tenant).calls_per_minute
        if not limit:
            return
        now = self._now()
        bucket = self._buckets.get(tenant) or _Bucket(limit, now)
        fresh = (now - bucket.filled_at) * limit / _MINUTE
        bucket.tokens, bucket.filled_at = min(bucket.tokens + fresh, limit), now
        self._buckets[tenant] = bucket
        if bucket.tokens < 1:
            wait_seconds = (1 - bucket.tokens) * _MINUTE / limit
            raise quota_exceeded(
                tenant,
                "calls_per_minute",
                limit,
                f"{limit} calls a minute are allowed here; try again in {wait_seconds:.1f} s",
                retry_after_seconds=wait_seconds,
            )
        bucket.tokens -= 1
