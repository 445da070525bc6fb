"""Films while they are made, on disk so that slow viewers cost no memory."""

import os
import time
from pathlib import Path

from s2v.core.errors import NotFound, OutOfRange, Reason
from s2v.core.job import JobState
from s2v.store.space import full_disk_named

CHUNK_BYTES = 256 * 1024
_MAX_BYTES = 1 << 40
"""Longer is no film, and no offset that every file system takes."""


class LiveMedia:
    """One growing file a job: fragmented MP4 as the compositor makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, job_id: str, offset: int, data: bytes) -> None:
        """Put bytes at an offset; a composition that begins anew writes the same bytes again.

        Raises:
            Exhausted: STORAGE_FULL.
        """
        descriptor = os.open(self._path(job_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with full_disk_named("the folder of live media"), open(descriptor, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def read(self, job_id: str, offset: int) -> bytes:
        """Read up to CHUNK_BYTES from an offset; empty where there are none (yet)."""
        try:
            with self._path(job_id).open("rb") as file:
                file.seek(offset)
                return file.read(CHUNK_BYTES)
        except FileNotFoundError:
            return b""

    def check_offset(self, job_id: str, offset: int, *, state: JobState) -> None:
        """Refuse an offset at which no media can ever come.

        Raises:
            OutOfRange: OFFSET_OUT_OF_RANGE.
            NotFound: MEDIA_NOT_FOUND, the job has its film for a while.
        """
        path = self._path(job_id)
        if state is JobState.SUCCEEDED and not path.exists():
            raise no_media("the job ended a while ago and its live media is gone; read the film")
        size_bytes = path.stat().st_size if path.exists() else 0
        if not 0 <= offset <= (size_bytes if state.terminal else _MAX_BYTES):
            raise OutOfRange(
                Reason.OFFSET_OUT_OF_RANGE,
                f"media_offset {offset} is not within 0 and {size_bytes}, where the media ends",
                field="media_offset",
            )

    def remove(self, job_id: str) -> None:
        """Forget a job's media."""
        self._path(job_id).unlink(missing_ok=True)

    def sweep(self, working: set[str], *, older_than_seconds: float) -> int:
        """Forget the media of jobs that are not at work and were written so long ago."""
        oldest = time.time() - older_than_seconds
        old = [
            path
            for path in self._folder.glob("*.mp4")
            if path.stem not in working and path.stat().st_mtime < oldest
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.mp4"


def no_media(why: str) -> NotFound:
    """Return the error for a job without live media."""
    return NotFound(Reason.MEDIA_NOT_FOUND, f"there is no live media: {why}", field="with_media")
