"""The folder that a local Ray works in is nobody else's, whatever others put beside it."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2v_render.workers.cluster import RayFolder


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that is shared with others."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="s") as folder:
        Path(folder).chmod(0o1777)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_nobody_else_can_enter_it(shared: Path) -> None:
    folder = RayFolder()
    folder.path.mkdir(mode=0o777)
    (own,) = shared.iterdir()
    assert own in folder.path.parents
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    folder.remove()
    assert not list(shared.iterdir())


def test_what_the_dead_left_is_removed_and_what_lives_stays(shared: Path) -> None:
    living = RayFolder()
    (shared / "s2v-ray-dead").mkdir()
    (shared / "s2v-ray-dead" / "session").touch()
    another = RayFolder()
    assert set(shared.iterdir()) == {living.path.parent, another.path.parent}
    living.remove()
    another.remove()


def test_traps_beside_it_are_left_alone(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (shared / "s2v-ray-link").symlink_to(tmp_path)
    (shared / "s2v-ray-pipe").mkdir()
    os.mkfifo(shared / "s2v-ray-pipe" / "lock")
    (shared / "s2v-ray-file").touch()
    folder = RayFolder()
    folder.remove()
    assert (tmp_path / "precious").read_text() == "mine"
    assert len(list(shared.iterdir())) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_folders_of_others_are_left_alone(shared: Path) -> None:
    theirs = shared / "s2v-ray-theirs"
    theirs.mkdir()
    os.chown(theirs, 4242, 4242)
    RayFolder().remove()
    assert list(shared.iterdir()) == [theirs]
