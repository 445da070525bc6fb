"""Assets are found by those who own them, and read from any byte on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from asset_world import ANN, BEN, EVE, PICTURE, AssetWorld
from s2v.core.errors import InvalidInput, NotFound, OutOfRange, Reason
from s2v.media.probe import MediaInfo
from s2v_gateway.assets.library import READ_PIECE_BYTES
from s2v_gateway.records.tables import assets

FILM = MediaInfo("video/mp4", "video", 1280, 720, 12.5)


def test_an_asset_that_is_not_there_is_not_found(any_world: AssetWorld) -> None:
    for name in ("assets/" + "0" * 32, "assets/missing", "assets/\0", "missing", ""):
        with pytest.raises(NotFound) as raised:
            any_world.library.get(ANN, name)
        assert (raised.value.reason, raised.value.field) == (Reason.ASSET_NOT_FOUND, "name")


def test_an_asset_belongs_to_its_tenant(any_world: AssetWorld) -> None:
    asset = any_world.upload()

    assert any_world.library.get(BEN, asset.name) == asset
    with pytest.raises(NotFound) as raised:
        any_world.library.get(EVE, asset.name)
    assert raised.value.reason == Reason.ASSET_NOT_FOUND


def test_an_asset_is_read_in_pieces_from_any_offset(world: AssetWorld) -> None:
    data = bytes(range(251)) * 3_000
    asset = world.ingest([data])

    sizes = [len(piece) for piece in world.library.read(asset)]

    assert sizes == [READ_PIECE_BYTES, READ_PIECE_BYTES, len(data) - 2 * READ_PIECE_BYTES]
    assert b"".join(world.library.read(asset, offset=300_001)) == data[300_001:]
    assert b"".join(world.library.read(asset, offset=5, limit_bytes=300_000)) == data[5:300_005]
    assert list(world.library.read(asset, offset=len(data))) == []


@pytest.mark.parametrize("offset", [-1, len(PICTURE) + 1])
def test_an_offset_outside_of_the_asset_is_refused_at_once(world: AssetWorld, offset: int) -> None:
    asset = world.upload()

    with pytest.raises(OutOfRange, match="0 and 31") as raised:
        world.library.read(asset, offset=offset)

    assert (raised.value.reason, raised.value.field) == (Reason.OFFSET_OUT_OF_RANGE, "offset")


def test_bytes_that_are_lost_are_missed_before_anything_is_sent(world: AssetWorld) -> None:
    asset = world.upload()
    world.lose(asset.sha256)

    with pytest.raises(NotFound) as raised:
        world.library.read(asset)

    assert raised.value.reason == Reason.ARTIFACT_NOT_FOUND


def test_a_negative_limit_is_refused(world: AssetWorld) -> None:
    asset = world.upload()

    with pytest.raises(InvalidInput) as raised:
        world.library.read(asset, limit_bytes=-1)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "limit_bytes")


def test_a_film_becomes_an_asset_of_its_job(world: AssetWorld) -> None:
    artifact = world.store.put([b"film"], "video/mp4")
    row = world.library.result_row(ANN, artifact, FILM, "0" * 32)
    with world.engine.begin() as connection:
        connection.execute(sa.insert(assets).values(row))

    film = world.library.get(BEN, f"assets/{row['id']}")

    assert film.artifact == artifact
    assert (film.width_pixels, film.height_pixels, film.duration_seconds) == (1280, 720, 12.5)
    assert film.job_id == "0" * 32
    assert world.library.owned(ANN, artifact.sha256, artifact.size_bytes) is None  # no upload


def test_an_asset_tells_when_it_goes(world: AssetWorld) -> None:
    name = world.upload().name
    artifact = world.store.put([b"film"], "video/mp4")
    row = world.library.result_row(ANN, artifact, FILM, "0" * 32)
    with world.engine.begin() as connection:
        connection.execute(sa.insert(assets).values(row))

    library = world.library_keeping(uploads=timedelta(days=2), jobs=timedelta(days=3))

    uploaded, film = library.get(ANN, name), library.get(ANN, f"assets/{row['id']}")
    assert uploaded.expire_time == world.clock.time + timedelta(days=2)
    assert film.expire_time == world.clock.time + timedelta(days=3)
    assert world.library.get(ANN, name).expire_time is None


def test_assets_are_listed_in_pages_the_newest_first(any_world: AssetWorld) -> None:
    made = []
    for number in range(5):
        made.append(any_world.upload(b"picture %d" % number).name)
        any_world.clock.time += timedelta(seconds=number % 2)  # some in the same moment
    any_world.upload(b"hers", caller=EVE)

    listed, token = [], ""
    while True:
        page, token = any_world.library.page(ANN, size=2, token=token)
        listed += [asset.name for asset in page]
        if not token:
            break

    assert sorted(listed) == sorted(made)
    times = [any_world.library.get(ANN, name).create_time for name in listed]
    assert times == sorted(times, reverse=True)


def test_a_token_of_somebody_else_is_refused(any_world: AssetWorld) -> None:
    hers = any_world.upload(caller=EVE).name.removeprefix("assets/")
    for token in (hers, "nonsense", "0" * 32):
        with pytest.raises(InvalidInput) as raised:
            any_world.library.page(ANN, size=2, token=token)
        assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "page_token")


def test_bytes_go_with_the_last_asset_that_has_them(any_world: AssetWorld) -> None:
    mine, hers = any_world.upload(), any_world.upload(caller=EVE)

    any_world.library.delete(ANN, mine.name)

    assert b"".join(any_world.library.read(hers)) == PICTURE
    with pytest.raises(NotFound):
        any_world.library.get(ANN, mine.name)
    with pytest.raises(NotFound):
        any_world.library.delete(ANN, hers.name)
    any_world.library.delete(EVE, hers.name)
    assert any_world.stored() == []
    assert any_world.rows("uploads") == 0
