"""Bytes to send: a file or something in memory, read in chunks as often as needed."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from s2v.client.media_types import HEAD_BYTES, media_type_of

CHUNK_BYTES = 256 * 1024


class Source:
    """Bytes of a known length and media type.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, data: Path | bytes) -> None:
        self._data = data
        self.name = data.name if isinstance(data, Path) else ""
        self.size_bytes = data.stat().st_size if isinstance(data, Path) else len(data)
        with self._open() as file:
            self.media_type = media_type_of(file.read(HEAD_BYTES), self.name)

    def sha256(self) -> str:
        """Return the lower-case hex SHA-256 of all bytes."""
        with self._open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """Yield the bytes from an offset on, CHUNK_BYTES at a time."""
        with self._open() as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _open(self) -> io.BufferedReader | io.BytesIO:
        return self._data.open("rb") if isinstance(self._data, Path) else io.BytesIO(self._data)
