"""Uploads become assets, whatever breaks on the way, and what is refused leaves nothing."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import google_crc32c
import pytest
import sqlalchemy as sa

from s2v.core.artifact import Artifact
from s2v.core.errors import (
    Aborted,
    Conflict,
    Corrupt,
    Exhausted,
    InvalidInput,
    NotFound,
    NotReady,
    OutOfRange,
    Reason,
)
from s2v.media.probe import MediaInfo
from s2v.testing.fakes_store import InMemoryStore
from s2v.testing.postgres import postgres_server, postgres_url  # noqa: F401 (fixtures)
from s2v_gateway.assets import partial_files
from s2v_gateway.assets.library import READ_PIECE_BYTES, Asset, Assets
from s2v_gateway.assets.upload_rules import MAX_CHUNK_BYTES
from s2v_gateway.assets.uploads import Upload, UploadState
from s2v_gateway.records.database import create_tables, open_database

PICTURE = b"a picture of 31 bytes, or so ..."[:31]
DIGEST = hashlib.sha256(PICTURE).hexdigest()


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


class World:
    """A gateway's assets, and what lies around them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.engine = open_database(url)
        create_tables(self.engine)
        self.store = InMemoryStore()
        self.clock = Clock()
        self.staging = folder / "staging"
        self.assets = self.with_store(self.store)

    def with_store(self, store: InMemoryStore) -> Assets:
        return Assets(
            self.engine,
            store,
            staging=self.staging,
            probe=probe,
            max_upload_bytes=4_000_000,
            now=self.clock,
        )

    def begin(self, total_bytes: int = len(PICTURE), *, request: str = "", sha256: str = "") -> str:
        upload = self.assets.create_upload(
            request, "image/png", total_bytes=total_bytes, sha256=sha256
        )
        assert isinstance(upload, Upload)
        return upload.name

    def write(self, name: str, data: bytes, offset: int = 0) -> int:
        with self.assets.writer(name) as writer:
            return writer.append(offset, data, google_crc32c.value(data))

    def upload(self, data: bytes = PICTURE) -> Asset:
        name = self.begin(len(data))
        self.write(name, data)
        return self.assets.finish_upload(name, hashlib.sha256(data).hexdigest())

    def rows(self, table: str) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0

    def staged(self) -> list[bytes]:
        return [path.read_bytes() for path in self.staging.iterdir()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, f"sqlite:///{tmp_path}/gateway.db")
    yield world
    world.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def any_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path}/gateway.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    world = World(tmp_path, url)
    yield world
    world.engine.dispose()


def test_an_upload_becomes_an_asset_that_can_be_read(any_world: World) -> None:
    world = any_world
    name = world.begin()
    assert world.write(name, PICTURE[:10]) == 10
    assert world.write(name, PICTURE[10:], offset=10) == len(PICTURE)

    asset = world.assets.finish_upload(name, DIGEST)

    assert asset == Asset(
        name=f"assets/{DIGEST[:32]}",
        media_type="image/png",
        size_bytes=len(PICTURE),
        sha256=DIGEST,
        width_pixels=640,
        height_pixels=480,
        duration_seconds=0.0,
        create_time=world.clock.time,
    )
    assert world.assets.get_asset(asset.name) == asset
    assert b"".join(world.assets.read(asset)) == PICTURE
    assert world.staged() == []


def test_an_upload_tells_how_far_it_is(any_world: World) -> None:
    name = any_world.begin(sha256=DIGEST.upper())
    any_world.write(name, PICTURE[:10])

    assert any_world.assets.get_upload(name) == Upload(
        name=name,
        media_type="image/png",
        total_bytes=len(PICTURE),
        sha256=DIGEST,
        committed_bytes=10,
        expire_time=any_world.clock.time + timedelta(days=1),
        state=UploadState.OPEN,
    )


def test_the_same_request_gives_the_same_upload(any_world: World) -> None:
    with ThreadPoolExecutor(8) as threads:
        names = set(threads.map(lambda _: any_world.begin(request="r1"), range(16)))

    assert len(names) == 1
    assert any_world.rows("uploads") == 1


def test_requests_without_an_id_give_uploads_of_their_own(any_world: World) -> None:
    assert any_world.begin() != any_world.begin()


def test_a_request_id_belongs_to_one_request(world: World) -> None:
    world.begin(31, request="r1")

    with pytest.raises(Conflict, match="use a new request_id") as raised:
        world.begin(32, request="r1")

    assert (raised.value.reason, raised.value.field) == (Reason.REQUEST_ID_REUSED, "request_id")


def test_a_finished_request_gives_the_asset(world: World) -> None:
    name = world.begin(request="r1")
    world.write(name, PICTURE)
    asset = world.assets.finish_upload(name, DIGEST)

    again = world.assets.create_upload("r1", "image/png", total_bytes=len(PICTURE))

    assert again == asset


def test_bytes_that_are_known_need_no_upload(world: World) -> None:
    asset = world.upload()

    known = world.assets.create_upload("", "image/png", total_bytes=len(PICTURE), sha256=DIGEST)

    assert known == asset


def test_bytes_whose_blob_is_gone_are_wanted_again(world: World) -> None:
    asset = world.upload()
    world.store.blobs.clear()

    name = world.begin(sha256=DIGEST)
    world.write(name, PICTURE)

    assert world.assets.finish_upload(name) == asset
    assert world.store.stat(DIGEST) == len(PICTURE)


def test_more_bytes_than_the_disk_has_are_refused_before_they_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_files.Staging, "free_bytes", 30)

    with pytest.raises(Exhausted, match="31 bytes wanted, 30 left") as raised:
        world.begin(31)

    assert raised.value.reason == Reason.STORAGE_FULL
    assert world.rows("uploads") == 0


@pytest.mark.parametrize(
    "name", ["uploads/" + "0" * 32, "uploads/missing", "uploads/../gateway.db", "uploads/\0", ""]
)
def test_an_upload_that_is_not_there_is_not_found(any_world: World, name: str) -> None:
    world = any_world

    def write() -> None:
        world.write(name, b"")

    for call in (
        lambda: world.assets.get_upload(name),
        lambda: world.assets.finish_upload(name, DIGEST),
        write,
    ):
        with pytest.raises(NotFound) as raised:
            call()
        assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_NOT_FOUND, "name")


def test_a_name_needs_its_collection(world: World) -> None:
    upload_id = world.begin().removeprefix("uploads/")
    asset_id = world.upload().name.removeprefix("assets/")

    with pytest.raises(NotFound):
        world.assets.get_upload(upload_id)
    with pytest.raises(NotFound):
        world.assets.get_asset(asset_id)


def test_a_chunk_must_begin_where_the_upload_ends(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE[:10])

    for offset in (0, 9, 11):
        with pytest.raises(OutOfRange, match="go on from 10") as raised:
            world.write(name, PICTURE[10:], offset=offset)
        assert raised.value.reason == Reason.UPLOAD_OFFSET_MISMATCH
        assert raised.value.field == "offset"
        assert raised.value.metadata == {"committed_bytes": "10"}

    assert world.staged() == [PICTURE[:10]]


def test_nothing_of_a_damaged_chunk_is_written(world: World) -> None:
    name = world.begin()

    with (
        pytest.raises(Corrupt, match="send it again") as raised,
        world.assets.writer(name) as writer,
    ):
        writer.append(0, PICTURE, google_crc32c.value(PICTURE) ^ 1)

    assert (raised.value.reason, raised.value.field) == (Reason.CHUNK_CORRUPT, "crc32c")
    assert world.assets.get_upload(name).committed_bytes == 0


def test_nothing_beyond_the_declared_total_is_written(world: World) -> None:
    name = world.begin(30)

    with pytest.raises(OutOfRange, match="declared as 30 bytes") as raised:
        world.write(name, PICTURE)

    assert raised.value.reason == Reason.UPLOAD_TOO_LARGE
    assert world.assets.get_upload(name).committed_bytes == 0


def test_a_chunk_is_at_most_a_mebibyte(world: World) -> None:
    name = world.begin(MAX_CHUNK_BYTES + 1)

    with pytest.raises(InvalidInput) as raised:
        world.write(name, bytes(MAX_CHUNK_BYTES + 1))

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "data")


def test_one_writer_at_a_time(world: World) -> None:
    name = world.begin()

    with world.assets.writer(name) as writer:
        writer.append(0, PICTURE, google_crc32c.value(PICTURE))
        with pytest.raises(Aborted) as writing:
            world.write(name, b"")
        with pytest.raises(Aborted) as finishing:
            world.assets.finish_upload(name, DIGEST)

    assert writing.value.reason == finishing.value.reason == Reason.CONCURRENT_WRITER
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


def test_a_writer_may_come_when_the_one_before_has_failed(world: World) -> None:
    name = world.begin()

    with pytest.raises(ConnectionError), world.assets.writer(name):
        raise ConnectionError("the client went away")

    assert world.write(name, PICTURE) == len(PICTURE)


def test_a_finished_upload_takes_no_more(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    world.assets.finish_upload(name, DIGEST)

    with pytest.raises(OutOfRange) as raised:
        world.write(name, PICTURE)

    assert raised.value.metadata == {"committed_bytes": str(len(PICTURE))}
    assert world.assets.get_upload(name).state == UploadState.FINISHED
    assert world.assets.get_upload(name).committed_bytes == len(PICTURE)


def test_an_upload_with_missing_bytes_cannot_be_finished(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE[:10])

    with pytest.raises(NotReady, match="10 of 31 bytes") as raised:
        world.assets.finish_upload(name, DIGEST)

    assert raised.value.reason == Reason.UPLOAD_INCOMPLETE
    assert raised.value.metadata == {"committed_bytes": "10"}
    world.write(name, PICTURE[10:], offset=10)
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


def test_bytes_with_another_digest_are_dropped_and_may_be_sent_again(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE[::-1])

    with pytest.raises(InvalidInput, match="from offset 0") as raised:
        world.assets.finish_upload(name, DIGEST)

    assert (raised.value.reason, raised.value.field) == (Reason.DIGEST_MISMATCH, "sha256")
    assert world.assets.get_upload(name).committed_bytes == 0
    assert (world.staged(), world.store.blobs) == ([], {})
    world.write(name, PICTURE)
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


def test_the_digest_of_the_beginning_is_checked_at_the_end(world: World) -> None:
    name = world.begin(sha256="0" * 64)
    world.write(name, PICTURE)

    with pytest.raises(InvalidInput) as raised:
        world.assets.finish_upload(name)

    assert raised.value.reason == Reason.DIGEST_MISMATCH


def test_an_upload_without_any_digest_keeps_its_bytes_until_one_comes(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(InvalidInput) as raised:
        world.assets.finish_upload(name)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "sha256")
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


def test_a_refused_file_leaves_nothing(world: World) -> None:
    data = b"no picture at all"
    name = world.begin(len(data), request="r1")
    world.write(name, data)

    with pytest.raises(InvalidInput) as raised:
        world.assets.finish_upload(name, hashlib.sha256(data).hexdigest())

    assert (raised.value.reason, raised.value.field) == (Reason.IMAGE_UNREADABLE, "asset")
    assert (world.staged(), world.store.blobs) == ([], {})
    assert (world.rows("uploads"), world.rows("assets")) == (0, 0)


def test_finishing_again_gives_the_same_asset(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    asset = world.assets.finish_upload(name, DIGEST)

    assert world.assets.finish_upload(name, DIGEST) == asset
    with pytest.raises(InvalidInput) as raised:
        world.assets.finish_upload(name, "0" * 64)

    assert raised.value.reason == Reason.DIGEST_MISMATCH
    assert world.assets.get_asset(asset.name) == asset


def test_equal_content_is_one_asset(world: World) -> None:
    assert world.upload() == world.upload()
    assert world.rows("assets") == 1
    assert list(world.store.blobs) == [DIGEST]


class DyingStore(InMemoryStore):
    """A store that keeps the bytes and dies before it can say so."""

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        super().put(data, media_type)
        raise KeyboardInterrupt


def test_finishing_goes_on_where_it_was_killed(world: World) -> None:
    dying = DyingStore()
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(KeyboardInterrupt):
        world.with_store(dying).finish_upload(name, DIGEST)

    assert list(dying.blobs) == [DIGEST]
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST
    assert world.staged() == []


class FullStore(InMemoryStore):
    """A store without room."""

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        raise Exhausted(Reason.STORAGE_FULL, "the store is full")


def test_an_upload_stays_when_the_store_is_full(world: World) -> None:
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(Exhausted):
        world.with_store(FullStore()).finish_upload(name, DIGEST)

    assert world.assets.get_upload(name).committed_bytes == len(PICTURE)
    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
import google_crc32c
from s2v.media.probe import MediaInfo
from s2v.testing.fakes_store import InMemoryStore
from s2v_gateway.assets.library import Assets
from s2v_gateway.records.database import open_database
url, staging, name = sys.argv[1:]
assets = Assets(open_database(url), InMemoryStore(), staging=Path(staging), probe=None)
with assets.writer(name) as writer:
    writer.append(0, b"0123456789", google_crc32c.value(b"0123456789"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_survives_the_death_of_the_gateway(world: World, tmp_path: Path) -> None:
    world.clock.time = datetime.now(UTC)  # the other process has the real one
    data = b"0123456789abcdef"
    name = world.begin(len(data))
    url = f"sqlite:///{tmp_path}/gateway.db"

    died = subprocess.run(
        [sys.executable, "-c", WRITE_AND_DIE, url, str(world.staging), name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    assert died.returncode == -9
    assert world.assets.get_upload(name).committed_bytes == 10
    world.write(name, data[10:], offset=10)
    asset = world.assets.finish_upload(name, hashlib.sha256(data).hexdigest())
    assert b"".join(world.assets.read(asset)) == data


def test_a_stream_becomes_an_asset(world: World) -> None:
    asset = world.assets.ingest(PICTURE[i : i + 7] for i in range(0, len(PICTURE), 7))

    assert asset == world.upload()
    assert world.staged() == []


def test_a_refused_stream_leaves_nothing_and_blames_its_field(world: World) -> None:
    with pytest.raises(InvalidInput) as raised:
        world.assets.ingest([b"no picture"], field="reference_chunk")

    assert raised.value.field == "reference_chunk"
    assert (world.staged(), world.store.blobs, world.rows("assets")) == ([], {}, 0)


def test_an_endless_stream_is_cut_off_and_leaves_nothing(world: World) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1_000_000)

    with pytest.raises(OutOfRange) as raised:
        world.assets.ingest(endless(), field="audio_chunk")

    assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_TOO_LARGE, "audio_chunk")
    assert taken == 5
    assert world.staged() == []


def test_a_stream_that_is_given_up_leaves_nothing(world: World) -> None:
    with world.assets.intake() as intake:
        intake.append(PICTURE)
        assert world.staged() == [PICTURE]

    assert (world.staged(), world.store.blobs) == ([], {})


def test_a_film_becomes_an_asset(world: World) -> None:
    film = world.store.put([b"film"], "video/mp4")
    info = MediaInfo("video/mp4", "video", 1280, 720, 12.5)

    asset = world.assets.register(film, info)
    world.clock.time += timedelta(hours=1)

    assert world.assets.register(film, info) == asset
    assert asset.artifact == film
    assert (asset.width_pixels, asset.height_pixels, asset.duration_seconds) == (1280, 720, 12.5)


def test_an_asset_that_is_not_there_is_not_found(any_world: World) -> None:
    for name in ("assets/" + "0" * 32, "assets/missing", "assets/\0", "missing", ""):
        with pytest.raises(NotFound) as raised:
            any_world.assets.get_asset(name)
        assert (raised.value.reason, raised.value.field) == (Reason.ASSET_NOT_FOUND, "name")


def test_an_asset_is_read_in_pieces_from_any_offset(world: World) -> None:
    data = bytes(range(251)) * 3_000
    asset = world.assets.ingest([data])

    sizes = [len(piece) for piece in world.assets.read(asset)]

    assert sizes == [READ_PIECE_BYTES, READ_PIECE_BYTES, len(data) - 2 * READ_PIECE_BYTES]
    assert b"".join(world.assets.read(asset, offset=300_001)) == data[300_001:]
    assert b"".join(world.assets.read(asset, offset=5, limit_bytes=300_000)) == data[5:300_005]
    assert list(world.assets.read(asset, offset=len(data))) == []


@pytest.mark.parametrize("offset", [-1, len(PICTURE) + 1])
def test_an_offset_outside_of_the_asset_is_refused_at_once(world: World, offset: int) -> None:
    asset = world.upload()

    with pytest.raises(OutOfRange, match="0 and 31") as raised:
        world.assets.read(asset, offset=offset)

    assert (raised.value.reason, raised.value.field) == (Reason.OFFSET_OUT_OF_RANGE, "offset")


def test_bytes_that_are_lost_are_missed_before_anything_is_sent(world: World) -> None:
    asset = world.upload()
    world.store.blobs.clear()

    with pytest.raises(NotFound) as raised:
        world.assets.read(asset)

    assert raised.value.reason == Reason.ARTIFACT_NOT_FOUND


def test_a_negative_limit_is_refused(world: World) -> None:
    asset = world.upload()

    with pytest.raises(InvalidInput):
        world.assets.read(asset, limit_bytes=-1)


def test_an_expired_upload_is_gone_and_its_request_id_free(world: World) -> None:
    name = world.begin(31, request="r1")
    world.write(name, PICTURE)
    world.clock.time += timedelta(days=1)

    with pytest.raises(NotFound):
        world.assets.get_upload(name)

    assert world.begin(32, request="r1") != name
    assert world.rows("uploads") == 1


def test_a_sweep_removes_expired_uploads_and_keeps_the_others(any_world: World) -> None:
    world = any_world
    asset = world.upload()
    world.write(world.begin(), b"old")
    world.clock.time += timedelta(days=1)
    world.write(world.begin(), b"new")

    assert world.assets.sweep_uploads(world.clock.time) == 2

    assert world.staged() == [b"new"]
    assert world.rows("uploads") == 1
    assert world.assets.get_asset(asset.name) == asset


def test_a_sweep_lets_a_writer_end(world: World) -> None:
    name = world.begin()
    later = world.clock.time + timedelta(days=1)

    with world.assets.writer(name) as writer:
        writer.append(0, PICTURE, google_crc32c.value(PICTURE))
        assert world.assets.sweep_uploads(later) == 0

    assert world.assets.finish_upload(name, DIGEST).sha256 == DIGEST


def test_a_sweep_removes_what_a_killed_stream_left(world: World) -> None:
    leftover = world.staging / "leftover"
    leftover.write_bytes(b"half a pic")
    long_ago = (world.clock.time - timedelta(days=2)).timestamp()
    os.utime(leftover, (long_ago, long_ago))

    assert world.assets.sweep_uploads(world.clock.time) == 0

    assert world.staged() == []


def test_many_uploads_go_on_at_once(any_world: World) -> None:
    def upload(number: int) -> str:
        return any_world.upload(b"picture %d" % (number % 4)).name

    with ThreadPoolExecutor(8) as threads:
        names = set(threads.map(upload, range(24)))

    assert len(names) == 4
    assert any_world.rows("assets") == 4
    assert any_world.staged() == []
