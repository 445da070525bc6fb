"""Make the home that the next releases test their upgrade with, and finish what it left undone.

    python tools/make_old_home.py make tests/data/home_0.1.0.tar.xz
    python tools/make_old_home.py finish tests/data/home_0.1.0.tar.xz

`make` runs the services of the release that it is started with, brings jobs into every state
through the public API, kills everything at once and packs what lies on the disk. A job's
`display_name` says which one it is: see `STATES`. `finish` runs the services, of whatever release,
over an unpacked copy until every job has ended. Linux only: it takes process families from /proc.
"""

import argparse
import contextlib
import hashlib
import io
import os
import select
import shutil
import signal
import sqlite3
import sys
import tarfile
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from google_crc32c import value as crc32c
from PIL import Image

from s2v.api.gateway.v1 import asset_service_pb2, generation_service_pb2, job_pb2
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.client import Client
from s2v.core.errors import S2VError
from s2v.media.pcm import decode_audio
from s2v.rpc.channel import connect_sync
from s2v_cli.home import socket_folder
from s2v_cli.local import free_address, service_specs
from s2v_cli.supervisor import Supervisor

PORTRAIT = Path(__file__).parents[1] / "libs/s2v/samples/portrait.jpg"
SENTENCE = "The lamp on the rock is burning."
SCRIPT = " ".join(
    (
        SENTENCE,
        "An old man mends his nets below.",
        "He never looks up from his work.",
        "The boats come home before dark.",
        "Nobody has ever asked him why.",
        "A child came along the pier once.",
        "She began to mend a net as well.",
        "They walked to the lamp together.",
        "There are two loaves of bread now.",
        "That is the whole of the story.",
    )
)
SEGMENTS = 10
"""Of the script: a sentence each."""
SIDE_PIXELS = 176
"""Of films and reference: the eyes are just far enough apart."""
STATES = {
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "running half": "RUNNING",
    "running live": "RUNNING",
    "running cut": "RUNNING",
    "cancelling": "CANCELLING",
    "queued text": "QUEUED",
    "queued sound": "QUEUED",
}
"""The state of each job, by its display name; its request_id is made of that (`request_id`)."""
ENDS = {"QUEUED": "SUCCEEDED", "RUNNING": "SUCCEEDED", "CANCELLING": "CANCELLED"}
"""Where a job goes from a state in which it was left; it stays in the others."""
UPLOAD_REQUEST_ID = "half an upload"
_SERVICES = ("gateway", "tts", "render", "compositor")
# How a film is encoded depends on the number of threads.
_ENCODING = {"S2V_RENDER_WORKERS": "1", "S2V_RENDER_WORKER_THREADS": "2"}
# Four places for jobs, which four of them keep; one worker, so that their takes queue up.
_MAKING = {"S2V_GATEWAY_MAX_RUNNING_JOBS": "4", **_ENCODING}
_TRANSIENT = ("tmp", "run", "services.log", "artifacts/.lock")
_ATTEMPTS = 20
_CATCH_SECONDS = 20.0


class Missed(Exception):
    """A moment that had to be caught has passed; make another home."""


@dataclass(frozen=True, slots=True)
class Running:
    """The four services over a home."""

    client: Client
    supervisor: Supervisor
    address: str

    def pid(self, service: str) -> int:
        """Return the process id of a service."""
        pid = self.supervisor.pid(service)
        if pid is None:
            raise RuntimeError(f"{service} has died")
        return pid

    def freeze(self, service: str) -> None:
        """Stop a service, without its children, where it stands."""
        os.kill(self.pid(service), signal.SIGSTOP)

    def kill(self) -> None:
        """Kill -9 every service with all of its children, and return when none is left."""
        families = [os.pidfd_open(pid) for name in _SERVICES for pid in _family(self.pid(name))]
        for process in families:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
        self.supervisor.kill()
        self.supervisor.stop()
        for process in families:
            select.select([process], [], [])
            os.close(process)


@contextmanager
def services(home: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """Run the four services over a home, with settings beside those of this process."""
    home.mkdir(parents=True, exist_ok=True)
    address = free_address("127.0.0.1", 0)
    with (home / "services.log").open("a") as log, socket_folder(home) as sockets:
        environment = {**os.environ, **settings}
        specs = service_specs(home, sockets, listen=address, environment=environment)
        with Supervisor(specs, report=_say, sink=log) as supervisor, Client(address) as client:
            yield Running(client, supervisor, address)


def finish(home: Path) -> dict[str, job_pb2.Job]:
    """Run the services over a home until every job has ended; return them by display name.

    Every film is downloaded, which compares its digest; the upload is finished, too.
    """
    with services(home, _ENCODING) as running, tempfile.TemporaryDirectory() as folder:
        client = running.client
        names = [job.name for job in client.list_jobs()]
        ended = [list(client.watch(name))[-1].finished for name in names]
        for job in ended:
            if job.HasField("film"):
                client.download(job.film.asset, Path(folder) / "film.mp4")
        _finish_upload(running.address)
        return {job.spec.display_name: job for job in ended}


def unpack(archive: Path, home: Path) -> None:
    """Unpack a home; the day for which an upload may be continued begins anew."""
    with tarfile.open(archive) as packed:
        packed.extractall(home, filter="data")
    for path in (home / "gateway/uploads").iterdir():
        path.touch()
    with closing(_database(home)) as database, database:
        database.execute(
            "UPDATE uploads SET expire_time = strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day')"
        )


def pack(home: Path, archive: Path) -> None:
    """Pack a home so that equal homes give equal archives."""

    def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 0
        return member

    with tarfile.open(archive, "w:xz", format=tarfile.USTAR_FORMAT, preset=9) as packed:
        for path in sorted(home.rglob("*")):
            name = path.relative_to(home).as_posix()
            packed.add(path, name, recursive=False, filter=nobodys)


def make(home: Path) -> None:
    """Bring jobs into every state, kill everything and clean up.

    Raises:
        Missed: a moment has passed too fast.
    """
    with services(home, _MAKING) as running:
        try:
            _end_some(running.client)
            _leave_uploads(running)
            _begin_some(running)
            _cancel_and_freeze(running, home)
        finally:
            running.kill()
    with closing(_database(home)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in _TRANSIENT:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    check(home)


def check(home: Path) -> None:
    """Read in the database whether everything is there that the home is made for.

    Raises:
        Missed: something is not.
    """
    jobs = read_jobs(home)
    states = {name: job.state for name, job in jobs.items()}
    _require(states == STATES, f"the states are {states}")
    for name, job in jobs.items():
        # Whoever is cancelled in the queue has ended, but keeps its place there.
        waits = job.state in ENDS or name == "cancelled"
        _require(job.workflow == ("PENDING" if waits else "SUCCESS"), f"{name}: {job.workflow}")
    half, live = jobs["running half"], jobs["running live"]
    for job in (half, live):
        _require("render-0" in job.steps and job.rendered < job.spoken < SEGMENTS, f"half: {job}")
    _require(jobs["running cut"].steps == ("cut",), f"cut: {jobs['running cut']}")
    _require("cut" in jobs["cancelling"].steps, f"cancelling: {jobs['cancelling']}")
    _require("compose" not in jobs["cancelling"].steps, f"cancelling: {jobs['cancelling']}")
    for name in ("queued text", "queued sound"):
        _require(not jobs[name].steps, f"{name}: {jobs[name]}")
    _require("compose" in jobs["succeeded"].steps, "the film has no step")
    media = home / f"gateway/media/{live.job_id}.mp4"
    _require(media.is_file() and media.stat().st_size > 0, "there is no live media")
    with closing(_database(home)) as database:
        [(stats,)] = database.execute("SELECT stats FROM jobs WHERE state = 'SUCCEEDED'")
        uploads = database.execute("SELECT id, total_bytes, asset_id FROM uploads").fetchall()
    _require(stats is not None, "the film was not measured")
    [(upload, total_bytes)] = [(row[0], row[1]) for row in uploads if row[2] is None]
    staged = (home / "gateway/uploads" / upload).stat().st_size
    _require(staged == total_bytes // 2, f"{staged} bytes of {total_bytes} were uploaded")
    _require(len(uploads) > 1, "no upload was finished")


@dataclass(frozen=True, slots=True)
class Row:
    """A job as it lies in the database, with the steps whose outcome is kept."""

    job_id: str
    state: str
    workflow: str
    steps: tuple[str, ...]

    @property
    def spoken(self) -> int:
        """How many segments are spoken."""
        return sum(step.startswith("speak-") for step in self.steps)

    @property
    def rendered(self) -> int:
        """How many segments are rendered."""
        return sum(step.startswith("render-") for step in self.steps)


def read_jobs(home: Path) -> dict[str, Row]:
    """Read the jobs by display name."""
    with closing(_database(home)) as database:
        rows = database.execute(
            "SELECT json_extract(asked, '$.display_name'), job_id, state, status FROM jobs "
            "LEFT JOIN workflow_status ON workflow_uuid = job_id ORDER BY number"
        ).fetchall()
        return {
            name: Row(job_id, state, status, _steps(database, job_id))
            for name, job_id, state, status in rows
        }


def request_id(name: str) -> str:
    """Return the request_id of the job of that display name."""
    return f"old {name}"


def half_uploaded() -> bytes:
    """Return all bytes of the file of which half is uploaded: a second of a sawtooth, a WAV."""
    return _wav((np.arange(8000) * 37 % 2000).astype(np.int16), 8000)


def _end_some(client: Client) -> None:
    """Make a film and let it be measured; have a job fail."""
    reference = client.upload(_portrait())
    name = client.create_job(
        _spec("succeeded", reference.name, SENTENCE), request_id=request_id("succeeded")
    ).name
    blank = client.upload(_jpeg(Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (90, 120, 150))))
    failing = _spec("failed", blank.name, SENTENCE)
    failed = client.create_job(failing, request_id=request_id("failed")).name
    for job in (name, failed):
        list(client.watch(job))
    _wait_until(lambda: client.job(name).HasField("stats"))


def _leave_uploads(running: Running) -> None:
    """Leave an upload in the middle, and an asset that no job uses."""
    running.client.upload(_wav(np.zeros(4000, np.int16), 8000))
    with _uploading(running.address) as (stub, upload):
        _write(stub, upload, half_uploaded()[: upload.total_bytes // 2])


def _finish_upload(address: str) -> None:
    with _uploading(address) as (stub, upload):
        if upload.committed_bytes != upload.total_bytes // 2:
            raise RuntimeError(f"{upload.committed_bytes} bytes are left of the upload")
        _write(stub, upload, half_uploaded())
        stub.FinishUpload(asset_service_pb2.FinishUploadRequest(name=upload.name))


@contextmanager
def _uploading(address: str) -> Iterator[tuple[AssetServiceStub, asset_service_pb2.Upload]]:
    """Begin the upload that was left in the middle, or join it."""
    data = half_uploaded()
    request = asset_service_pb2.CreateUploadRequest(
        request_id=UPLOAD_REQUEST_ID,
        media_type="audio/wav",
        total_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    with connect_sync(address) as channel:
        stub = AssetServiceStub(channel)
        yield stub, stub.CreateUpload(request).upload


def _write(stub: AssetServiceStub, upload: asset_service_pb2.Upload, data: bytes) -> None:
    offset = upload.committed_bytes
    piece = asset_service_pb2.WriteUploadRequest(
        name=upload.name, offset=offset, data=data[offset:], crc32c=crc32c(data[offset:])
    )
    stub.WriteUpload(iter([piece]))


def _begin_some(running: Running) -> None:
    """Fill the four places with jobs, freeze speech and pictures in the middle, queue others."""
    client = running.client
    reference = client.upload(_portrait()).name
    sound = client.upload(_sound_of_the_film(client))
    half = _begin(client, _spec("running half", reference, SCRIPT, seed=1))
    config = generation_service_pb2.GenerateConfig(
        request_id=request_id("running live"),
        spec=_spec("running live", "", SCRIPT, seed=2),
        keep_running=True,
    )
    call = client.generate(config, reference=_portrait())
    live = next(call).accepted.name
    cancelling = _begin(client, _spec("cancelling", reference, SCRIPT, seed=3))
    _watch_until(client, half, lambda progress: progress.segments_rendered > 0)
    _require(any(event.HasField("media") for event in call), "the live film ended early")
    _watch_until(client, cancelling, lambda progress: progress.segments_spoken > 0)
    cut = _begin(client, _spec("running cut", reference, SCRIPT, seed=4, voice="oak"))
    _watch_until(client, cut, lambda progress: progress.segments_total > 0)
    running.freeze("tts")
    running.freeze("render")
    # Progress is written down once a second.
    _wait_until(lambda: all(client.job(name).progress.segments_rendered for name in (half, live)))
    cancelled = _begin(client, _spec("cancelled", reference, SENTENCE))
    _begin(client, _spec("queued text", reference, SENTENCE, seed=5))
    spec = _spec("queued sound", reference, "", seed=6)
    spec.script.CopyFrom(job_pb2.Script(audio=sound.name, transcript=SENTENCE))
    _begin(client, spec)
    client.cancel(cancelled)
    list(client.watch(cancelled))


def _cancel_and_freeze(running: Running, home: Path) -> None:
    """Cancel a job and freeze the gateway between its state's becoming CANCELLING and CANCELLED."""
    job_id = read_jobs(home)["cancelling"].job_id
    cancel = threading.Thread(target=_cancel, args=(running.address, f"jobs/{job_id}"), daemon=True)
    with closing(_database(home)) as database:
        database.isolation_level = None

        def state() -> str:
            query = "SELECT state FROM jobs WHERE job_id = ?"
            return str(database.execute(query, (job_id,)).fetchone()[0])

        deadline = time.monotonic() + _CATCH_SECONDS
        cancel.start()
        while state() == "RUNNING" and time.monotonic() < deadline:
            pass  # the moment is some milliseconds long
        running.freeze("gateway")
        while _process_state(running.pid("gateway")) != "T":
            time.sleep(0.001)
        _require(state() == "CANCELLING", f"the job to be caught cancelling is {state()}")


def _cancel(address: str, name: str) -> None:
    with Client(address, patience_seconds=0) as client, contextlib.suppress(S2VError):
        client.cancel(name)


def _begin(client: Client, spec: job_pb2.JobSpec) -> str:
    return client.create_job(spec, request_id=request_id(spec.display_name)).name


def _spec(
    name: str, reference: str, text: str, *, seed: int = 0, voice: str = ""
) -> job_pb2.JobSpec:
    return job_pb2.JobSpec(
        script=job_pb2.Script(text=text) if text else None,
        reference=reference,
        voice=voice,
        width_pixels=SIDE_PIXELS,
        height_pixels=SIDE_PIXELS,
        seed=seed,
        display_name=name,
    )


def _watch_until(client: Client, name: str, reached: Callable[[job_pb2.Progress], bool]) -> None:
    for event in client.watch(name):
        progress = event.snapshot.progress if event.HasField("snapshot") else event.progress
        if reached(progress):
            return
    raise Missed(f"{name} ended early")


def _wait_until(written: Callable[[], bool]) -> None:
    """Wait for something in the database of which no event tells."""
    deadline = time.monotonic() + _CATCH_SECONDS
    while not written():
        _require(time.monotonic() < deadline, "the database does not change")
        time.sleep(0.05)


def _sound_of_the_film(client: Client) -> bytes:
    """Return the sound of the film that is finished as a small WAV."""
    [film] = [job.film for job in client.list_jobs() if job.HasField("film")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        client.download(film.asset, path)
        pcm = decode_audio(path)
    thirds = pcm[: len(pcm) // 3 * 3].reshape(-1, 3)
    return _wav(thirds.mean(axis=1).astype(np.int16), 16_000)


def _portrait() -> bytes:
    with Image.open(PORTRAIT) as portrait:
        return _jpeg(portrait.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.LANCZOS))


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def _wav(pcm: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, rate, len(pcm), "NONE", ""))
        writer.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


def _database(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "gateway/gateway.db", timeout=30)


def _steps(database: sqlite3.Connection, job_id: str) -> tuple[str, ...]:
    rows = database.execute(
        "SELECT function_name FROM operation_outputs "
        "WHERE workflow_uuid = ? AND output IS NOT NULL ORDER BY function_id",
        (job_id,),
    )
    return tuple(row[0] for row in rows)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in children.read_text().split():
                yield from _family(int(child))


def _process_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def _require(fact: bool, message: str) -> None:
    if not fact:
        raise Missed(message)


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _make_until_it_succeeds(folder: Path) -> Path:
    for attempt in range(_ATTEMPTS):
        home = folder / str(attempt)
        try:
            make(home)
        except Missed as error:
            _say(f"missed: {error}; trying again")
        else:
            return home
    raise SystemExit(f"missed {_ATTEMPTS} times; is the machine very busy?")


def _print_ends(jobs: Mapping[str, job_pb2.Job]) -> None:
    for role, before in STATES.items():
        job = jobs[role]
        state = job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_")
        if state != ENDS.get(before, before):
            raise SystemExit(f"{role}, {before} before, is {state} now: {job.error.message}")
        print(state, role, job.name, job.film.frames, job.film.size_bytes, job.film.sha256)


def main() -> None:
    """Make a home, or finish one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=("make", "finish"))
    parser.add_argument("archive", type=Path)
    arguments = parser.parse_args()
    # A short name: the sockets lie deep below it.
    with tempfile.TemporaryDirectory(prefix="old-", dir="/tmp") as name:
        if arguments.action == "make":
            home = _make_until_it_succeeds(Path(name))
            pack(home, arguments.archive)
            for role, row in read_jobs(home).items():
                print(row.state, role, row.job_id, *row.steps)
        else:
            home = Path(name) / "h"
            unpack(arguments.archive, home)
            _print_ends(finish(home))


if __name__ == "__main__":
    main()
