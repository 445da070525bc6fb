"""Take media from clients in pieces, check it, and make assets of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from ulid import ULID

from s2v.core.errors import Aborted, InvalidInput, NotReady, Reason, Unavailable
from s2v.core.ports import ArtifactStore
from s2v.store.space import storage_full
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Asset, Library
from s2v_gateway.assets.partial_files import PartialFile, PartialFiles
from s2v_gateway.assets.upload_rules import (
    Prober,
    Writer,
    check_digest,
    checked_declaration,
    checked_digest,
    checked_request_id,
    offset_mismatch,
    too_large,
)
from s2v_gateway.records.uploads import UPLOAD_LIFETIME, Row, UploadRecords
from s2v_gateway.records.usage import UNLIMITED, Usage

_PUTS = 3


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "OPEN"
    CHECKING = "CHECKING"
    FINISHED = "FINISHED"


@dataclass(frozen=True, slots=True)
class Upload:
    """An asset on its way; `committed_bytes` survive the death of the gateway."""

    name: str
    media_type: str
    total_bytes: int
    sha256: str
    committed_bytes: int
    expire_time: datetime
    state: UploadState


class Intake:
    """Bytes of unknown length that become an asset when they are all there."""

    def __init__(
        self, file: PartialFile, adopt: Callable[[Path], Asset], *, max_bytes: int, field: str
    ) -> None:
        self._file = file
        self._adopt = adopt
        self._max_bytes = max_bytes
        self._field = field

    def append(self, data: bytes) -> None:
        """Append a piece.

        Raises:
            Exhausted: there are more bytes than an upload may have (UPLOAD_TOO_LARGE).
            Exhausted: the disk is full (STORAGE_FULL).
        """
        size_bytes = self._file.size_bytes + len(data)
        if size_bytes > self._max_bytes:
            raise too_large(size_bytes, self._max_bytes, field=self._field)
        self._file.append(data)

    def finish(self) -> Asset:
        """Check the media and keep it.

        Raises:
            InvalidInput: the bytes are no media that can be used.
            Exhausted: the artifact store is full (STORAGE_FULL).
        """
        return self._adopt(self._file.path)


class Uploads:
    """Uploads, and the files that come within other calls.

    Every method blocks. What an upload has committed survives the death of the process.
    """

    def __init__(
        self,
        engine: Engine,
        store: ArtifactStore,
        library: Library,
        *,
        folder: Path,
        probe: Prober,
        max_upload_bytes: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        usage: Usage = UNLIMITED,
    ) -> None:
        self._records = UploadRecords(engine, now, usage)
        self._store = store
        self._library = library
        self._files = PartialFiles(folder)
        self._probe = probe
        self._max_upload_bytes = max_upload_bytes
        self._now = now

    def create(
        self,
        caller: Caller,
        request_id: str,
        media_type: str,
        *,
        total_bytes: int,
        sha256: str = "",
    ) -> Upload | Asset:
        """Begin an upload, or give the caller's own asset if they uploaded these bytes before.

        The same request again gives the same upload. An empty request_id makes a new one each
        time.

        Raises:
            InvalidInput: MEDIA_TYPE_UNSUPPORTED, or FIELD_INVALID with the field to blame.
            Conflict: the request_id came before with another request (REQUEST_ID_REUSED).
            Exhausted: more bytes than are allowed (UPLOAD_TOO_LARGE, QUOTA_EXCEEDED), or than the
                disk has room for (STORAGE_FULL).
        """
        declaration = checked_declaration(
            media_type, total_bytes, sha256, max_bytes=self._max_upload_bytes
        )
        checked_request_id(request_id)
        row = self._records.find_request(caller, request_id, declaration)
        if row is None:
            if known := self._library.owned(caller, declaration.sha256, total_bytes):
                return known
            self._check_room(total_bytes)
            row = self._records.add(caller, request_id, declaration)
        if row.asset_id is not None:
            return self._library.get(caller, f"assets/{row.asset_id}")
        return self._upload(row)

    def get(self, caller: Caller, name: str) -> Upload:
        """Tell how far an upload is.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
        """
        return self._upload(self._records.need(caller, name))

    @contextmanager
    def writer(self, caller: Caller, name: str) -> Iterator[Writer]:
        """Write to an upload, one writer at a time.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
            Aborted: another call is writing or finishing it (CONCURRENT_WRITER).
            OutOfRange: it is finished (UPLOAD_OFFSET_MISMATCH, metadata `committed_bytes`).
        """
        upload_id = self._records.need(caller, name).id
        with self._files.lease(upload_id) as file:
            row = self._records.need(caller, name)
            if row.asset_id is not None:
                raise offset_mismatch(0, row.total_bytes)
            yield Writer(file, row.total_bytes)

    def finish(self, caller: Caller, name: str, sha256: str = "") -> Asset:
        """Check an upload's bytes and keep them; again after success gives the same asset.

        Bytes that are not media which can be used are dropped together with the upload. Bytes
        whose digest is wrong are dropped and the upload begins anew.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
            Aborted: another call is writing or finishing it (CONCURRENT_WRITER).
            NotReady: bytes are missing (UPLOAD_INCOMPLETE, metadata `committed_bytes`).
            InvalidInput: no digest was ever given (FIELD_INVALID), the bytes have another one
                (DIGEST_MISMATCH), or what the prober says of the file.
            Exhausted: the artifact store is full (STORAGE_FULL); the upload stays.
        """
        digest = checked_digest(sha256)
        row = self._records.need(caller, name)
        if row.asset_id is None:
            with self._files.lease(row.id) as file:
                row = self._records.need(caller, name)
                if row.asset_id is None:
                    return self._finish(caller, row, digest, file)
        asset = self._library.get(caller, f"assets/{row.asset_id}")
        check_digest(asset.sha256, digest, row.sha256)
        return asset

    @contextmanager
    def intake(
        self, caller: Caller, media_type: str = "", *, field: str = "asset"
    ) -> Iterator[Intake]:
        """Take bytes that arrive in a stream; without `finish` nothing is left of them.

        `media_type` is what they came as, if that is known; `field` is blamed when they cannot be
        used.
        """
        with self._files.lease(str(ULID())) as file:
            known = partial(self._known, caller, file)
            adopt = partial(self._adopt, caller, media_type=media_type, field=field)
            try:
                yield Intake(
                    file,
                    lambda path: known() or adopt(path),
                    max_bytes=self._max_upload_bytes,
                    field=field,
                )
            finally:
                file.clear()

    def sweep(self) -> int:
        """Remove expired uploads and what broken calls left; return how many uploads went.

        An upload that somebody is writing stays until the next sweep.
        """
        now = self._now()
        removed = sum(self._remove(upload_id) for upload_id in self._records.expired(now))
        for file_id in self._files.older_than((now - UPLOAD_LIFETIME).timestamp()):
            self._remove(file_id)
        return removed

    def _check_room(self, size_bytes: int) -> None:
        free_bytes = self._files.free_bytes
        if size_bytes > free_bytes:
            raise storage_full(
                "the folder of uploads", f"{size_bytes} bytes wanted, {free_bytes} left"
            )

    def _upload(self, row: Row) -> Upload:
        finished = row.asset_id is not None
        return Upload(
            name=f"uploads/{row.id}",
            media_type=row.media_type,
            total_bytes=row.total_bytes,
            sha256=row.sha256,
            committed_bytes=row.total_bytes if finished else self._files.size_bytes(row.id),
            expire_time=row.expire_time,
            state=UploadState.FINISHED if finished else UploadState.OPEN,
        )

    def _finish(self, caller: Caller, row: Row, digest: str, file: PartialFile) -> Asset:
        if file.size_bytes < row.total_bytes:
            raise NotReady(
                Reason.UPLOAD_INCOMPLETE,
                f"{file.size_bytes} of {row.total_bytes} bytes have arrived; send the rest",
                field="name",
                metadata={"committed_bytes": str(file.size_bytes)},
            )
        try:
            check_digest(file.sha256(), digest, row.sha256)
        except InvalidInput as error:
            if error.reason == Reason.DIGEST_MISMATCH:
                file.clear()
            raise
        try:
            asset = self._adopt(
                caller, file.path, media_type=row.media_type, field="asset", upload_id=row.id
            )
        except InvalidInput:
            self._records.remove(row.id)
            file.clear()
            raise
        file.clear()
        return asset

    def _known(self, caller: Caller, file: PartialFile) -> Asset | None:
        """Return the caller's own asset of these bytes, so that a repeated call names the same."""
        return self._library.owned(caller, file.sha256(), file.size_bytes)

    def _adopt(
        self,
        caller: Caller,
        path: Path,
        *,
        media_type: str,
        field: str,
        upload_id: str | None = None,
    ) -> Asset:
        """Check a file's media and keep its bytes."""
        info = self._probe(path, media_type, field=field)
        for _ in range(_PUTS):
            artifact = self._store.put(path, info.media_type)
            if asset := self._library.add(caller, artifact, info, upload_id=upload_id):
                return asset
        raise Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            "the artifact store dropped what it had just been given; try again",
            retry_after_seconds=1.0,
        )

    def _remove(self, upload_id: str) -> bool:
        with suppress(Aborted), self._files.lease(upload_id) as file:
            file.clear()
            return self._records.remove(upload_id)
        return False
