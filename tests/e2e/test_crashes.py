"""kill -9 of any process in the middle of a job loses nothing and repeats nothing."""

import itertools
import os
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from s2v.api.gateway.v1 import job_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.client import Client
from s2v.media.video import decode_frames
from s2v.rpc.channel import connect_sync
from stories import a_job, wait_until_half_done, worker_pid


def recorded_segments(home: Path, name: str) -> set[int]:
    """Segments whose clip is written down."""
    with sqlite3.connect(f"file:{home}/gateway/gateway.db?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT function_name FROM operation_outputs WHERE workflow_uuid = ?",
            (name.removeprefix("jobs/"),),
        ).fetchall()
    return {int(row[0].partition("-")[2]) for row in rows if row[0].startswith("render-")}


def takes_begun(installation: Any, name: str, *, until: set[int]) -> Counter[int]:
    """How many takes began of each segment, once the log has those segments.

    Lines come late, and what a process had not passed on when it was killed never comes; but those
    of one process come in order.
    """
    while True:
        begun = Counter(
            int(str(line["segment"]))
            for line in installation.log_lines()
            if line["event"] == "take begins" and line["job_id"] == name.removeprefix("jobs/")
        )
        if until <= begun.keys():
            return begun
        time.sleep(0.05)  # nothing tells when a log has grown


@pytest.mark.parametrize(
    ("seed", "victim"), list(enumerate(["gateway", "tts", "render", "compositor", "worker"]))
)
def test_killing_a_process_in_the_middle_of_a_job_loses_and_repeats_nothing(
    installation: Any, client: Client, seed: int, victim: str, tmp_path: Path
) -> None:
    name = a_job(client, seed)
    wait_until_half_done(client, name)
    is_worker = victim == "worker"
    pid = worker_pid(installation.sockets) if is_worker else installation.supervisor.pid(victim)
    recorded = recorded_segments(installation.home, name)
    os.kill(pid, signal.SIGKILL)

    ended = list(client.watch(name))[-1].finished

    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    begun_later = set(range(ended.progress.segments_total)) - recorded
    takes = takes_begun(installation, name, until=begun_later)
    assert all(takes[index] <= 1 for index in recorded), (takes, recorded)
    client.download(ended.film.asset, tmp_path / "film.mp4")
    assert sum(1 for _ in decode_frames(tmp_path / "film.mp4")) == ended.film.frames
    assert ended.progress.segments_rendered == ended.progress.segments_total


def test_killing_everything_at_once_loses_no_job(installation: Any, client: Client) -> None:
    names = [a_job(client, seed) for seed in (100, 101)]
    wait_until_half_done(client, names[0])
    for service in ("gateway", "tts", "render", "compositor"):
        os.kill(installation.supervisor.pid(service), signal.SIGKILL)
    for name in names:
        assert list(client.watch(name))[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
    listed = [job.name for job in client.list_jobs()]
    assert len(listed) == len(set(listed))


def test_cancelling_frees_the_worker_within_two_seconds(installation: Any, client: Client) -> None:
    name = a_job(client, 300)
    wait_until_half_done(client, name)
    client.cancel(name)
    ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_CANCELLED
    with connect_sync(f"unix:{installation.sockets}/render.sock") as channel:
        stub = render_service_pb2_grpc.RenderServiceStub(channel)
        states: set[int] = set()
        while states != {render_service_pb2.WORKER_STATE_IDLE}:
            response = stub.ListWorkers(render_service_pb2.ListWorkersRequest(), timeout=2)
            states = {worker.state for worker in response.workers}


def test_what_a_watcher_has_seen_of_the_progress_stays_true_over_crashes(
    installation: Any, client: Client
) -> None:
    name = a_job(client, 400)
    seen: list[tuple[float, int, int, int, int]] = []
    kill_at = [1, 4]
    for event in client.watch(name):
        what = event.WhichOneof("event")
        if what in ("snapshot", "finished"):
            progress = getattr(event, what).progress
        elif what == "progress":
            progress = event.progress
        else:
            continue
        seen.append(
            (
                progress.fraction,
                progress.frames_done,
                progress.segments_spoken,
                progress.segments_rendered,
                progress.segments_total,
            )
        )
        if what == "progress" and kill_at and progress.segments_rendered >= kill_at[0]:
            kill_at.pop(0)
            os.kill(installation.supervisor.pid("gateway"), signal.SIGKILL)
    assert not kill_at, "the job ended before its gateway was killed often enough"
    for before, after in itertools.pairwise(seen):
        assert all(b <= a for b, a in zip(before, after, strict=True)), (before, after)
