"""Open the files that locks lie on, and nothing that somebody else put in their place."""

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_lock(path: Path) -> int:
    """Open a file of ours that nobody else may read, new or not; return its descriptor.

    Raises:
        OSError: it cannot be opened, or is a link, a pipe or another user's.
    """
    descriptor = os.open(path, _FLAGS, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError(None, "it is no file of ours", str(path))
    return descriptor
