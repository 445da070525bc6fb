"""Media that callers own: found, listed, read, dropped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO

from sqlalchemy import Engine
from ulid import ULID

from s2v.core.artifact import Artifact
from s2v.core.errors import Exhausted, InvalidInput, OutOfRange, Reason
from s2v.media.probe import MediaInfo
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.assets import AssetRecords, Row, asset_row
from s2v_gateway.records.usage import UNLIMITED, Usage

READ_PIECE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Asset:
    """Media that a client uploaded or a job made.

    Width and height are 0 for sound, the duration is 0 for images. `job_id` is the job that made
    it, if one did.
    """

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    width_pixels: int
    height_pixels: int
    duration_seconds: float
    create_time: datetime
    expire_time: datetime | None = None
    job_id: str | None = None

    @property
    def artifact(self) -> Artifact:
        """The asset's bytes in the artifact store."""
        return Artifact(self.sha256, self.size_bytes, self.media_type)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long things are kept; None is for ever, and so are 0 bytes without a limit."""

    uploads: timedelta | None = None
    jobs: timedelta | None = None
    max_upload_bytes: int = 0
    max_film_bytes: int = 0


class Library:
    """The assets. Every method blocks; an asset that was answered survives the loss of power."""

    def __init__(
        self,
        engine: Engine,
        store: FsspecStore,
        *,
        keeping: Keeping,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        usage: Usage = UNLIMITED,
    ) -> None:
        self._records = AssetRecords(engine, now, usage)
        self._store = store
        self._keeping = keeping
        self._now = now

    def add(
        self,
        caller: Caller,
        artifact: Artifact,
        info: MediaInfo,
        *,
        upload_id: str | None = None,
    ) -> Asset | None:
        """Make an asset of the caller's of an artifact; None if its bytes went in the same moment.

        Somebody else may have had these bytes, too, and dropped them just before this asset was
        known to need them: then put them again.

        Raises:
            Exhausted: it is of no upload, and the tenant may not store so much more
                (QUOTA_EXCEEDED); its bytes are dropped.
        """
        facts = _facts(artifact, info)
        try:
            row = self._records.add(caller, str(ULID()), facts, upload_id=upload_id)
        except Exhausted:
            self.drop_bytes(artifact.sha256)
            raise
        if not self._store.confirm(artifact.sha256):
            self._records.take_back(row.id)
            return None
        return self._asset(row)

    def result_row(
        self, caller: Caller, artifact: Artifact, info: MediaInfo, job_id: str
    ) -> dict[str, object]:
        """Return the row that makes an asset of what a job made."""
        return asset_row(
            str(ULID()), _facts(artifact, info), self._now(), caller=caller, job_id=job_id
        )

    def get(self, caller: Caller, name: str) -> Asset:
        """Describe an asset of the caller's.

        Raises:
            NotFound: no such asset (ASSET_NOT_FOUND).
        """
        return self._asset(self._records.need(caller, name))

    def owned(self, caller: Caller, sha256: str, size_bytes: int) -> Asset | None:
        """Return the caller's own upload of these very bytes, if they are in the store."""
        row = self._records.owned(caller, sha256, size_bytes) if sha256 else None
        if row is None or self._store.stat(sha256) != size_bytes:
            return None
        return self._asset(row)

    def page(self, caller: Caller, *, size: int, token: str) -> tuple[list[Asset], str]:
        """Return a page of the caller's assets, the newest first, and the next page's token or "".

        Raises:
            InvalidInput: FIELD_INVALID, the token is none of ours.
        """
        rows, next_token = self._records.page(caller, size=size, token=token)
        return [self._asset(row) for row in rows], next_token

    def delete(self, caller: Caller, name: str) -> None:
        """Drop an asset of the caller's, and its bytes unless somebody needs them.

        Raises:
            NotFound: ASSET_NOT_FOUND.
            NotReady: ASSET_IN_USE, an unfinished job needs it.
        """
        self.drop_bytes(self._records.delete(caller, name))

    def drop_bytes(self, *digests: str) -> None:
        """Drop those of the artifacts that nobody needs."""
        for sha256 in digests:
            self._store.remove(sha256, unless=partial(self._is_needed, sha256))

    def _is_needed(self, sha256: str) -> bool:
        return bool(self.needed({sha256}))

    def needed(self, digests: set[str]) -> set[str]:
        """Return those of the digests that an asset or a job needs."""
        return self._records.needed(digests)

    def sweep(self) -> list[tuple[Caller, str]]:
        """Drop uploaded assets that are too old or too many; return their owners and names."""
        going = list[str]()
        if self._keeping.uploads:
            going += self._records.uploaded_before(self._now() - self._keeping.uploads)
        if limit := self._keeping.max_upload_bytes:
            going += [row.id for row in self._records.beyond(limit, films=False)]
        gone = [self._records.delete_unused(asset_id) for asset_id in going]
        rows = [row for row in gone if row is not None]
        self.drop_bytes(*(row.sha256 for row in rows))
        return [(Caller(row.tenant, row.subject), f"assets/{row.id}") for row in rows]

    def films_too_many(self) -> list[str]:
        """Return the ids of the jobs whose films take more room than films may."""
        limit = self._keeping.max_film_bytes
        return [row.job_id for row in self._records.beyond(limit, films=True)] if limit else []

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

    def _asset(self, row: Row) -> Asset:
        kept = self._keeping.jobs if row.job_id else self._keeping.uploads
        return Asset(
            name=f"assets/{row.id}",
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            width_pixels=row.width_pixels,
            height_pixels=row.height_pixels,
            duration_seconds=row.duration_seconds,
            create_time=row.create_time,
            expire_time=row.use_time + kept if kept else None,
            job_id=row.job_id,
        )


def _facts(artifact: Artifact, info: MediaInfo) -> dict[str, object]:
    return {
        "sha256": artifact.sha256,
        "media_type": info.media_type,
        "size_bytes": artifact.size_bytes,
        "width_pixels": info.width_pixels,
        "height_pixels": info.height_pixels,
        "duration_seconds": info.duration_seconds,
    }


def _read_pieces(file: BinaryIO, offset: int, limit_bytes: int) -> Iterator[bytes]:
    with file:
        file.seek(offset)
        while limit_bytes > 0 and (piece := file.read(min(READ_PIECE_BYTES, limit_bytes))):
            limit_bytes -= len(piece)
            yield piece
