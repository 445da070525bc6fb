"""What callers show: API keys and tokens, and where in a call they are."""

import hashlib
import re
import secrets
from collections.abc import Iterable

from s2v.core.errors import Reason, Unauthenticated

_PREFIX = "s2v_"
_SECRET_BYTES = 32
_KEY = re.compile(r"s2v_[A-Za-z0-9_-]{43}")
_HEADERS = ("authorization", "x-api-key")


def new_key() -> str:
    """Make up an API key: 256 random bits behind a prefix by which leaked keys are found."""
    return f"{_PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"


def digest_of(key: str) -> str:
    """Return what is kept of a key, its SHA-256.

    A slow hash with salt makes it dear to try out the words that people choose. There are no words
    here: 256 random bits cannot be tried out, however fast, and no two keys are alike.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def is_key(credentials: str) -> bool:
    """Tell whether credentials have the form of our keys."""
    return _KEY.fullmatch(credentials) is not None


def shown(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Return the key or token in a call's metadata; "" if there is none.

    Raises:
        Unauthenticated: CREDENTIALS_INVALID, it is not clear what is shown.
    """
    found = [(name, value) for name, value in metadata if name in _HEADERS]
    if not found:
        return ""
    if len(found) > 1:
        raise refused("credentials came more than once; send one of authorization and x-api-key")
    name, value = found[0]
    if name == "x-api-key":
        return str(value).strip()
    scheme, _, credentials = str(value).strip().partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise refused("the authorization has another form; send `authorization: Bearer KEY`")
    return credentials.strip()


def missing() -> Unauthenticated:
    """Return the error of a call without credentials."""
    return Unauthenticated(
        Reason.CREDENTIALS_MISSING,
        "this server asks who calls; send `authorization: Bearer KEY` with a key of `s2v keys "
        "create` or a token (the command line: S2V_API_KEY)",
    )


def refused(why: str) -> Unauthenticated:
    """Return the error of a call whose credentials do not count."""
    return Unauthenticated(Reason.CREDENTIALS_INVALID, why)


def key_refused() -> Unauthenticated:
    """Return the error for every key that does not count; it tells nobody which keys there are."""
    return refused("the API key does not count here: it is unknown, was revoked or has expired")
