"""kill -9 of any process in the middle of a job loses nothing and repeats nothing."""

import os
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from s2v.api.gateway.v1 import job_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.client import Client
from s2v.media.video import decode_frames
from s2v.rpc.channel import connect_sync

# The first test of a session waits for all services to start.
pytestmark = pytest.mark.timeout(300)

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
SENTENCES = [
    "The first thing that a traveller sees is the lighthouse on the rock.",
    "Behind it lies a harbour, where the boats come home before it is dark.",
    "An old man mends his nets there, and he never looks up from his work.",
    "People say that he has not spoken a single word in all these years.",
    "But every morning somebody puts a loaf of bread in front of his door.",
    "And every evening the lamp is burning, whatever the weather may be.",
    "Nobody has ever asked him why, and he would not have answered them.",
    "One day a child came along the pier and sat down on the wall beside him.",
    "She watched his hands for an hour, and then she began to mend a net too.",
    "When the sun went down he smiled, and they walked to the lamp together.",
    "Since that day there have been two loaves of bread in front of the door.",
    "That is the whole story, and it is as true as any story that I know.",
]


def a_job(client: Client, seed: int) -> str:
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text=" ".join(SENTENCES)),
        reference=client.upload(PORTRAIT).name,
        width_pixels=256,
        height_pixels=256,
        seed=seed,
    )
    return client.create_job(spec).name


def wait_until_half_done(client: Client, name: str) -> None:
    for event in client.watch(name):
        done, total = event.progress.segments_rendered, event.progress.segments_total
        if event.HasField("progress") and 2 <= done < total:
            return
        assert not event.HasField("finished"), "the job ended before anything could be killed"


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


def worker_pid(sockets: Path) -> int:
    with connect_sync(f"unix:{sockets}/render.sock") as channel:
        stub = render_service_pb2_grpc.RenderServiceStub(channel)
        return stub.ListWorkers(render_service_pb2.ListWorkersRequest()).workers[0].pid


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


def test_a_gateway_that_is_told_to_stop_goes_on_with_its_jobs_when_it_is_back(
    installation: Any, client: Client
) -> None:
    name = a_job(client, 200)
    wait_until_half_done(client, name)
    os.kill(installation.supervisor.pid("gateway"), signal.SIGTERM)
    ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error


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
