"""Whoever is killed and whenever: no job is lost, none is made twice, and nothing is left behind.

S2V_CHAOS_KILLS sets how many kills there are, S2V_CHAOS_SEED of whom and when. There are twice as
many jobs as kills.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from installations import Installation, installed
from memory import MIB, peak_bytes
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from stories import a_job, worker_pid

KILLS = int(os.environ.get("S2V_CHAOS_KILLS", "4"))
SEED = int(os.environ.get("S2V_CHAOS_SEED", "1"))
AT_ONCE = 3
BURST = 3
"""Kills that may come before any job has ended; later there is one for two jobs."""
SERVICES = ("gateway", "tts", "render", "compositor")
MOST_BYTES = 1024 * MIB
"""That one of the services may take."""
VICTIMS = (*SERVICES, "worker", "raylet", "all")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "home").mkdir()
    with installed(tmp_path / "home", TMPDIR=str(tmp_path / "temporary")) as installation:
        yield installation


def raylet_pid(session: int) -> int | None:
    """The raylet of a process group's leader; None while there is none."""
    for folder in Path("/proc").iterdir():
        try:
            if os.getsid(int(folder.name)) == session and (
                b"raylet" in (folder / "cmdline").read_bytes().split(b"\0")[0]
            ):
                return int(folder.name)
        except (ValueError, OSError):
            continue
    return None


def pids_of(victim: str, running: Installation) -> list[int]:
    """What is to be killed; nothing where it is not there just now."""
    supervised = [running.supervisor.pid(name) for name in SERVICES]
    if victim == "all":
        return [pid for pid in supervised if pid]
    if victim in SERVICES:
        return [pid] if (pid := running.supervisor.pid(victim)) else []
    if victim == "raylet":
        render = running.supervisor.pid("render")
        pid = raylet_pid(render) if render else None
        return [pid] if pid else []
    try:
        return [pid] if (pid := worker_pid(running.sockets)) else []
    except (grpc.RpcError, IndexError):
        return []


def killed(victim: str, running: Installation) -> bool:
    pids = pids_of(victim, running)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(pids)


class Watched:
    """How long the gateway did not answer at most after who was killed, asked all the time."""

    def __init__(self, address: str) -> None:
        self.longest_seconds: dict[str, float] = {}
        self.killed = "nobody"
        self._address = address
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        with Client(self._address, patience_seconds=60) as client:
            while not self._over.wait(0.1):
                asked = time.monotonic()
                client.system_status()
                seconds = time.monotonic() - asked
                longest = self.longest_seconds.get(self.killed, 0.0)
                self.longest_seconds[self.killed] = max(longest, seconds)


@pytest.mark.timeout(180 + 60 * KILLS)
def test_no_job_is_lost_or_made_twice_whoever_is_killed(
    running: Installation, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    made, unfinished, kills = list[str](), set[str](), list[str]()
    with running.client() as client, Watched(running.address) as watched:
        while len(made) < 2 * KILLS or unfinished:
            while len(unfinished) < AT_ONCE and len(made) < 2 * KILLS:
                name = a_job(client, seed=SEED, sentences=3)
                made.append(name)
                unfinished.add(name)
            moments = chance.randrange(1, 12)
            for event in client.watch(chance.choice(sorted(unfinished))):
                moments -= 1
                if event.HasField("finished") or not moments:
                    break
            may_kill = min(KILLS, BURST + (len(made) - len(unfinished)) // 2) > len(kills)
            if may_kill and killed(victim := chance.choice(VICTIMS), running):
                kills.append(victim)
                watched.killed = victim
            unfinished -= {job.name for job in client.list_jobs() if job.HasField("end_time")}

        jobs = {job.name: job for job in client.list_jobs()}
        assert len(kills) > KILLS // 2
        assert sorted(jobs) == sorted(made), kills
        states = {name: job.state for name, job in jobs.items()}
        assert set(states.values()) == {job_pb2.JOB_STATE_SUCCEEDED}, (kills, states)
        assert len({job.film.sha256 for job in jobs.values()}) == 1, "equal jobs make equal films"
        peaks = {
            name: peak_bytes(pid) for name in SERVICES if (pid := running.supervisor.pid(name))
        }
    seconds = {victim: round(longest, 1) for victim, longest in watched.longest_seconds.items()}
    print(f"{kills}; longest without an answer of the gateway, by who was killed last: {seconds}")
    taken = {name: peak // MIB for name, peak in peaks.items()}
    print(f"most memory since the last start, in MiB: {taken}")
    assert max(peaks.values()) < MOST_BYTES
    assert not [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()]
