"""Services are restarted one after the other while jobs run and wait: none is lost, none fails."""

import os
import signal
import time
from pathlib import Path

from installations import Installation, installed
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.media.video import decode_frames
from s2v_cli.local import SERVICES
from stories import a_job


def restart(installation: Installation, service: str) -> None:
    """End a service as an operator does, and return when it serves again."""
    supervisor = installation.supervisor
    before = supervisor.pid(service)
    assert before is not None
    os.kill(before, signal.SIGTERM)
    while supervisor.pid(service) in (before, None) or not supervisor.all_serving:
        time.sleep(0.05)  # nothing tells when it is back


def wait_until_jobs_run_and_wait(client: Client) -> None:
    while True:
        status = client.system_status()
        if status.running_jobs and status.queued_jobs:
            return
        time.sleep(0.05)  # nothing tells of all jobs


def test_a_rolling_restart_under_load_loses_and_fails_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    names = []
    with (
        installed(home, S2V_GATEWAY_MAX_RUNNING_JOBS="1") as installation,
        installation.client() as client,
    ):
        for seed, service in enumerate(SERVICES):
            names += [a_job(client, seed, sentences=5) for _ in range(2)]
            wait_until_jobs_run_and_wait(client)
            restart(installation, service)

        ended = {name: list(client.watch(name))[-1].finished for name in names}

        states = {name: (job.state, job.error.message) for name, job in ended.items()}
        assert states == dict.fromkeys(names, (job_pb2.JOB_STATE_SUCCEEDED, ""))
        assert {job.name for job in client.list_jobs()} == set(names)
        for name, job in ended.items():
            film = tmp_path / f"{name.removeprefix('jobs/')}.mp4"
            client.download(job.film.asset, film)
            assert sum(1 for _ in decode_frames(film)) == job.film.frames
