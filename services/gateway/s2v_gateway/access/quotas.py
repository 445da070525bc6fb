"""How much each tenant may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from s2v.core.errors import Exhausted, Reason
from s2v_gateway.settings import Quota


@dataclass(frozen=True, slots=True)
class Quotas:
    """What tenants may have: the usual, and what differs from it for some."""

    usual: Quota = field(default_factory=Quota)
    others: Mapping[str, Quota] = field(default_factory=dict)

    def of(self, tenant: str) -> Quota:
        """Return what a tenant may have."""
        other = self.others.get(tenant)
        if other is None:
            return self.usual
        return self.usual.model_copy(update=other.model_dump(exclude_unset=True))


def quota_exceeded(
    tenant: str, quota: str, limit: float, what: str, *, retry_after_seconds: float | None = None
) -> Exhausted:
    """Return the error of a tenant that has used up one of its quotas.

    `what` says what there is of it and what can be done.
    """
    return Exhausted(
        Reason.QUOTA_EXCEEDED,
        what,
        metadata={"quota": quota, "limit": f"{limit:.12g}", "tenant": tenant},
        retry_after_seconds=retry_after_seconds,
    )
