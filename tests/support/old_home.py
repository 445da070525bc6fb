"""The home that release 0.1.0 left behind; tests/data/home_0.1.0.md says what is in it."""

import base64
import io
import re
import sqlite3
import tarfile
import wave
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ARCHIVE = Path("tests/data/home_0.1.0.tar.xz")
DESCRIPTION = Path("tests/data/home_0.1.0.md")
UPLOAD_REQUEST_ID = "half an upload"

_JOB = re.compile(r"^\| ([a-z ]+) \| [A-Z]+ \| `([0-9a-f]{32})` \| ([^|]+) \| ([A-Z]+) \|$", re.M)
_FILM = re.compile(r"^\| ([a-z ]+) \| (\d+) \| `([0-9a-f]{64})` \|$", re.M)


@dataclass(frozen=True)
class OldJob:
    """A job of the old home, and how release 0.1.0 would have ended it."""

    name: str
    rendered: frozenset[int]
    ends: str
    frames: int = 0
    sha256: str = ""


def old_jobs() -> dict[str, OldJob]:
    """Return the jobs by display name, as the description tells them."""
    text = DESCRIPTION.read_text()
    films = {name: (int(frames), sha256) for name, frames, sha256 in _FILM.findall(text)}
    return {
        name: OldJob(
            f"jobs/{job_id}",
            frozenset(map(int, re.findall(r"render-(\d+)", steps))),
            ends,
            *films.get(name, (0, "")),
        )
        for name, job_id, steps, ends in _JOB.findall(text)
    }


def unpack(home: Path) -> None:
    """Unpack the home; the day for which its upload may be continued begins anew."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(home, filter="data")
    for path in (home / "gateway/uploads").iterdir():
        path.touch()
    with closing(sqlite3.connect(home / "gateway/gateway.db")) as database, database:
        database.execute(
            "UPDATE uploads SET expire_time = strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day')"
        )


def first_clip(home: Path, job: OldJob) -> Path:
    """Return the clip of a job's first segment that release 0.1.0 had rendered."""
    with closing(sqlite3.connect(home / "gateway/gateway.db")) as database:
        (outcome,) = database.execute(
            "SELECT output FROM operation_outputs "
            "WHERE workflow_uuid = ? AND function_name = 'render-0'",
            (job.name.removeprefix("jobs/"),),
        ).fetchone()
    pickled = base64.b64decode(outcome).decode("latin-1")
    digest = re.findall(r"[0-9a-f]{64}", pickled)[0]
    return home / "artifacts/sha256" / digest[:2] / digest


def half_uploaded() -> bytes:
    """Return all bytes of the file of which half is uploaded: a second of a sawtooth, a WAV."""
    pcm = (np.arange(8000) * 37 % 2000).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, len(pcm), "NONE", ""))
        writer.writeframes(pcm.tobytes())
    return file.getvalue()
