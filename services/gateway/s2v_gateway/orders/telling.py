"""Where the end of a job may be told."""

from urllib.parse import urlsplit

from s2v.core.errors import InvalidInput, Reason

_MAX_CHARACTERS = 2000


def check_webhook(url: str, *, able: bool) -> None:
    """Check a URL as far as that goes without asking for it; empty is nowhere.

    Args:
        url: where the end of a job is to be told.
        able: whether this server can sign.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    problem = _problem(url, able=able) if url else ""
    if problem:
        raise InvalidInput(Reason.FIELD_INVALID, f"webhook_url {problem}", field="spec.webhook_url")


def _problem(url: str, *, able: bool) -> str:
    if not able:
        return "cannot be told: this server has no S2V_GATEWAY_WEBHOOK_SECRET to sign with"
    if len(url) > _MAX_CHARACTERS:
        return f"has {len(url)} characters, at most {_MAX_CHARACTERS} are allowed"
    if not (url.isascii() and url.isprintable()) or " " in url:
        return "must be printable ASCII without blanks; escape the rest"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - read for its error
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must begin with https:// or http:// and a host"
    if parts.username is not None:
        return "must have no user name; the message is signed"
    return ""
