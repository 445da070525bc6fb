"""Who is asking: found out once a call, by the first interceptor, and passed down from there."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from s2v.rpc.interceptor import Context


class Role(StrEnum):
    """What a caller may do beyond what everybody may do with what is theirs."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call. What a tenant's callers make belongs to the tenant.

    Attributes:
        tenant: who owns what the call makes, and sees what the tenant owns.
        subject: who within the tenant it is; request ids are each subject's own.
        roles: what they may do.
    """

    tenant: str
    subject: str
    roles: frozenset[Role] = frozenset({Role.USER})


LOCAL = Caller("local", "local", frozenset({Role.USER, Role.ADMIN}))
"""Everybody, where no keys are configured."""

_CALLER: ContextVar[Caller] = ContextVar("caller")


def admit_local(context: Context) -> None:
    """Let everybody in, as the one caller that there is without keys."""
    admit(LOCAL)


def admit(caller: Caller) -> None:
    """Make this the caller of the call that is being handled."""
    _CALLER.set(caller)


def caller() -> Caller:
    """Return the caller of the call that is being handled.

    Raises:
        LookupError: no call was admitted here.
    """
    return _CALLER.get()
