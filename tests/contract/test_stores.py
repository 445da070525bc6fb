"""Every artifact store keeps the contract, and those on disk survive what disks do."""

import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from s2v.core.errors import Exhausted, Reason
from s2v.core.ports import ArtifactStore
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_store import InMemoryStore
from s2v.testing.store_contract import RemovalContract, StoreContract, TwoStepsContract


class TestDirectory(StoreContract, RemovalContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ArtifactStore:
        return FsspecStore(str(tmp_path / "store"))


class TestFileUrl(StoreContract, RemovalContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ArtifactStore:
        return FsspecStore((tmp_path / "a store").as_uri().replace("%20", " "))


class TestRemote(StoreContract, RemovalContract, TwoStepsContract):
    @pytest.fixture
    def store(self) -> ArtifactStore:
        return FsspecStore(f"memory://{uuid.uuid4().hex}/store")


class TestS3(StoreContract, RemovalContract, TwoStepsContract):
    @pytest.fixture
    def store(self, s3_url: str) -> ArtifactStore:
        return FsspecStore(s3_url)


class TestFake(StoreContract):
    @pytest.fixture
    def store(self) -> ArtifactStore:
        return InMemoryStore()


@pytest.fixture(params=["directory", "remote"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecStore:
    if request.param == "directory":
        return FsspecStore(str(tmp_path / "store"))
    return FsspecStore(f"memory://{uuid.uuid4().hex}/store")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_blob_lies_under_its_digest_and_is_its_own_local_file(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path))

    artifact = store.put([b"abc"], "text/plain")

    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files_below(tmp_path) == [tmp_path / "sha256" / "ba" / digest]
    with store.local(artifact) as path:
        assert path == tmp_path / "sha256" / "ba" / digest


def test_a_remote_blob_is_lent_as_a_file_that_goes_away() -> None:
    store = FsspecStore(f"memory://{uuid.uuid4().hex}")
    artifact = store.put([b"abc"], "text/plain")

    with store.local(artifact) as path:
        assert path.exists()

    assert not path.exists()
    assert not path.parent.exists()


def test_a_source_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path))

    with pytest.raises(ZeroDivisionError):
        store.put((b"x" * (1 // n) for n in (1, 0)), "text/plain")

    assert files_below(tmp_path) == []


def test_a_missing_source_leaves_no_file(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path / "store"))

    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "missing", "text/plain")

    assert files_below(tmp_path) == []


def test_an_equal_put_makes_the_blob_young_again(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path))
    store.put([b"abc"], "text/plain")
    (path,) = files_below(tmp_path)
    os.utime(path, (1_000, 1_000))

    store.put([b"abc"], "text/plain")

    assert files_below(tmp_path) == [path]
    assert path.stat().st_mtime > 1_000


def test_removing_leaves_no_file(store: FsspecStore, tmp_path: Path) -> None:
    artifact = store.put([b"abc"], "text/plain")
    assert not store.remove(artifact.sha256, unless=lambda: True)

    assert store.remove(artifact.sha256, unless=lambda: False)

    assert files_below(tmp_path) == []


def test_sweeping_a_large_folder_asks_about_a_few_hundred_at_a_time(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path))
    store.put([b"abc"], "text/plain")
    folder = tmp_path / "sha256" / "aa"
    folder.mkdir()
    for number in range(1_200):
        (folder / f"aa{number:062}").touch()
    asked: list[int] = []

    def needed(batch: set[str]) -> set[str]:
        asked.append(len(batch))
        return batch

    assert store.sweep(needed, older_than_seconds=-1) == 0

    assert sum(asked) == 1_201
    assert max(asked) <= 500


def test_sweep_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    store = FsspecStore(str(tmp_path))
    store.put([b"abc"], "text/plain")
    leftover = tmp_path / "unfinished" / "leftover"
    leftover.write_bytes(b"half of a bl")
    os.utime(leftover, (1_000, 1_000))

    assert store.sweep(lambda _: set(), older_than_seconds=3600) == 1

    assert not leftover.exists()


class FullFile(MemoryFile):
    """A file on a disk that takes ten bytes."""

    def write(self, data: bytes) -> int:
        if self.tell() + len(data) > 10:
            raise OSError(self.fs.number, os.strerror(self.fs.number))
        return int(super().write(data))


class FullFileSystem(MemoryFileSystem):
    """A file system whose disk is full."""

    protocol = "full"
    store: ClassVar[dict[str, Any]] = {}
    number = errno.ENOSPC

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if mode != "wb":
            return super()._open(path, mode, **options)
        file = FullFile(self, path)
        file.commit()
        return file


@pytest.fixture
def full_url() -> Iterator[str]:
    fsspec.register_implementation("full", FullFileSystem, clobber=True)
    yield "full://store"
    FullFileSystem.store.clear()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_a_remedy_and_leaves_nothing(
    full_url: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FullFileSystem, "number", number)
    store = FsspecStore(full_url)

    with pytest.raises(Exhausted, match=r"artifact store is full .*free space") as raised:
        store.put([b"12345678", b"12345678"], "text/plain")

    assert raised.value.reason == Reason.STORAGE_FULL
    assert FullFileSystem.store == {}
