"""A disk that is really full is named with its remedy, and nothing half-written stays on it."""

from collections.abc import Iterator
from pathlib import Path

import google_crc32c
import numpy as np
import pytest

from disks import SmallDisk, filled, small_disk_at
from s2v.core.errors import Exhausted, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.film import FilmMuxer
from s2v.media.video import ClipEncoder
from s2v.store.artifacts import FsspecStore
from s2v_gateway.assets.partial_files import PartialFiles
from s2v_gateway.assets.upload_rules import Writer
from s2v_gateway.events.live_media import LiveMedia

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk_at(tmp_path) as disk:
        yield disk


@pytest.fixture
def small_disk(disk: SmallDisk) -> Path:
    return disk.folder


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path, is_read_only=True) as disk:
        yield disk.folder


def test_a_store_that_is_read_only_says_so_with_the_remedy(read_only_disk: Path) -> None:
    with pytest.raises(Exhausted, match=r"store cannot be written to .*let the service") as raised:
        FsspecStore(str(read_only_disk)).put([b"clip"], "video/mp4")

    assert raised.value.reason == Reason.STORAGE_FULL
    assert str(read_only_disk) not in raised.value.message


def test_the_store_refuses_a_blob_that_does_not_fit_and_takes_one_that_does(
    small_disk: Path,
) -> None:
    store = FsspecStore(str(small_disk))

    with pytest.raises(Exhausted, match=r"artifact store is full .*free space") as raised:
        store.put((bytes(MIB) for _ in range(5)), "video/mp4")

    assert raised.value.reason == Reason.STORAGE_FULL
    assert str(small_disk) not in raised.value.message
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    assert store.put((bytes(MIB) for _ in range(3)), "video/mp4").size_bytes == 3 * MIB


def test_a_remote_blob_that_does_not_fit_into_the_temporary_folder_names_that(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FsspecStore("memory://full-disk")
    artifact = store.put((bytes(MIB) for _ in range(5)), "video/mp4")
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))

    with (
        pytest.raises(Exhausted, match="folder for temporary files is full") as raised,
        store.local(artifact),
    ):
        pass

    assert str(small_disk) not in raised.value.message
    assert list(small_disk.iterdir()) == []
    assert store.remove(artifact.sha256, unless=lambda: False)


def test_an_upload_keeps_the_whole_chunks_that_fitted(small_disk: Path) -> None:
    files = PartialFiles(small_disk)
    chunk = bytes(MIB - 1)
    crc32c = google_crc32c.value(chunk)

    with files.lease("one") as file:
        writer = Writer(file, 8 * MIB)
        for index in range(4):
            writer.append(index * len(chunk), chunk, crc32c)
        with pytest.raises(Exhausted, match="folder of uploads") as raised:
            writer.append(4 * len(chunk), chunk, crc32c)

    assert raised.value.reason == Reason.STORAGE_FULL
    assert str(small_disk) not in raised.value.message
    assert files.size_bytes("one") == 4 * len(chunk)


def test_live_media_that_does_not_fit_is_refused_and_what_came_before_can_be_read(
    small_disk: Path,
) -> None:
    media = LiveMedia(small_disk)
    media.write("job", 0, b"beginning" + bytes(3 * MIB))

    with pytest.raises(Exhausted, match="folder of live media") as raised:
        media.write("job", 3 * MIB + 9, bytes(2 * MIB))

    assert raised.value.reason == Reason.STORAGE_FULL
    assert str(small_disk) not in raised.value.message
    assert media.read("job", 0).startswith(b"beginning")


def test_a_clip_for_which_there_is_no_room_from_the_start_fails_at_every_picture(
    disk: SmallDisk,
) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (25, 256, 256, 3), np.uint8)
    clip = disk.folder / "clip.mp4"
    encoder = ClipEncoder(clip, width=256, height=256, frame_rate=25)
    with filled(disk):
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                encoder.write(pictures)
    with pytest.raises(OSError, match="No space left"):
        encoder.close()
    assert clip.stat().st_size == 0


def test_a_film_for_which_there_is_no_room_from_the_start_fails(
    disk: SmallDisk, tmp_path: Path
) -> None:
    clip, sound = tmp_path / "clip.mp4", [np.zeros(SAMPLE_RATE, np.int16)]
    with ClipEncoder(clip, width=64, height=64, frame_rate=25) as encoder:
        encoder.write(np.zeros((25, 64, 64, 3), np.uint8))
    muxer = FilmMuxer(disk.folder / "film.mp4", 25, marking=None)
    with filled(disk):
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                list(muxer.append(clip, sound))
        muxer.close()
