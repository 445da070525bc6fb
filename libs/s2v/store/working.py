"""Folders for what processes work on, which do not outlive them for long."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from s2v.store.locking import open_lock

_LOCK = "lock"


def _made(prefix: str, base: Path) -> tuple[Path, int]:
    """Make a folder and lock it; again where another process took it for one of the dead's."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            lock = open_lock(path / _LOCK)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_nlink:
                    return path, lock
            except BlockingIOError:
                pass
            os.close(lock)


def _rmtree(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class WorkFolder:
    """A folder that only this user can enter, locked until the process ends.

    Making one removes those of the same prefix beside it whose process has died. What is no folder
    of ours is left alone.

    Args:
        prefix: of its name.
        base: where it is made; None is the folder for temporary files.
        removing: removes such a folder with all that is in it.

    Attributes:
        path: where it is.
    """

    def __init__(
        self,
        prefix: str,
        base: Path | None = None,
        *,
        removing: Callable[[Path], None] = _rmtree,
    ) -> None:
        base = base or Path(tempfile.gettempdir())
        self._removing = removing
        for old in base.glob(f"{prefix}*"):
            self._remove_if_dead(old)
        self.path, self._lock = _made(prefix, base)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._removing(self.path)
        os.close(self._lock)

    def _remove_if_dead(self, folder: Path) -> None:
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                return
            lock = open_lock(folder / _LOCK)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._removing(folder)
            finally:
                os.close(lock)
