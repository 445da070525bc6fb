"""Services are restarted one after the other while jobs run and wait: none is lost, none fails."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from installations import Installation
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


def more_jobs(client: Client) -> list[str]:
    """Start jobs until some run and some wait."""
    started: list[str] = []
    while not ((status := client.system_status()).running_jobs and status.queued_jobs):
        started.append(a_job(client, seed=len(started), sentences=4))
    return started


def test_a_rolling_restart_under_load_loses_and_fails_nothing(
    equipped: Any, tmp_path: Path
) -> None:
    names: list[str] = []
    with equipped.installation.client() as client:
        earlier = {job.name for job in client.list_jobs()}
        for service in SERVICES:
            names += more_jobs(client)
            restart(equipped.installation, service)

        ended = {name: list(client.watch(name))[-1].finished for name in names}

        states = {name: (job.state, job.error.message) for name, job in ended.items()}
        assert states == dict.fromkeys(names, (job_pb2.JOB_STATE_SUCCEEDED, ""))
        assert {job.name for job in client.list_jobs()} - earlier == set(names)
        for name, job in ended.items():
            film = tmp_path / f"{name.removeprefix('jobs/')}.mp4"
            client.download(job.film.asset, film)
            assert sum(1 for _ in decode_frames(film)) == job.film.frames
