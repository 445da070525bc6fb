"""A process that stands still for ever holds up a job for a while only, and no other job."""

import os
import signal
from typing import Any

import pytest

from s2v.api.gateway.v1 import job_pb2
from stories import a_job, wait_until_half_done, worker_pid


@pytest.mark.parametrize(
    ("seed", "victim"), list(enumerate(["tts", "render", "compositor", "worker", "gateway"]))
)
def test_a_process_that_stands_still_is_replaced_and_its_job_goes_on(
    impatient: Any, seed: int, victim: str
) -> None:
    with impatient.client() as client:
        name = a_job(client, seed)
        wait_until_half_done(client, name)
        is_worker = victim == "worker"
        pid = worker_pid(impatient.sockets) if is_worker else impatient.supervisor.pid(victim)
        os.kill(pid, signal.SIGSTOP)

        other = a_job(client, seed + 100, sentences=1)

        for job in (name, other):
            ended = list(client.watch(job))[-1].finished
            assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
            assert ended.progress.segments_rendered == ended.progress.segments_total
