"""What the other services say, without what is none of a client's business.

Their errors name files and addresses for the operator, who finds them in the log.
"""

import re

import structlog

from s2v.core.errors import Reason, S2VError, Unauthenticated, Unavailable

_ADDRESS = re.compile(r"\b(?:ipv4|ipv6|unix|file|dns):\S+")
_PATH = re.compile(r"(?<![\w./])/(?:[^\s/:;,'\"()]+/)+([^\s/:;,'\"()]*)")

_RETRY_SECONDS = 1.0

_log = structlog.get_logger()


def discreet(service: str, error: S2VError) -> S2VError:
    """Return the error as a client may see it: files by their last name, no addresses."""
    if isinstance(error, Unauthenticated):  # it is us whom the service does not know
        _log.error("a service does not know this gateway", callee=service, message=error.message)
        return Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            f"the {service} service is not set up to work for this gateway",
            retry_after_seconds=_RETRY_SECONDS,
        )
    message = without_places(error.message)
    if isinstance(error, Unavailable) and message != error.message:
        message = f"the {service} service does not answer; try again in a moment"
    if message == error.message:
        return error
    _log.warning("error of a service", callee=service, message=error.message)
    return type(error)(
        error.reason,
        message,
        field=error.field,
        metadata=error.metadata,
        retry_after_seconds=error.retry_after_seconds,
    )


def without_places(text: str) -> str:
    """Return a text without addresses, and with the last names of files in place of their paths."""
    return _PATH.sub(_last_name, _ADDRESS.sub("its address", text))


def _last_name(path: re.Match[str]) -> str:
    name = path[1]
    return name if name.strip(".") else f"of that name{name}"
