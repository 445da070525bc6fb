"""Who is asking: found out once a call, by the first interceptor, and passed down from there."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from s2v.core.errors import PermissionDenied, Reason


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
        key_id: of the API key that they showed; empty if it was none.
    """

    tenant: str
    subject: str
    roles: frozenset[Role] = frozenset({Role.USER})
    key_id: str = ""


LOCAL = Caller("local", "local", frozenset({Role.USER, Role.ADMIN}))
"""Everybody, where nobody is asked who they are."""

MAX_TENANT_CHARACTERS = 100
MAX_SUBJECT_CHARACTERS = 200

_CALLER: ContextVar[Caller] = ContextVar("caller")
_CALLED: ContextVar[str] = ContextVar("called", default="")


def admit(caller: Caller, method: str = "") -> None:
    """Make this the caller of the call that is being handled, of a method by its full name."""
    _CALLER.set(caller)
    _CALLED.set(method.rpartition("/")[2])


def caller() -> Caller:
    """Return the caller of the call that is being handled.

    Raises:
        LookupError: no call was admitted here.
    """
    return _CALLER.get()


def called() -> str:
    """Return the name of the method of the call that is being handled, such as "CreateJob"."""
    return _CALLED.get()


def require(who: Caller, role: Role) -> None:
    """Refuse a caller who has not got a role.

    Raises:
        PermissionDenied: ROLE_MISSING.
    """
    if role not in who.roles:
        raise PermissionDenied(
            Reason.ROLE_MISSING,
            f"this call is for callers with the role {role}, which your key or token does not have",
            metadata={"role": role.value},
        )


def is_name(text: str, max_characters: int) -> bool:
    """Tell whether a text can name a tenant or a subject: printable, without spaces around it."""
    return 0 < len(text) <= max_characters and text.isprintable() and text == text.strip()
