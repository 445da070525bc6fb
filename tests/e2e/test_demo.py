"""`make demo`, the first thing that anybody does, in a new folder."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from borrowed import environment, light
from films import decode_sound
from s2v.media.video import decode_frames


def test_make_demo_makes_a_playable_film_in_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ".", str(clone)], check=True)
    # What the light product requires, and no more: that this can be had from afar is what everybody
    # sees who calls `make` in a new folder.
    environment(clone / ".venv", [*light(), "pip"])
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("S2V_", "VIRTUAL_"))}
    script = clone / "libs/s2v/samples/script.txt"  # a long one proves no more
    script.write_text(script.read_text().partition(". ")[0])
    done = subprocess.run(
        ["make", "demo"], cwd=clone, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    film = clone / "out" / "demo.mp4"
    frames = sum(1 for _ in decode_frames(film))
    assert abs(frames / 25 - len(decode_sound(film)) / 48_000) < 1 / 25
    assert frames > 25
    for stage in ("starting", "speaking", "rendering", "composing", "total"):
        assert re.search(rf"{stage} \d+\.\d s", done.stdout), done.stdout
    shutil.rmtree(clone)
