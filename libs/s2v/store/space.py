"""Tell a full or read-only disk from every other fault."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from s2v.core.errors import Exhausted, Reason

_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def full_disk_named(place: str) -> Iterator[None]:
    """Name the place that takes no more, such as "the artifact store", and the remedy.

    Raises:
        Exhausted: what runs inside failed for want of space, quota or the right to write
            (STORAGE_FULL).
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise storage_full(place, error.strerror or "no space left") from error
        if error.errno in _READ_ONLY:
            raise _read_only(place, error.strerror or "read-only") from error
        raise


def storage_full(place: str, why: str) -> Exhausted:
    """Return the error for a place that has no room."""
    return Exhausted(
        Reason.STORAGE_FULL,
        f"{place} is full ({why}); free space there or configure a larger one, then try again",
    )


def _read_only(place: str, why: str) -> Exhausted:
    return Exhausted(
        Reason.STORAGE_FULL,
        f"{place} cannot be written to ({why}); let the service write there, then try again",
    )
