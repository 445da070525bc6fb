"""A gateway's uploads and assets over a real database and a real store, without the servers."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import google_crc32c
import sqlalchemy as sa

import premade
from s2v.core.errors import InvalidInput, Reason
from s2v.media.probe import MediaInfo
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Asset, Keeping, Library
from s2v_gateway.assets.uploads import Upload, Uploads
from s2v_gateway.records.database import open_database

PICTURE = b"a picture of 31 bytes, or so ..."[:31]
DIGEST = hashlib.sha256(PICTURE).hexdigest()

ANN = Caller("house", "ann")
BEN = Caller("house", "ben")
EVE = Caller("elsewhere", "eve")


def probe(path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
    """Take every file for a picture but those that say they are none."""
    if path.read_bytes().startswith(b"no picture"):
        raise InvalidInput(Reason.IMAGE_UNREADABLE, "this is no picture", field=field)
    return MediaInfo(media_type or "image/png", "image", 640, 480)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class AssetWorld:
    """Uploads, a library, and what lies around them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        premade.fill(url)
        self.engine = open_database(url)
        self.store_folder = folder / "store"
        self.store = FsspecStore(str(self.store_folder))
        self.clock = Clock()
        self.folder = folder / "uploads"
        self.library = self.library_keeping()
        self.uploads = self.uploads_into(self.store)

    def library_keeping(self, **kept: timedelta | int) -> Library:
        """Give a library over the same things that keeps them so long."""
        keeping = Keeping(**kept)  # type: ignore[arg-type]
        return Library(self.engine, self.store, keeping=keeping, now=self.clock)

    def uploads_into(self, store: FsspecStore) -> Uploads:
        """Give uploads over the same database and folder that keep their bytes elsewhere."""
        return Uploads(
            self.engine,
            store,
            Library(self.engine, store, keeping=Keeping(), now=self.clock),
            folder=self.folder,
            probe=probe,
            max_upload_bytes=4_000_000,
            now=self.clock,
        )

    def begin(
        self,
        total_bytes: int = len(PICTURE),
        *,
        request: str = "",
        sha256: str = "",
        caller: Caller = ANN,
    ) -> str:
        upload = self.uploads.create(
            caller, request, "image/png", total_bytes=total_bytes, sha256=sha256
        )
        assert isinstance(upload, Upload)
        return upload.name

    def write(self, name: str, data: bytes, offset: int = 0, *, caller: Caller = ANN) -> int:
        with self.uploads.writer(caller, name) as writer:
            return writer.append(offset, data, google_crc32c.value(data))

    def upload(self, data: bytes = PICTURE, *, caller: Caller = ANN) -> Asset:
        name = self.begin(len(data), caller=caller)
        self.write(name, data, caller=caller)
        return self.uploads.finish(caller, name, hashlib.sha256(data).hexdigest())

    def ingest(
        self, pieces: Iterable[bytes], *, field: str = "asset", caller: Caller = ANN
    ) -> Asset:
        with self.uploads.intake(caller, field=field) as intake:
            for piece in pieces:
                intake.append(piece)
            return intake.finish()

    def rows(self, table: str) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0

    def arrived(self) -> list[bytes]:
        """Return what has arrived of uploads that are not finished."""
        return [path.read_bytes() for path in self.folder.iterdir()]

    def stored(self) -> list[str]:
        """Return the digests of what is in the store."""
        return [path.name for path in self.store_folder.glob("sha256/*/*")]

    def lose(self, sha256: str) -> None:
        """Lose bytes that the store had."""
        assert self.store.remove(sha256, unless=lambda: False)
