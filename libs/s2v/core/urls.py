"""Addresses of servers as operators write them."""

import re
from urllib.parse import urlsplit

_USER = re.compile(r"://\S*@")
_QUERY = re.compile(r"(://[^\s?]*)\?\S*")
_SERVER = re.compile(r"https?://[^/?#@\s]+(/[^?#@\s]*)?")


def server_url(url: str) -> str:
    """Return the URL of a server without a slash at its end.

    Raises:
        ValueError: it is none, or has a user, a query or a fragment.
    """
    if not url.isprintable() or not _SERVER.fullmatch(url) or not _can_be_reached(url):
        raise ValueError("use http://HOST:PORT or https://HOST, without a key, a query or a user")
    return url.rstrip("/")


def untold(text: str) -> str:
    """Return a text with *** for users, passwords and queries in URLs: they may be secret."""
    return _QUERY.sub(r"\1?***", _USER.sub("://***@", text))


def _can_be_reached(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.port != 0 and bool(host if host.isascii() else host.encode("idna"))
    except ValueError:
        return False
