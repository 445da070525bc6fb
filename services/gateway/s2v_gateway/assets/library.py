"""Take media from clients in pieces, check it, and keep it as assets."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import BigInteger, Column, Double, Engine, Integer, Row, String, Table, select

from s2v.core.artifact import Artifact
from s2v.core.errors import Aborted, InvalidInput, NotFound, NotReady, OutOfRange, Reason
from s2v.core.ports import ArtifactStore
from s2v.media.probe import MediaInfo
from s2v.store.space import storage_full
from s2v_gateway.assets.partial_files import StagedFile, Staging
from s2v_gateway.assets.upload_rules import (
    Declaration,
    Prober,
    Writer,
    check_digest,
    checked_declaration,
    checked_digest,
    checked_request_id,
    offset_mismatch,
    too_large,
)
from s2v_gateway.assets.uploads import UPLOAD_LIFETIME, Upload, Uploads, UploadState
from s2v_gateway.records.database import (
    UtcDateTime,
    id_in_name,
    insert_if_absent,
    metadata,
    reading,
)

MAX_UPLOAD_BYTES = 512 << 20
READ_PIECE_BYTES = 256 << 10

assets_table = Table(
    "assets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("media_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_pixels", Integer, nullable=False),
    Column("height_pixels", Integer, nullable=False),
    Column("duration_seconds", Double, nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """Media that a client uploaded or a job made; equal bytes have the same name.

    Width and height are 0 for sound, the duration is 0 for images.
    """

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    width_pixels: int
    height_pixels: int
    duration_seconds: float
    create_time: datetime

    @property
    def artifact(self) -> Artifact:
        """The asset's bytes in the artifact store."""
        return Artifact(self.sha256, self.size_bytes, self.media_type)


class Intake:
    """Bytes of unknown length that become an asset when they are all there."""

    def __init__(
        self, staged: StagedFile, adopt: Callable[[Path], Asset], *, max_bytes: int, field: str
    ) -> None:
        self._staged = staged
        self._adopt = adopt
        self._max_bytes = max_bytes
        self._field = field

    def append(self, data: bytes) -> None:
        """Append a piece.

        Raises:
            OutOfRange: there are more bytes than an upload may have (UPLOAD_TOO_LARGE).
            Exhausted: the disk is full (STORAGE_FULL).
        """
        size_bytes = self._staged.size_bytes + len(data)
        if size_bytes > self._max_bytes:
            raise too_large(size_bytes, self._max_bytes, field=self._field)
        self._staged.append(data)

    def finish(self) -> Asset:
        """Check the media and keep it.

        Raises:
            InvalidInput: the bytes are no media that can be used.
            Exhausted: the artifact store is full (STORAGE_FULL).
        """
        return self._adopt(self._staged.path)


class Assets:
    """Uploads and the assets they become.

    Every method blocks. What an upload has committed survives the death of the process; an asset
    that was answered survives the loss of power.
    """

    def __init__(
        self,
        engine: Engine,
        store: ArtifactStore,
        *,
        staging: Path,
        probe: Prober,
        max_upload_bytes: int = MAX_UPLOAD_BYTES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._store = store
        self._staging = Staging(staging)
        self._uploads = Uploads(engine, now)
        self._probe = probe
        self._max_upload_bytes = max_upload_bytes
        self._now = now

    def create_upload(
        self, request_id: str, media_type: str, *, total_bytes: int, sha256: str = ""
    ) -> Upload | Asset:
        """Begin an upload, or give the asset if its bytes are here already.

        The same request again gives the same upload. An empty request_id makes a new one each
        time.

        Raises:
            InvalidInput: MEDIA_TYPE_UNSUPPORTED, or FIELD_INVALID with the field to blame.
            OutOfRange: more bytes than are allowed (UPLOAD_TOO_LARGE).
            Conflict: the request_id came before with another request (REQUEST_ID_REUSED).
            Exhausted: the disk has no room for it (STORAGE_FULL).
        """
        declaration = checked_declaration(
            media_type, total_bytes, sha256, max_bytes=self._max_upload_bytes
        )
        row = self._uploads.find_request(checked_request_id(request_id), declaration)
        if row is None:
            if known := self._known_asset(declaration):
                return known
            self._check_room(total_bytes)
            row = self._uploads.add(request_id, declaration)
        if row.asset_id is not None:
            return self.get_asset(f"assets/{row.asset_id}")
        return self._upload(row)

    def get_upload(self, name: str) -> Upload:
        """Tell how far an upload is.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
        """
        return self._upload(self._uploads.get(name))

    @contextmanager
    def writer(self, name: str) -> Iterator[Writer]:
        """Write to an upload, one writer at a time.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
            Aborted: another call is writing or finishing it (CONCURRENT_WRITER).
            OutOfRange: it is finished (UPLOAD_OFFSET_MISMATCH, metadata `committed_bytes`).
        """
        upload_id = self._uploads.get(name).id
        with self._staging.lease(upload_id) as staged:
            row = self._uploads.get(name)
            if row.asset_id is not None:
                raise offset_mismatch(0, row.total_bytes)
            yield Writer(staged, row.total_bytes)

    def finish_upload(self, name: str, sha256: str = "") -> Asset:
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
        row = self._uploads.get(name)
        if row.asset_id is None:
            with self._staging.lease(row.id) as staged:
                row = self._uploads.get(name)
                if row.asset_id is None:
                    return self._finish(row, digest, staged)
        asset = self.get_asset(f"assets/{row.asset_id}")
        check_digest(asset.sha256, digest, row.sha256)
        return asset

    @contextmanager
    def intake(self, media_type: str = "", *, field: str = "asset") -> Iterator[Intake]:
        """Take bytes that arrive in a stream; without `finish` nothing is left of them.

        `media_type` is what they came as, if that is known; `field` is blamed when they cannot be
        used.
        """
        with self._staging.lease(uuid.uuid4().hex) as staged:
            adopt = partial(self._adopt, media_type=media_type, field=field)
            try:
                yield Intake(staged, adopt, max_bytes=self._max_upload_bytes, field=field)
            finally:
                staged.clear()

    def ingest(
        self, pieces: Iterable[bytes], media_type: str = "", *, field: str = "asset"
    ) -> Asset:
        """Make an asset of bytes in one call; see `intake`.

        Raises:
            OutOfRange: there are more bytes than an upload may have (UPLOAD_TOO_LARGE).
            InvalidInput: the bytes are no media that can be used.
            Exhausted: a disk is full (STORAGE_FULL).
        """
        with self.intake(media_type, field=field) as intake:
            for piece in pieces:
                intake.append(piece)
            return intake.finish()

    def register(self, artifact: Artifact, info: MediaInfo) -> Asset:
        """Make an asset of an artifact that is in the store already, such as a film."""
        asset_id = artifact.sha256[:32]
        values = {
            "id": asset_id,
            "sha256": artifact.sha256,
            "media_type": info.media_type,
            "size_bytes": artifact.size_bytes,
            "width_pixels": info.width_pixels,
            "height_pixels": info.height_pixels,
            "duration_seconds": info.duration_seconds,
            "create_time": self._now(),
        }
        with self._engine.begin() as connection:
            insert_if_absent(connection, assets_table, values)
        return self.get_asset(f"assets/{asset_id}")

    def get_asset(self, name: str) -> Asset:
        """Describe an asset.

        Raises:
            NotFound: no such asset (ASSET_NOT_FOUND).
        """
        asset_id = id_in_name(name, "assets")
        row = asset_id and self._find(asset_id)
        if not row:
            raise NotFound(
                Reason.ASSET_NOT_FOUND, f"there is no asset {name!r}; upload it", field="name"
            )
        return _asset(row)

    def read(self, asset: Asset, *, offset: int = 0, limit_bytes: int = 0) -> Iterator[bytes]:
        """Read an asset from an offset on in pieces of READ_PIECE_BYTES; limit 0 means all.

        Raises:
            OutOfRange: the offset is not within 0 and the asset's size (OFFSET_OUT_OF_RANGE).
            InvalidInput: the limit is negative (FIELD_INVALID).
        """
        if not 0 <= offset <= asset.size_bytes:
            raise OutOfRange(
                Reason.OFFSET_OUT_OF_RANGE,
                f"offset {offset} is not within 0 and {asset.size_bytes}, the size of {asset.name}",
                field="offset",
            )
        if limit_bytes < 0:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"limit_bytes is {limit_bytes}; use 0 for all or a positive number",
                field="limit_bytes",
            )
        file = self._store.open(asset.artifact)
        return _read_pieces(file, offset, limit_bytes or asset.size_bytes)

    def digests(self) -> set[str]:
        """Return the SHA-256 of every asset."""
        with reading(self._engine) as connection:
            return set(connection.scalars(select(assets_table.c.sha256)))

    def sweep_uploads(self, now: datetime) -> int:
        """Remove expired uploads and what broken calls left; return how many uploads went.

        An upload that somebody is writing stays until the next sweep.
        """
        removed = sum(self._remove_upload(upload_id) for upload_id in self._uploads.expired(now))
        for file_id in self._staging.older_than((now - UPLOAD_LIFETIME).timestamp()):
            self._remove_upload(file_id)
        return removed

    def _find(self, asset_id: str) -> Row[Any] | None:
        query = select(assets_table).where(assets_table.c.id == asset_id)
        with reading(self._engine) as connection:
            return connection.execute(query).one_or_none()

    def _known_asset(self, declaration: Declaration) -> Asset | None:
        """Return the asset of these very bytes if they are in the store."""
        sha256 = declaration.sha256
        if not sha256 or self._store.stat(sha256) != declaration.total_bytes:
            return None
        with suppress(NotFound):
            return self.get_asset(f"assets/{sha256[:32]}")
        return None

    def _check_room(self, size_bytes: int) -> None:
        free_bytes = self._staging.free_bytes
        if size_bytes > free_bytes:
            raise storage_full(
                f"the folder of uploads, {self._staging.folder},",
                f"{size_bytes} bytes wanted, {free_bytes} left",
            )

    def _upload(self, row: Row[Any]) -> Upload:
        finished = row.asset_id is not None
        return Upload(
            name=f"uploads/{row.id}",
            media_type=row.media_type,
            total_bytes=row.total_bytes,
            sha256=row.sha256,
            committed_bytes=row.total_bytes if finished else self._staging.size_bytes(row.id),
            expire_time=row.expire_time,
            state=UploadState.FINISHED if finished else UploadState.OPEN,
        )

    def _finish(self, row: Row[Any], digest: str, staged: StagedFile) -> Asset:
        if staged.size_bytes < row.total_bytes:
            raise NotReady(
                Reason.UPLOAD_INCOMPLETE,
                f"{staged.size_bytes} of {row.total_bytes} bytes have arrived; send the rest",
                field="name",
                metadata={"committed_bytes": str(staged.size_bytes)},
            )
        actual = staged.sha256()
        try:
            check_digest(actual, digest, row.sha256)
        except InvalidInput as error:
            if error.reason == Reason.DIGEST_MISMATCH:
                staged.clear()
            raise
        try:
            asset = self._adopt(staged.path, row.media_type, "asset")
        except InvalidInput:
            self._uploads.remove(row.id)
            staged.clear()
            raise
        self._uploads.finish(row.id, asset.sha256[:32])
        staged.clear()
        return asset

    def _adopt(self, path: Path, media_type: str, field: str) -> Asset:
        """Check a file's media and keep its bytes; done twice, it comes to the same."""
        info = self._probe(path, media_type, field=field)
        return self.register(self._store.put(path, info.media_type), info)

    def _remove_upload(self, upload_id: str) -> bool:
        with suppress(Aborted), self._staging.lease(upload_id) as staged:
            staged.clear()
            return self._uploads.remove(upload_id)
        return False


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        name=f"assets/{row.id}",
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        width_pixels=row.width_pixels,
        height_pixels=row.height_pixels,
        duration_seconds=row.duration_seconds,
        create_time=row.create_time,
    )


def _read_pieces(file: BinaryIO, offset: int, limit_bytes: int) -> Iterator[bytes]:
    with file:
        file.seek(offset)
        while limit_bytes > 0 and (piece := file.read(min(READ_PIECE_BYTES, limit_bytes))):
            limit_bytes -= len(piece)
            yield piece
