"""An upload that is all there becomes an asset, and what is refused leaves nothing."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asset_world import ANN, BEN, DIGEST, EVE, PICTURE, AssetWorld
from s2v.core.artifact import Artifact
from s2v.core.errors import Exhausted, InvalidInput, NotReady, Reason, Unavailable
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Asset
from s2v_gateway.assets.uploads import Upload


def test_an_upload_becomes_an_asset_that_can_be_read(any_world: AssetWorld) -> None:
    world = any_world
    name = world.begin()
    assert world.write(name, PICTURE[:10]) == 10
    assert world.write(name, PICTURE[10:], offset=10) == len(PICTURE)

    asset = world.uploads.finish(ANN, name, DIGEST)

    assert asset == Asset(
        name=asset.name,
        media_type="image/png",
        size_bytes=len(PICTURE),
        sha256=DIGEST,
        width_pixels=640,
        height_pixels=480,
        duration_seconds=0.0,
        create_time=world.clock.time,
    )
    assert world.library.get(ANN, asset.name) == asset
    assert b"".join(world.library.read(asset)) == PICTURE
    assert world.arrived() == []


def test_an_upload_with_missing_bytes_cannot_be_finished(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE[:10])

    with pytest.raises(NotReady, match="10 of 31 bytes") as raised:
        world.uploads.finish(ANN, name, DIGEST)

    assert raised.value.reason == Reason.UPLOAD_INCOMPLETE
    assert raised.value.metadata == {"committed_bytes": "10"}
    world.write(name, PICTURE[10:], offset=10)
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_bytes_with_another_digest_are_dropped_and_may_be_sent_again(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE[::-1])

    with pytest.raises(InvalidInput, match="from offset 0") as raised:
        world.uploads.finish(ANN, name, DIGEST)

    assert (raised.value.reason, raised.value.field) == (Reason.DIGEST_MISMATCH, "sha256")
    assert world.uploads.get(ANN, name).committed_bytes == 0
    assert (world.arrived(), world.stored()) == ([], [])
    world.write(name, PICTURE)
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_the_digest_of_the_beginning_is_checked_at_the_end(world: AssetWorld) -> None:
    name = world.begin(sha256="0" * 64)
    world.write(name, PICTURE)

    with pytest.raises(InvalidInput) as raised:
        world.uploads.finish(ANN, name)

    assert raised.value.reason == Reason.DIGEST_MISMATCH


def test_an_upload_without_any_digest_keeps_its_bytes_until_one_comes(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(InvalidInput) as raised:
        world.uploads.finish(ANN, name)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "sha256")
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_a_refused_file_leaves_nothing(world: AssetWorld) -> None:
    data = b"no picture at all"
    name = world.begin(len(data), request="r1")
    world.write(name, data)

    with pytest.raises(InvalidInput) as raised:
        world.uploads.finish(ANN, name, hashlib.sha256(data).hexdigest())

    assert (raised.value.reason, raised.value.field) == (Reason.IMAGE_UNREADABLE, "asset")
    assert (world.arrived(), world.stored()) == ([], [])
    assert (world.rows("uploads"), world.rows("assets")) == (0, 0)


def test_finishing_again_gives_the_same_asset(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    asset = world.uploads.finish(ANN, name, DIGEST)

    assert world.uploads.finish(ANN, name, DIGEST) == asset
    with pytest.raises(InvalidInput) as raised:
        world.uploads.finish(ANN, name, "0" * 64)

    assert raised.value.reason == Reason.DIGEST_MISMATCH
    assert world.library.get(ANN, asset.name) == asset


def test_bytes_that_the_caller_sent_before_need_no_upload(any_world: AssetWorld) -> None:
    asset = any_world.upload()

    known = _created(any_world, ANN)

    assert known == asset
    assert _created(any_world, BEN) == asset  # of the same tenant


def test_what_others_have_is_never_told(any_world: AssetWorld) -> None:
    any_world.upload()

    assert isinstance(_created(any_world, EVE), Upload)


def test_what_others_have_gets_another_name_and_is_stored_once(any_world: AssetWorld) -> None:
    mine = any_world.upload()
    theirs = any_world.upload(caller=EVE)

    assert mine.name != theirs.name
    assert mine.sha256 == theirs.sha256
    assert any_world.stored() == [DIGEST]


def test_another_length_is_another_file(world: AssetWorld) -> None:
    world.upload()

    upload = world.uploads.create(ANN, "", "image/png", total_bytes=30, sha256=DIGEST)

    assert isinstance(upload, Upload)


def test_bytes_whose_blob_is_gone_are_wanted_again(world: AssetWorld) -> None:
    lost = world.upload()
    world.lose(DIGEST)

    name = world.begin(sha256=DIGEST)
    world.write(name, PICTURE)
    again = world.uploads.finish(ANN, name)

    assert (again.sha256, again.size_bytes) == (lost.sha256, lost.size_bytes)
    assert b"".join(world.library.read(again)) == PICTURE
    assert b"".join(world.library.read(lost)) == PICTURE


class DyingStore(FsspecStore):
    """A store that keeps the bytes and dies before it can say so."""

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        super().put(data, media_type)
        raise KeyboardInterrupt


def test_finishing_goes_on_where_it_was_killed(world: AssetWorld) -> None:
    dying = DyingStore(str(world.store_folder))
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(KeyboardInterrupt):
        world.uploads_into(dying).finish(ANN, name, DIGEST)

    assert world.stored() == [DIGEST]
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST
    assert world.arrived() == []


class FullStore(FsspecStore):
    """A store without room."""

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        raise Exhausted(Reason.STORAGE_FULL, "the store is full")


def test_an_upload_stays_when_the_store_is_full(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)

    with pytest.raises(Exhausted):
        world.uploads_into(FullStore(str(world.store_folder))).finish(ANN, name, DIGEST)

    assert world.uploads.get(ANN, name).committed_bytes == len(PICTURE)
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


class ForgetfulStore(FsspecStore):
    """A store whose bytes somebody drops just after they were put, so many times."""

    def __init__(self, url: str, times: int) -> None:
        super().__init__(url)
        self.times = times

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        artifact = super().put(data, media_type)
        if self.times:
            self.times -= 1
            self.remove(artifact.sha256, unless=lambda: False)
        return artifact


def test_bytes_that_somebody_drops_in_the_same_moment_are_put_again(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    store = ForgetfulStore(str(world.store_folder), times=2)

    asset = world.uploads_into(store).finish(ANN, name, DIGEST)

    assert b"".join(world.library.read(asset)) == PICTURE
    assert world.rows("assets") == 1


def test_an_upload_stays_when_the_store_keeps_nothing(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    store = ForgetfulStore(str(world.store_folder), times=100)

    with pytest.raises(Unavailable, match="try again"):
        world.uploads_into(store).finish(ANN, name, DIGEST)

    assert world.rows("assets") == 0
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_many_uploads_go_on_at_once(any_world: AssetWorld) -> None:
    def upload(number: int) -> str:
        return any_world.upload(b"picture %d" % (number % 4)).name

    with ThreadPoolExecutor(8) as threads:
        names = set(threads.map(upload, range(24)))

    assert len(names) == any_world.rows("assets") == 24
    assert len(any_world.stored()) == 4
    assert any_world.arrived() == []


def test_a_stream_becomes_an_asset(world: AssetWorld) -> None:
    asset = world.ingest(PICTURE[i : i + 7] for i in range(0, len(PICTURE), 7))

    assert b"".join(world.library.read(asset)) == PICTURE
    assert world.library.get(ANN, asset.name) == asset
    assert world.arrived() == []


def test_an_equal_stream_of_the_same_caller_is_the_same_asset(any_world: AssetWorld) -> None:
    asset = any_world.upload()

    assert any_world.ingest([PICTURE]) == asset
    assert any_world.ingest([PICTURE], caller=EVE).name != asset.name
    assert any_world.stored() == [DIGEST]


def test_a_refused_stream_leaves_nothing_and_blames_its_field(world: AssetWorld) -> None:
    with pytest.raises(InvalidInput) as raised:
        world.ingest([b"no picture"], field="reference_chunk")

    assert raised.value.field == "reference_chunk"
    assert (world.arrived(), world.stored(), world.rows("assets")) == ([], [], 0)


def test_an_endless_stream_is_cut_off_and_leaves_nothing(world: AssetWorld) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1_000_000)

    with pytest.raises(Exhausted) as raised:
        world.ingest(endless(), field="audio_chunk")

    assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_TOO_LARGE, "audio_chunk")
    assert raised.value.metadata == {"limit_bytes": "4000000"}
    assert taken == 5
    assert world.arrived() == []


def test_a_stream_that_is_given_up_leaves_nothing(world: AssetWorld) -> None:
    with world.uploads.intake(ANN) as intake:
        intake.append(PICTURE)
        assert world.arrived() == [PICTURE]

    assert (world.arrived(), world.stored()) == ([], [])


def _created(world: AssetWorld, caller: Caller) -> Upload | Asset:
    return world.uploads.create(caller, "", "image/png", total_bytes=len(PICTURE), sha256=DIGEST)
