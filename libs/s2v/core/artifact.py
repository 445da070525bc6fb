"""Name immutable bytes by their digest."""

import re
from dataclasses import dataclass

_SHA256 = re.compile(r"[0-9a-f]{64}")

WAV = "audio/wav"
MP4 = "video/mp4"
JPEG = "image/jpeg"
HLS = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Artifact:
    """An immutable blob: the lower-case hex SHA-256 of its bytes, its size, its media type."""

    sha256: str
    size_bytes: int
    media_type: str

    def __post_init__(self) -> None:
        if not is_sha256(self.sha256):
            raise ValueError(f"not a lower-case hex SHA-256: {self.sha256!r}")
        if self.size_bytes < 0:
            raise ValueError(f"negative size: {self.size_bytes}")


def is_sha256(text: str) -> bool:
    """Tell whether the text is a SHA-256 digest in lower-case hex."""
    return _SHA256.fullmatch(text) is not None
