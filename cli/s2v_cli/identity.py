"""Who this process says it is to gateways."""

from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """How this process shows who it is to a gateway that is not its own.

    Attributes:
        api_key: what it shows; empty for nothing.
        ca: file of the authority whose gateways it trusts; with any file calls are encrypted.
        cert: file of its own certificate.
        key: file of the private key of it.
    """

    api_key: str = ""
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


_NOBODY = Identity()
_IDENTITY: ContextVar[Identity] = ContextVar("identity", default=_NOBODY)


def identify(identity: Identity) -> None:
    """Show this to gateways from now on."""
    _IDENTITY.set(identity)


def shown_identity() -> Identity:
    """Return what is shown to gateways now."""
    return _IDENTITY.get()
