"""A downloaded film gets its name in one step, and replaces nothing that it should not."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from s2v.client.publishing import publish
from s2v.testing.fakes_gateway import FILM, FakeGateway

TLS = Path("tests/data/tls")  # a key that everybody knows, of nothing but these tests
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 4000  # four chunks


def test_a_download_that_is_not_to_replace_leaves_the_first_file(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    film = gateway.add_asset(FILM, "video/mp4")
    path = tmp_path / "film.mp4"
    client.download(film.name, path, replace=False)
    assert path.read_bytes() == FILM
    path.write_bytes(b"first")

    with pytest.raises(FileExistsError, match=r"film\.mp4"):
        client.download(film.name, path, replace=False)

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_download_replaces_no_link_and_no_pipe(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    film = gateway.add_asset(FILM, "video/mp4")
    link, target, pipe = tmp_path / "link.mp4", tmp_path / "target", tmp_path / "pipe.mp4"
    target.write_bytes(b"old")
    link.symlink_to(target)
    os.mkfifo(pipe)

    for path, kind in ((link, "a symbolic link"), (pipe, "a pipe")):
        with pytest.raises(FileExistsError, match=kind):
            client.download(film.name, path)

    assert link.is_symlink()
    assert target.read_bytes() == b"old"
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [link, pipe, target]


def test_a_name_may_be_as_long_as_the_file_system_lets_it(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    path = tmp_path / ("é" * 125 + ".mp4")
    client.download(gateway.add_asset(FILM, "video/mp4").name, path)
    assert path.read_bytes() == FILM


def test_without_hard_links_too_the_first_file_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    film, first, second = tmp_path / "film.mp4", tmp_path / "1.part", tmp_path / "2.part"
    first.write_bytes(b"first")
    second.write_bytes(b"second")

    publish(first, film, replace=False)
    with pytest.raises(FileExistsError):
        publish(second, film, replace=False)

    assert film.read_bytes() == b"first"
