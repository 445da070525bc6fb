"""Keep what has arrived of an upload in a file, whose length is what is committed."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2v.core.errors import Aborted, Reason
from s2v.store.space import full_disk_named


class PartialFile:
    """A file that the holder of its lease alone may change."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def size_bytes(self) -> int:
        """How many bytes are there."""
        return os.fstat(self._descriptor).st_size

    def append(self, data: bytes) -> None:
        """Append all of the data, or nothing when it fails.

        Raises:
            Exhausted: the disk is full (STORAGE_FULL).
        """
        start = end = self.size_bytes
        rest = memoryview(data)
        try:
            with full_disk_named("the folder of uploads"):
                while rest:
                    written = os.pwrite(self._descriptor, rest, end)
                    end += written
                    rest = rest[written:]
        except BaseException:
            os.ftruncate(self._descriptor, start)
            raise

    def sha256(self) -> str:
        """Return the digest of all bytes in lower-case hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def clear(self) -> None:
        """Drop every byte."""
        os.ftruncate(self._descriptor, 0)


class PartialFiles:
    """A folder of such files, one an id.

    Bytes are not synced to the disk while they arrive: the length survives the death of the
    process, and after a loss of power the client finds out from it how much is left to send; the
    digest at the end catches everything else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def free_bytes(self) -> int:
        """How many bytes the disk has left."""
        return shutil.disk_usage(self.folder).free

    def size_bytes(self, file_id: str) -> int:
        """Return how many bytes are there, 0 if there is no file."""
        try:
            return self._path(file_id).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def lease(self, file_id: str) -> Iterator[PartialFile]:
        """Open a file, new or not, for one holder at a time, in this process or another.

        The lease ends with the context or the process. A file that is empty then is removed.

        Raises:
            Aborted: somebody else holds the lease (CONCURRENT_WRITER).
        """
        path = self._path(file_id)
        descriptor = _open_locked(path)
        file = PartialFile(path, descriptor)
        try:
            yield file
        finally:
            if file.size_bytes == 0:
                path.unlink(missing_ok=True)
            os.close(descriptor)

    def older_than(self, timestamp: float) -> list[str]:
        """Return the ids of files that were last written before a POSIX time."""
        with os.scandir(self.folder) as entries:
            return [entry.name for entry in entries if entry.stat().st_mtime < timestamp]

    def _path(self, file_id: str) -> Path:
        return self.folder / file_id


def _open_locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise Aborted(
                Reason.CONCURRENT_WRITER,
                "another call is writing this upload; wait for it to end, ask GetUpload how much "
                "is committed, and go on from there",
                field="name",
            ) from error
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # its last holder removed it in between
