"""An artifact store in memory, for tests."""

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from s2v.core.artifact import Artifact
from s2v.core.errors import NotFound, Reason


class InMemoryStore:
    """An `ArtifactStore` that keeps its blobs in a dictionary."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        """Store bytes and return their name."""
        blob = data.read_bytes() if isinstance(data, Path) else b"".join(data)
        sha256 = hashlib.sha256(blob).hexdigest()
        self.blobs[sha256] = blob
        return Artifact(sha256, len(blob), media_type)

    def open(self, artifact: Artifact) -> BinaryIO:
        """Open for reading."""
        return io.BytesIO(self._blob(artifact))

    def stat(self, sha256: str) -> int | None:
        """Return the size in bytes, or None."""
        blob = self.blobs.get(sha256)
        return None if blob is None else len(blob)

    @contextmanager
    def local(self, artifact: Artifact) -> Iterator[Path]:
        """Give a temporary file with the bytes."""
        blob = self._blob(artifact)
        with tempfile.TemporaryDirectory(prefix="s2v-artifact-") as folder:
            path = Path(folder) / artifact.sha256
            path.write_bytes(blob)
            yield path

    def _blob(self, artifact: Artifact) -> bytes:
        try:
            return self.blobs[artifact.sha256]
        except KeyError as error:
            raise NotFound(
                Reason.ARTIFACT_NOT_FOUND, f"there is no artifact {artifact.sha256}"
            ) from error
