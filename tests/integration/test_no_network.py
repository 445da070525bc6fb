"""A film is made and checked without any network, and nothing is kept in the home directory.

What compiled libraries send is not seen by the block; those that report their use keep a number of
the device at home first.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "tests/data/offline_film.py"
MAKE = "from s2v_cli.main import app; app()"
PROBE = """
import sys
from pathlib import Path
from s2v.core.errors import InvalidInput
from s2v.media.pcm import decode_audio
from s2v.media.photo import read_photo
from s2v.media.playback import played
from s2v.media.probe import probe

for reader in (probe, read_photo, decode_audio, lambda path: next(played(path, 25))):
    try:
        reader(Path(sys.argv[1]))
    except InvalidInput:
        pass
"""
ELSEWHERE = "/etc/hostname"
NAMING_OTHERS = {
    "a.m3u8": f"#EXTM3U\n#EXTINF:10,\n{ELSEWHERE}\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n",
    "a.ffconcat": f"ffconcat version 1.0\nfile {ELSEWHERE}\nfile http://192.0.2.1/a.mp4\n",
    "a.sdp": "v=0\no=- 0 0 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 5004 RTP/AVP 0\n",
    "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    "<Period><AdaptationSet><Representation><BaseURL>http://192.0.2.1/a.mp4</BaseURL>"
    "</Representation></AdaptationSet></Period></MPD>",
    "a.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    f'<image href="file://{ELSEWHERE}"/><image href="http://192.0.2.1/a.png"/></svg>',
    "a.eps": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({ELSEWHERE}) run\n",
    "a.pdf": f"%PDF-1.7\n1 0 obj<</F({ELSEWHERE})/URI(http://192.0.2.1/)>>endobj\n",
    "a.webm": f"#EXTM3U\n{ELSEWHERE}\n",
}

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


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


def calls_of(folder: Path, calls: str, *command: str) -> str:
    """Run a program and return the system calls that it and its children made."""
    log = folder / "calls"
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "signal=none"]
    traced = [*strace, "-e", f"trace={calls}", "-o", str(log)]
    done = subprocess.run([*traced, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return log.read_text(errors="replace")


@needs_strace
def test_no_service_calls_another_machine(tmp_path: Path) -> None:
    """Compiled libraries and Ray's own processes are seen here, too."""
    make = ("make", "--text", "Hello.", "--reference", "libs/s2v/samples/portrait.jpg")
    make += ("--size", "256x256")
    film = tmp_path / "film.mp4"

    calls = calls_of(
        tmp_path,
        "connect,sendto,sendmsg,sendmmsg",
        *(sys.executable, "-c", MAKE, *make, "-o", str(film)),
    )

    assert film.exists()
    places = re.findall(r'(?:inet_addr\(|AF_INET6, )"([^"]+)"', calls)
    assert places, "Ray's processes talk to each other"
    assert {place for place in places if not place.startswith(("127.", "::1", "::ffff:127."))} == (
        set()
    )


@needs_strace
@pytest.mark.parametrize("name", NAMING_OTHERS)
def test_a_file_that_names_others_opens_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(NAMING_OTHERS[name])

    calls = calls_of(tmp_path, "openat,connect", sys.executable, "-c", PROBE, str(path))

    assert str(path) in calls
    assert ELSEWHERE not in calls
    assert "192.0.2.1" not in calls
