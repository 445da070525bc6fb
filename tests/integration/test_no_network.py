"""A film is made and checked without any network, and nothing is kept in the home directory.

What compiled libraries send is not seen by the block; those that report their use keep a number of
the device at home first.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = "tests/data/offline_film.py"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a new process whose home is empty: nothing was downloaded before."""
    home = folder / "home"
    home.mkdir(parents=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=kept | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_film_is_made_and_checked_with_sockets_blocked(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    done = run(tmp_path, str(film))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "the lips follow the sound"
    assert found["marked_as"] == "compositeSynthetic"
    assert found["identity_distance"] is not None, "the extra `identity` is part of `dev`"
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_the_block_holds(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    for place in ("example.org", "192.0.2.1"):
        done = run(tmp_path / place, str(film), place)
        assert done.returncode == 3, done.stderr
        assert place in done.stderr
    assert not film.exists()
