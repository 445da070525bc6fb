"""Keep immutable bytes under their SHA-256, in a directory or behind any fsspec URL."""

import fcntl
import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from s2v.core.artifact import Artifact, is_sha256
from s2v.core.errors import NotFound, Reason
from s2v.store.locking import open_lock
from s2v.store.space import full_disk_named

_PIECE_BYTES = 1 << 20
_UNFINISHED = "unfinished"
_BATCH = 500


class FsspecStore:
    """An `ArtifactStore` in a directory, or behind an fsspec URL such as "s3://bucket/prefix".

    Below the root, `sha256/ab/abcdef...` holds a blob, `unfinished/` what is being written. A blob
    gets its name only when it is whole, so a reader finds all of it or nothing. In a directory,
    the file and then its folder are synced to the disk before `put` returns: what has a name
    survives the loss of power. Object stores promise that by themselves.
    """

    def __init__(self, url: str) -> None:
        self._files, root = url_to_fs(url, use_listings_cache=False)
        self._root = str(root).rstrip("/")
        self._is_directory = isinstance(self._files, LocalFileSystem)

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        """Store bytes and return their name; nothing is left behind when it fails.

        Bytes that are there already are not stored twice, but count as new to `sweep`.

        Raises:
            Exhausted: the disk is full (STORAGE_FULL).
        """
        temporary = f"{self._root}/{_UNFINISHED}/{uuid.uuid4().hex}"
        try:
            with full_disk_named("the artifact store"):
                sha256, size_bytes = self._write(temporary, data)
                self._publish(temporary, sha256)
        except BaseException:
            with suppress(OSError):
                self._files.rm_file(temporary)
            raise
        return Artifact(sha256, size_bytes, media_type)

    def open(self, artifact: Artifact) -> BinaryIO:
        """Open for reading; seekable.

        Raises:
            NotFound: no such artifact (ARTIFACT_NOT_FOUND).
        """
        try:
            return cast(BinaryIO, self._files.open(self._path(artifact.sha256), "rb"))
        except FileNotFoundError as error:
            raise _missing(artifact) from error

    def stat(self, sha256: str) -> int | None:
        """Return the size in bytes, or None if there is no such artifact."""
        if not is_sha256(sha256):
            return None
        try:
            return int(self._files.info(self._path(sha256))["size"])
        except FileNotFoundError:
            return None

    @contextmanager
    def local(self, artifact: Artifact) -> Iterator[Path]:
        """Give a file with the artifact's bytes: the blob itself, or a copy for the time being.

        Raises:
            NotFound: no such artifact (ARTIFACT_NOT_FOUND).
            Exhausted: the disk for temporary files is full (STORAGE_FULL).
        """
        if self._is_directory:
            if self.stat(artifact.sha256) is None:
                raise _missing(artifact)
            yield Path(self._path(artifact.sha256))
            return
        with tempfile.TemporaryDirectory(prefix="s2v-artifact-") as folder:
            copy = Path(folder) / artifact.sha256
            try:
                with full_disk_named("the folder for temporary files"):
                    self._files.get_file(self._path(artifact.sha256), str(copy))
            except FileNotFoundError as error:
                raise _missing(artifact) from error
            yield copy

    def confirm(self, sha256: str) -> bool:
        """Tell whether an artifact is there and, if its need is recorded, stays.

        Whoever records a need and then finds the artifact has it for good; who does not find it
        must put it again.
        """
        with self._lock(fcntl.LOCK_SH):
            return self.stat(sha256) is not None

    def remove(self, sha256: str, *, unless: Callable[[], bool]) -> bool:
        """Remove an artifact unless it is needed; tell whether it went."""
        if not is_sha256(sha256):
            return False
        with suppress(FileNotFoundError):
            if not self._is_directory:
                return self._remove_in_two_steps(sha256, unless)
            with self._lock(fcntl.LOCK_EX):
                if not unless():
                    self._files.rm_file(self._path(sha256))
                    return True
        return False

    def _remove_in_two_steps(self, sha256: str, unless: Callable[[], bool]) -> bool:
        """Where nothing can be locked: take the name away, then ask, and give it back if need be.

        A process that dies in between leaves the bytes under `unfinished`; `sweep` asks again.
        """
        if unless():
            return False
        aside = f"{self._root}/{_UNFINISHED}/{sha256}"
        self._make_folder(f"{self._root}/{_UNFINISHED}")
        self._files.mv(self._path(sha256), aside)
        if unless():
            self._publish(aside, sha256)
            return False
        self._files.rm_file(aside)
        return True

    def sweep(self, needed: Callable[[set[str]], set[str]], *, older_than_seconds: float) -> int:
        """Remove old artifacts that nobody needs, and what broken writes left.

        Age counts from the last `put`. It must exceed the time that a caller takes from a put to
        the record of the need. `needed` is asked about a few hundred digests at a time.

        Returns:
            How many files were removed.
        """
        oldest = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        removed = 0
        for paths in self._batches():
            needed_now = needed({_digest_in(path) for path in paths})
            unneeded = [path for path in paths if _digest_in(path) not in needed_now]
            removed += sum(self._remove_older(path, oldest) for path in unneeded)
            for path in set(paths).difference(unneeded):
                if path.startswith(f"{self._root}/{_UNFINISHED}/"):
                    self._publish(path, _digest_in(path))
        return removed

    def _batches(self) -> Iterator[list[str]]:
        """Yield the paths of all files, folder by folder of at most a 256th of the digests."""
        with suppress(FileNotFoundError):
            yield self._files.find(f"{self._root}/{_UNFINISHED}")
        with suppress(FileNotFoundError):
            for folder in self._files.ls(f"{self._root}/sha256", detail=False):
                paths = self._files.find(folder)
                for first in range(0, len(paths), _BATCH):
                    yield paths[first : first + _BATCH]

    def _path(self, sha256: str) -> str:
        return f"{self._root}/sha256/{sha256[:2]}/{sha256}"

    def _write(self, path: str, data: Path | Iterable[bytes]) -> tuple[str, int]:
        self._make_folder(f"{self._root}/{_UNFINISHED}")
        digest = hashlib.sha256()
        size_bytes = 0
        with self._files.open(path, "wb") as file:
            for piece in _pieces(data):
                digest.update(piece)
                file.write(piece)
                size_bytes += len(piece)
            if self._is_directory:
                file.flush()
                os.fsync(file.fileno())
        return digest.hexdigest(), size_bytes

    def _publish(self, temporary: str, sha256: str) -> None:
        """Rename; a directory's blob that is there already gets a fresh date instead."""
        target = self._path(sha256)
        folder = target.rpartition("/")[0]
        self._make_folder(folder)
        with self._lock(fcntl.LOCK_SH):
            if self._is_directory and os.path.exists(target):
                os.utime(target)
                os.unlink(temporary)
            else:
                self._files.mv(temporary, target)
        if self._is_directory:
            _sync_folder(folder)

    def _make_folder(self, folder: str) -> None:
        """Make a folder that survives the loss of power, as far as a directory is concerned."""
        if not self._is_directory:
            self._files.makedirs(folder, exist_ok=True)
            return
        missing = [path for path in (Path(folder), *Path(folder).parents) if not path.exists()]
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path in missing:
            _sync_folder(path.parent)

    def _remove_older(self, path: str, oldest: datetime) -> bool:
        with self._lock(fcntl.LOCK_EX), suppress(FileNotFoundError):
            if self._files.modified(path) < oldest:
                self._files.rm_file(path)
                return True
        return False

    @contextmanager
    def _lock(self, mode: int) -> Iterator[None]:
        """Keep a blob from being removed in the moment in which a put finds it there already.

        Between processes and threads, but in a directory only: elsewhere the age alone protects.
        """
        if not self._is_directory:
            yield
            return
        with os.fdopen(open_lock(Path(self._root) / ".lock"), "rb") as file:
            fcntl.flock(file, mode)
            yield


def _digest_in(path: str) -> str:
    return path.rpartition("/")[2]


def _pieces(data: Path | Iterable[bytes]) -> Iterator[bytes]:
    if not isinstance(data, Path):
        yield from data
        return
    with data.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _sync_folder(folder: str | Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(artifact: Artifact) -> NotFound:
    return NotFound(
        Reason.ARTIFACT_NOT_FOUND,
        f"there is no artifact {artifact.sha256}; make or upload it again",
    )
