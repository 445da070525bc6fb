"""The disk is full again and again, whenever: a job waits for room or says STORAGE_FULL.

S2V_CHAOS_FILLS sets how often, S2V_CHAOS_SEED when and for how long.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from disks import SmallDisk, filled, small_disk_at
from ports import own_address
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import Exhausted, Reason
from s2v.rpc.errors import from_status
from stories import a_job

FILLS = int(os.environ.get("S2V_CHAOS_FILLS", "6"))
SEED = int(os.environ.get("S2V_CHAOS_SEED", "1"))
LONGEST_SECONDS = 4.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    (tmp_path / "home").mkdir()
    with small_disk_at(tmp_path / "home", mebibytes=96) as disk:
        yield disk


@pytest.fixture
def address(disk: SmallDisk, tmp_path: Path) -> Iterator[str]:
    """Where `s2v serve` over the small disk listens."""
    address = own_address()
    serve = [sys.executable, "-m", "s2v_cli.main", "serve", "--port", address.rpartition(":")[2]]
    with (tmp_path / "services.log").open("wb") as log:
        process = subprocess.Popen(
            [*disk.enter, *serve, "--http-port", "0", "--home", str(disk.mounted_on)],
            env={**os.environ, "S2V_GATEWAY_MEASURE_FILMS": "false"},
            stdout=log,
            stderr=log,
        )
    yield address
    process.send_signal(signal.SIGINT)
    process.wait(60)


def a_job_if_there_is_room(client: Client, seed: int) -> str | None:
    try:
        return a_job(client, seed, sentences=4)
    except Exhausted as error:
        if error.reason is not Reason.STORAGE_FULL:
            raise
        return None


@pytest.mark.timeout(120 + 30 * FILLS)
def test_no_job_is_stuck_however_often_the_disk_is_full(address: str, disk: SmallDisk) -> None:
    chance = random.Random(SEED)
    names = []
    with Client(address, patience_seconds=60) as client:
        for fill in range(FILLS):
            names.append(a_job_if_there_is_room(client, fill))
            moments = chance.randrange(12)
            for event in client.watch(names[-1]):
                moments -= 1
                if event.HasField("finished") or moments < 0:
                    break
            with filled(disk):
                # How long it is full is part of what is tried; nothing is waited for.
                time.sleep(chance.uniform(0, LONGEST_SECONDS))
                names.append(a_job_if_there_is_room(client, 1000 + fill))

        ended = [list(client.watch(name))[-1].finished for name in names if name]
        last = list(client.watch(a_job(client, 2000, sentences=1)))[-1].finished

    for job in ended:
        if job.state != job_pb2.JOB_STATE_SUCCEEDED:
            assert job.state == job_pb2.JOB_STATE_FAILED
            assert from_status(job.error).reason is Reason.STORAGE_FULL, job.error
    assert last.state == job_pb2.JOB_STATE_SUCCEEDED
    states = [job_pb2.JobState.Name(job.state) for job in ended]
    print(f"{states.count('JOB_STATE_SUCCEEDED')} of {len(names)} made, the others had no room")
    assert not [path for path in (disk.folder / "gateway" / "uploads").rglob("*") if path.is_file()]
