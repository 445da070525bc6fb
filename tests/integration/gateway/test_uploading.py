"""Uploads arrive piece by piece, whatever breaks on the way."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import google_crc32c
import pytest

from asset_world import ANN, BEN, DIGEST, EVE, PICTURE, AssetWorld
from s2v.core.errors import (
    Aborted,
    Conflict,
    Exhausted,
    InvalidInput,
    NotFound,
    OutOfRange,
    Reason,
)
from s2v_gateway.assets import partial_files
from s2v_gateway.assets.upload_rules import MAX_CHUNK_BYTES
from s2v_gateway.assets.uploads import Upload, UploadState


def test_an_upload_tells_how_far_it_is(any_world: AssetWorld) -> None:
    name = any_world.begin(sha256=DIGEST.upper())
    any_world.write(name, PICTURE[:10])

    assert any_world.uploads.get(ANN, name) == Upload(
        name=name,
        media_type="image/png",
        total_bytes=len(PICTURE),
        sha256=DIGEST,
        committed_bytes=10,
        expire_time=any_world.clock.time + timedelta(days=1),
        state=UploadState.OPEN,
    )


def test_the_same_request_gives_the_same_upload(any_world: AssetWorld) -> None:
    with ThreadPoolExecutor(8) as threads:
        names = set(threads.map(lambda _: any_world.begin(request="r1"), range(16)))

    assert len(names) == 1
    assert any_world.rows("uploads") == 1


def test_requests_without_an_id_give_uploads_of_their_own(any_world: AssetWorld) -> None:
    assert any_world.begin() != any_world.begin()


def test_a_request_id_belongs_to_one_request(world: AssetWorld) -> None:
    world.begin(31, request="r1")

    with pytest.raises(Conflict, match="use a new request_id") as raised:
        world.begin(32, request="r1")

    assert (raised.value.reason, raised.value.field) == (Reason.REQUEST_ID_REUSED, "request_id")


def test_a_request_id_is_each_subjects_own(any_world: AssetWorld) -> None:
    names = {any_world.begin(request="r1", caller=caller) for caller in (ANN, BEN, EVE)}

    assert len(names) == 3
    assert any_world.begin(32, request="r2", caller=EVE) != any_world.begin(31, request="r2")


def test_a_finished_request_gives_the_asset(world: AssetWorld) -> None:
    name = world.begin(request="r1")
    world.write(name, PICTURE)
    asset = world.uploads.finish(ANN, name, DIGEST)

    again = world.uploads.create(ANN, "r1", "image/png", total_bytes=len(PICTURE))

    assert again == asset


def test_more_bytes_than_the_disk_has_are_refused_before_they_come(
    world: AssetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_files.PartialFiles, "free_bytes", 30)

    with pytest.raises(Exhausted, match="31 bytes wanted, 30 left") as raised:
        world.begin(31)

    assert raised.value.reason == Reason.STORAGE_FULL
    assert world.rows("uploads") == 0


def test_more_bytes_than_the_server_takes_are_refused_with_the_limit(world: AssetWorld) -> None:
    with pytest.raises(Exhausted, match="more than the 4000000") as raised:
        world.begin(4_000_001)

    assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_TOO_LARGE, "total_bytes")
    assert raised.value.metadata == {"limit_bytes": "4000000"}
    assert world.rows("uploads") == 0


@pytest.mark.parametrize(
    "name",
    [
        "uploads/" + "0" * 32,
        "uploads/missing",
        "uploads/../gateway.db",
        "uploads/\0",
        "missing",
        "",
    ],
)
def test_an_upload_that_is_not_there_is_not_found(any_world: AssetWorld, name: str) -> None:
    world = any_world
    for call in (
        lambda: world.uploads.get(ANN, name),
        lambda: world.uploads.finish(ANN, name, DIGEST),
        lambda: world.write(name, b""),
    ):
        with pytest.raises(NotFound) as raised:
            call()
        assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_NOT_FOUND, "name")


def test_the_upload_of_another_tenant_is_not_found(any_world: AssetWorld) -> None:
    world = any_world
    name = world.begin()
    world.write(name, PICTURE)
    for call in (
        lambda: world.uploads.get(EVE, name),
        lambda: world.uploads.finish(EVE, name, DIGEST),
        lambda: world.write(name, b"", offset=len(PICTURE), caller=EVE),
    ):
        with pytest.raises(NotFound):
            call()

    assert world.uploads.get(BEN, name).committed_bytes == len(PICTURE)
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_a_name_needs_its_collection(world: AssetWorld) -> None:
    upload_id = world.begin().removeprefix("uploads/")
    asset_id = world.upload().name.removeprefix("assets/")

    with pytest.raises(NotFound):
        world.uploads.get(ANN, upload_id)
    with pytest.raises(NotFound):
        world.library.get(ANN, asset_id)


def test_a_chunk_must_begin_where_the_upload_ends(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE[:10])

    for offset in (0, 9, 11):
        with pytest.raises(OutOfRange, match="go on from 10") as raised:
            world.write(name, PICTURE[10:], offset=offset)
        assert raised.value.reason == Reason.UPLOAD_OFFSET_MISMATCH
        assert raised.value.field == "offset"
        assert raised.value.metadata == {"committed_bytes": "10"}

    assert world.arrived() == [PICTURE[:10]]


def test_nothing_of_a_damaged_chunk_is_written(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE[:10])

    with (
        pytest.raises(InvalidInput, match="send it again") as raised,
        world.uploads.writer(ANN, name) as writer,
    ):
        writer.append(10, PICTURE[10:], google_crc32c.value(PICTURE[10:]) ^ 1)

    assert (raised.value.reason, raised.value.field) == (Reason.CHUNK_CORRUPT, "crc32c")
    assert raised.value.metadata == {"committed_bytes": "10"}
    assert world.uploads.get(ANN, name).committed_bytes == 10


def test_a_chunk_may_come_without_a_crc_but_zero_is_one(world: AssetWorld) -> None:
    name = world.begin()

    with world.uploads.writer(ANN, name) as writer:
        assert writer.append(0, PICTURE[:10], None) == 10
        with pytest.raises(InvalidInput):
            writer.append(10, PICTURE[10:], 0)
        assert writer.append(10, PICTURE[10:], None) == len(PICTURE)

    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_nothing_beyond_the_declared_total_is_written(world: AssetWorld) -> None:
    name = world.begin(30)

    with pytest.raises(Exhausted, match="declared as 30 bytes") as raised:
        world.write(name, PICTURE)

    assert raised.value.reason == Reason.UPLOAD_TOO_LARGE
    assert raised.value.metadata == {"committed_bytes": "0", "limit_bytes": "30"}
    assert world.uploads.get(ANN, name).committed_bytes == 0


def test_a_chunk_is_at_most_a_mebibyte(world: AssetWorld) -> None:
    name = world.begin(MAX_CHUNK_BYTES + 1)

    with pytest.raises(InvalidInput) as raised:
        world.write(name, bytes(MAX_CHUNK_BYTES + 1))

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "data")
    assert world.write(name, bytes(MAX_CHUNK_BYTES)) == MAX_CHUNK_BYTES


def test_one_writer_at_a_time(world: AssetWorld) -> None:
    name = world.begin()

    with world.uploads.writer(ANN, name) as writer:
        writer.append(0, PICTURE, google_crc32c.value(PICTURE))
        with pytest.raises(Aborted) as writing:
            world.write(name, b"")
        with pytest.raises(Aborted) as finishing:
            world.uploads.finish(ANN, name, DIGEST)

    assert writing.value.reason == finishing.value.reason == Reason.CONCURRENT_WRITER
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_a_writer_may_come_when_the_one_before_has_failed(world: AssetWorld) -> None:
    name = world.begin()

    with pytest.raises(ConnectionError), world.uploads.writer(ANN, name):
        raise ConnectionError("the client went away")

    assert world.write(name, PICTURE) == len(PICTURE)


def test_a_finished_upload_takes_no_more(world: AssetWorld) -> None:
    name = world.begin()
    world.write(name, PICTURE)
    world.uploads.finish(ANN, name, DIGEST)

    with pytest.raises(OutOfRange) as raised:
        world.write(name, PICTURE)

    assert raised.value.metadata == {"committed_bytes": str(len(PICTURE))}
    assert world.uploads.get(ANN, name).state == UploadState.FINISHED
    assert world.uploads.get(ANN, name).committed_bytes == len(PICTURE)


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
import google_crc32c
from asset_world import ANN, AssetWorld
url, folder, name = sys.argv[1:]
world = AssetWorld(Path(folder), url)
with world.uploads.writer(ANN, name) as writer:
    writer.append(0, b"0123456789", google_crc32c.value(b"0123456789"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_survives_the_death_of_the_gateway(world: AssetWorld) -> None:
    data = b"0123456789abcdef"
    name = world.begin(len(data))

    died = subprocess.run(
        [sys.executable, "-c", WRITE_AND_DIE, world.url, str(world.folder.parent), name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    assert died.returncode == -9
    assert world.uploads.get(ANN, name).committed_bytes == 10
    world.write(name, data[10:], offset=10)
    asset = world.uploads.finish(ANN, name, sha256(data).hexdigest())
    assert b"".join(world.library.read(asset)) == data


def test_an_expired_upload_is_gone_and_its_request_id_free(world: AssetWorld) -> None:
    name = world.begin(31, request="r1")
    world.write(name, PICTURE)
    world.clock.time += timedelta(days=1)

    with pytest.raises(NotFound):
        world.uploads.get(ANN, name)

    assert world.begin(32, request="r1") != name
    assert world.rows("uploads") == 1


def test_a_sweep_removes_expired_uploads_and_keeps_the_others(any_world: AssetWorld) -> None:
    world = any_world
    asset = world.upload()
    world.write(world.begin(), b"old")
    world.clock.time += timedelta(days=1)
    world.write(world.begin(), b"new")

    assert world.uploads.sweep() == 2

    assert world.arrived() == [b"new"]
    assert world.rows("uploads") == 1
    assert world.library.get(ANN, asset.name) == asset


def test_a_sweep_lets_a_writer_end(world: AssetWorld) -> None:
    name = world.begin()

    with world.uploads.writer(ANN, name) as writer:
        writer.append(0, PICTURE, google_crc32c.value(PICTURE))
        world.clock.time += timedelta(days=1)
        assert world.uploads.sweep() == 0

    world.clock.time -= timedelta(days=1)
    assert world.uploads.finish(ANN, name, DIGEST).sha256 == DIGEST


def test_a_sweep_removes_what_a_killed_stream_left(world: AssetWorld) -> None:
    leftover = world.folder / "leftover"
    leftover.write_bytes(b"half a pic")
    long_ago = (world.clock.time - timedelta(days=2)).timestamp()
    os.utime(leftover, (long_ago, long_ago))

    assert world.uploads.sweep() == 0

    assert world.arrived() == []
