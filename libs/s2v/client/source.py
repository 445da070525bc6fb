"""Bytes to send: a file or something in memory, read in chunks as often as needed."""

import hashlib
import io
from collections.abc import Generator
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.media.sniffing import HEAD_BYTES, media_type_of

CHUNK_BYTES = 256 * 1024

Media = Path | str | bytes
"""A file by its path, or its bytes."""


class Source:
    """Bytes of a known length and media type.

    Raises:
        InvalidInput: FIELD_INVALID, there are none.
        OSError: the file cannot be read.
    """

    def __init__(self, data: Media) -> None:
        self._data = Path(data) if isinstance(data, str) else data
        self.name = self._data.name if isinstance(self._data, Path) else ""
        self.size_bytes = (
            self._data.stat().st_size if isinstance(self._data, Path) else len(self._data)
        )
        if self.size_bytes == 0:
            raise InvalidInput(Reason.FIELD_INVALID, f"{self.name or 'what to send'} is empty")
        with self._open() as file:
            self.media_type = media_type_of(file.read(HEAD_BYTES), self.name)

    def sha256(self) -> str:
        """Return the lower-case hex SHA-256 of all bytes."""
        with self._open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def chunks(self, offset: int = 0) -> Generator[bytes]:
        """Yield the bytes from an offset on, CHUNK_BYTES at a time."""
        with self._open() as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _open(self) -> io.BufferedReader | io.BytesIO:
        return self._data.open("rb") if isinstance(self._data, Path) else io.BytesIO(self._data)
