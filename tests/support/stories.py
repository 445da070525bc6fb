"""Jobs of some length, and how to meet them in the middle."""

from pathlib import Path

from s2v.api.gateway.v1 import job_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.client import Client
from s2v.core.timebase import MIN_FRAME_RATE
from s2v.rpc.channel import connect_sync

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
SENTENCES = [
    "A lighthouse stands on a black rock.",
    "Behind it the boats come home at dusk.",
    "There an old man mends his fishing nets.",
    "He has not said a word in all the years.",
    "Every morning somebody brings him bread.",
    "Every evening the lamp on top is burning.",
    "One day a child sat down on the wall.",
    "She watched his hands for a whole hour.",
    "Then she began to mend a net as well.",
    "They walked to the lamp when it was late.",
]


def a_job(client: Client, seed: int, *, sentences: int = 7) -> str:
    """Start a film of so many segments, each of few and small pictures."""
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text=" ".join(SENTENCES[:sentences])),
        reference=client.upload(PORTRAIT).name,
        width_pixels=256,
        height_pixels=256,
        frame_rate=MIN_FRAME_RATE,
        seed=seed,
    )
    return client.create_job(spec).name


def wait_until_half_done(client: Client, name: str) -> None:
    for event in client.watch(name):
        done, total = event.progress.segments_rendered, event.progress.segments_total
        if event.HasField("progress") and 2 <= done < total:
            return
        assert not event.HasField("finished"), "the job ended before anything could be killed"


def worker_pid(sockets: Path) -> int:
    with connect_sync(f"unix:{sockets}/render.sock") as channel:
        stub = render_service_pb2_grpc.RenderServiceStub(channel)
        return stub.ListWorkers(render_service_pb2.ListWorkersRequest()).workers[0].pid
