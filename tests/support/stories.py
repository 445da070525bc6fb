"""Jobs of some length, and how to meet them in the middle."""

from pathlib import Path

from s2v.api.gateway.v1 import job_pb2
from s2v.api.render.v1 import render_service_pb2, render_service_pb2_grpc
from s2v.client import Client
from s2v.rpc.channel import connect_sync

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


def a_job(client: Client, seed: int, *, sentences: int = 12) -> str:
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text=" ".join(SENTENCES[:sentences])),
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


def worker_pid(sockets: Path) -> int:
    with connect_sync(f"unix:{sockets}/render.sock") as channel:
        stub = render_service_pb2_grpc.RenderServiceStub(channel)
        return stub.ListWorkers(render_service_pb2.ListWorkersRequest()).workers[0].pid
