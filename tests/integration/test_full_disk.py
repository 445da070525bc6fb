"""A disk that is really full is named with its remedy, and nothing half-written stays on it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import google_crc32c
import pytest

from s2v.core.errors import Exhausted, Reason
from s2v.store.artifacts import FsspecStore
from s2v_gateway.assets.partial_files import PartialFiles
from s2v_gateway.assets.upload_rules import Writer
from s2v_gateway.events.live_media import LiveMedia

MIB = 1 << 20


@contextmanager
def mounted(tmp_path: Path, *mounting: str) -> Iterator[Path]:
    """A disk of 4 MiB, in a mount namespace of its own that needs no privileges."""
    steps = ('mount -t tmpfs -o size=4m none "$0"', *mounting, "echo ready", "read -r _")
    script = " && ".join(steps)
    holder = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no small disk can be mounted here: {holder.communicate()[1].strip()}")
        yield Path(f"/proc/{holder.pid}/root{tmp_path}")
    finally:
        holder.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path) as disk:
        yield disk


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, 'mount -o remount,ro "$0"') as disk:
        yield disk


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
