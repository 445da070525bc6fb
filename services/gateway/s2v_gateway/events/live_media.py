"""Media that is streamed while it is made, on disk so that slow viewers cost no memory."""

from pathlib import Path

from s2v.store.space import full_disk_named


class Spool:
    """One growing file a job: fragmented MP4 as the compositor makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, job_id: str, offset: int, data: bytes) -> None:
        """Put bytes at an offset; a composition that begins anew writes the same bytes again.

        Raises:
            Exhausted: STORAGE_FULL.
        """
        path = self._path(job_id)
        mode = "r+b" if path.exists() else "x+b"
        with full_disk_named(f"the folder of live media, {self._folder},"), path.open(mode) as file:
            file.seek(offset)
            file.write(data)

    def read(self, job_id: str, offset: int, limit_bytes: int) -> bytes:
        """Read bytes from an offset; empty where there are none (yet)."""
        path = self._path(job_id)
        if not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(limit_bytes)

    def remove(self, job_id: str) -> None:
        """Forget a job's media."""
        self._path(job_id).unlink(missing_ok=True)

    def keep_only(self, job_ids: set[str]) -> None:
        """Forget the media of all other jobs."""
        for path in self._folder.glob("*.mp4"):
            if path.stem not in job_ids:
                path.unlink()

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.mp4"
