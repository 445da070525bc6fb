"""Tell a full disk from every other fault."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from s2v.core.errors import Exhausted, Reason

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_named(place: str) -> Iterator[None]:
    """Name the place that is full, such as "the artifact store", and the remedy.

    Raises:
        Exhausted: what runs inside failed for want of space or quota (STORAGE_FULL).
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise storage_full(place, error.strerror or "no space left") from error


def storage_full(place: str, why: str) -> Exhausted:
    """Return the error for a place that has no room."""
    return Exhausted(
        Reason.STORAGE_FULL,
        f"{place} is full ({why}); free space there or configure a larger one, then try again",
    )
