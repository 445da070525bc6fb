"""The rules of uploads: what may be declared, how chunks are appended, what is refused."""

from pathlib import Path
from typing import Protocol

import google_crc32c

from s2v.core.artifact import is_sha256
from s2v.core.errors import Exhausted, InvalidInput, OutOfRange, Reason
from s2v.media.probe import MediaInfo
from s2v_gateway.assets.partial_files import PartialFile
from s2v_gateway.records.tables import MAX_REQUEST_ID_CHARACTERS
from s2v_gateway.records.uploads import Declaration

MAX_CHUNK_BYTES = 1 << 20

MEDIA_TYPES = frozenset(
    f"{kind}/{name}"
    for kind, names in {
        "image": "avif bmp gif heic heif jpeg jpg png tiff webp x-ms-bmp",
        "audio": "aac aiff flac m4a mp3 mp4 mpeg ogg opus vnd.wave wav wave webm "
        "x-aac x-aiff x-flac x-m4a x-wav",
        "video": "mp4 quicktime webm x-m4v",
    }.items()
    for name in names.split()
)
"""What an upload may be declared as; what it really is, its bytes tell."""


class Prober(Protocol):
    """Finds out what a file is; `s2v.media.confined.reading.Reader.probe` is one."""

    def __call__(self, path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
        """Tell what a file holds; `media_type` is what it came as, if that is known.

        Raises:
            InvalidInput: the file is no media that can be used; `field` is to blame.
        """


class Writer:
    """The one writer of an upload."""

    def __init__(self, file: PartialFile, total_bytes: int) -> None:
        self._file = file
        self._total_bytes = total_bytes

    def append(self, offset: int, data: bytes, crc32c: int | None) -> int:
        """Append a chunk of at most MAX_CHUNK_BYTES, or nothing of it when it fails.

        Returns:
            How many bytes are committed now.

        Raises:
            OutOfRange: the chunk does not begin where the upload ends (UPLOAD_OFFSET_MISMATCH,
                metadata `committed_bytes`).
            InvalidInput: the chunk is too long (FIELD_INVALID), or its CRC32C, if it is given, is
                not that of the data (CHUNK_CORRUPT).
            Exhausted: the chunk goes beyond the upload's total (UPLOAD_TOO_LARGE), or the disk is
                full (STORAGE_FULL).
        """
        committed_bytes = self._file.size_bytes
        if offset != committed_bytes:
            raise offset_mismatch(offset, committed_bytes)
        if len(data) > MAX_CHUNK_BYTES:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"a chunk of {len(data)} bytes; send at most {MAX_CHUNK_BYTES} at a time",
                field="data",
            )
        if committed_bytes + len(data) > self._total_bytes:
            raise Exhausted(
                Reason.UPLOAD_TOO_LARGE,
                f"the upload was declared as {self._total_bytes} bytes and this chunk would end "
                f"at {committed_bytes + len(data)}; create an upload with the right total_bytes",
                field="data",
                metadata={
                    "committed_bytes": str(committed_bytes),
                    "limit_bytes": str(self._total_bytes),
                },
            )
        actual = google_crc32c.value(data)
        if crc32c is not None and actual != crc32c:
            raise InvalidInput(
                Reason.CHUNK_CORRUPT,
                f"the chunk at {offset} has CRC32C {actual:#010x} and should have "
                f"{crc32c:#010x}; send it again",
                field="crc32c",
                metadata={"committed_bytes": str(committed_bytes)},
            )
        self._file.append(data)
        return committed_bytes + len(data)


def checked_declaration(
    media_type: str, total_bytes: int, sha256: str, *, max_bytes: int
) -> Declaration:
    """Check what a client declares.

    Raises:
        InvalidInput: MEDIA_TYPE_UNSUPPORTED, or FIELD_INVALID with the field to blame.
        Exhausted: more bytes than `max_bytes` (UPLOAD_TOO_LARGE).
    """
    plain = media_type.partition(";")[0].strip().lower()
    if plain not in MEDIA_TYPES:
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"media type {media_type!r} cannot be used; "
            f"use one of {', '.join(sorted(MEDIA_TYPES))}",
            field="media_type",
        )
    if total_bytes < 1:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"total_bytes is {total_bytes}; give the file's length in bytes, at least 1",
            field="total_bytes",
        )
    if total_bytes > max_bytes:
        raise too_large(total_bytes, max_bytes, field="total_bytes")
    return Declaration(plain, total_bytes, checked_digest(sha256))


def checked_digest(sha256: str) -> str:
    """Return a digest in lower case; an empty one stays empty.

    Raises:
        InvalidInput: it is not 64 hex digits (FIELD_INVALID).
    """
    digest = sha256.lower()
    if digest and not is_sha256(digest):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"sha256 is {sha256!r}; give 64 hexadecimal digits",
            field="sha256",
        )
    return digest


def checked_request_id(request_id: str) -> str:
    """Return a request id that a database can keep.

    Raises:
        InvalidInput: it is too long or has characters that do not print (FIELD_INVALID).
    """
    if len(request_id) > MAX_REQUEST_ID_CHARACTERS or not request_id.isprintable():
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"request_id {request_id[:40]!r} has {len(request_id)} characters; "
            f"use a UUID, or at most {MAX_REQUEST_ID_CHARACTERS} printable characters",
            field="request_id",
        )
    return request_id


def check_digest(actual: str, *expected: str) -> None:
    """Compare a digest with those that were given; empty ones were not.

    Raises:
        InvalidInput: none was given (FIELD_INVALID) or one differs (DIGEST_MISMATCH).
    """
    given = [digest for digest in expected if digest]
    if not given:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "sha256 is empty here and was in CreateUpload; give the SHA-256 of the whole file",
            field="sha256",
        )
    for digest in given:
        if digest != actual:
            raise InvalidInput(
                Reason.DIGEST_MISMATCH,
                f"the bytes that arrived have SHA-256 {actual}, not {digest}; send them again "
                "from offset 0",
                field="sha256",
            )


def offset_mismatch(offset: int, committed_bytes: int) -> OutOfRange:
    """Return the error for a chunk that does not begin where the upload ends."""
    return OutOfRange(
        Reason.UPLOAD_OFFSET_MISMATCH,
        f"the chunk begins at {offset} and the upload ends at {committed_bytes}; "
        f"go on from {committed_bytes}",
        field="offset",
        metadata={"committed_bytes": str(committed_bytes)},
    )


def too_large(size_bytes: int, max_bytes: int, *, field: str) -> Exhausted:
    """Return the error for a file beyond the server's limit."""
    return Exhausted(
        Reason.UPLOAD_TOO_LARGE,
        f"{size_bytes} bytes are more than the {max_bytes} that this server takes; "
        "send a smaller file",
        field=field,
        metadata={"limit_bytes": str(max_bytes)},
    )
