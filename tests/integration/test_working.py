"""What a process worked on goes with it, or when the next one starts."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s2v.store.working import WorkFolder

HOLD = """
import sys
from pathlib import Path
from s2v.store.working import WorkFolder
folder = WorkFolder("s2v-test-", Path(sys.argv[1]))
(folder.path / "film.mp4").write_bytes(b"half a film")
print(folder.path, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_what_a_killed_process_left_goes_when_the_next_one_starts(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdout is not None
    theirs = Path(holder.stdout.readline().strip())

    living = WorkFolder("s2v-test-", tmp_path)
    assert (theirs / "film.mp4").exists()
    holder.kill()
    holder.wait()
    another = WorkFolder("s2v-test-", tmp_path)

    assert set(tmp_path.iterdir()) == {living.path, another.path}
    assert stat.S_IMODE(another.path.stat().st_mode) == 0o700
    living.remove()
    another.remove()
    assert not list(tmp_path.iterdir())


def test_many_that_start_at_once_keep_theirs(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        folders = list(pool.map(lambda _: WorkFolder("s2v-test-", tmp_path), range(64)))
    assert set(tmp_path.iterdir()) == {folder.path for folder in folders}
    for folder in folders:
        folder.remove()
