"""The client against a gateway that breaks, stays away and comes back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.client.source import CHUNK_BYTES
from s2v.core.errors import Corrupt, InvalidInput, NotFound, Reason, Unavailable
from s2v.testing.fakes_gateway import FILM, FakeGateway

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 4000  # four chunks


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGateway]:
    gateway = FakeGateway(f"unix:{tmp_path_factory.mktemp('g')}/gateway.sock")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[Client]:
    with Client(gateway.address, patience_seconds=30) as client:
        yield client


def test_an_upload_becomes_an_asset_with_the_type_of_its_bytes(
    gateway: FakeGateway, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "photo.of.me"
    path.write_bytes(PHOTO)

    asset = client.upload(path)

    assert asset.media_type == "image/jpeg"
    assert gateway.blobs[asset.name] == PHOTO
    assert gateway.write_offsets == [n * CHUNK_BYTES for n in range(4)]


def test_what_the_gateway_has_already_is_not_sent_again(
    gateway: FakeGateway, client: Client
) -> None:
    first = client.upload(PHOTO)
    gateway.calls.clear()

    assert client.upload(PHOTO) == first
    assert gateway.calls == ["CreateUpload"]


def test_an_upload_goes_on_after_the_last_chunk_that_arrived(
    gateway: FakeGateway, client: Client
) -> None:
    gateway.break_after["WriteUpload"] = 2

    asset = client.upload(PHOTO)

    assert gateway.blobs[asset.name] == PHOTO
    assert gateway.write_offsets == [n * CHUNK_BYTES for n in range(4)]
    assert gateway.calls == [
        "CreateUpload",
        "WriteUpload",
        "GetUpload",
        "WriteUpload",
        "FinishUpload",
    ]


def test_an_empty_file_is_refused_before_any_call(
    gateway: FakeGateway, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "nothing.png"
    path.touch()

    with pytest.raises(InvalidInput, match=r"nothing\.png is empty"):
        client.upload(path)
    assert gateway.calls == []


def test_a_download_goes_on_from_where_it_broke_off(
    gateway: FakeGateway, client: Client, tmp_path: Path
) -> None:
    film = gateway.add_asset(FILM, "video/mp4")
    gateway.break_after["ReadAsset"] = 1
    path = tmp_path / "film.mp4"

    assert client.download(film.name, path) == film

    assert path.read_bytes() == FILM
    assert gateway.read_offsets == [0, CHUNK_BYTES]
    assert list(tmp_path.iterdir()) == [path]


def test_a_download_with_another_digest_leaves_the_old_file_alone(
    gateway: FakeGateway, client: Client, tmp_path: Path
) -> None:
    film = gateway.add_asset(FILM, "video/mp4")
    gateway.blobs[film.name] = FILM[::-1]
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")

    with pytest.raises(Corrupt) as caught:
        client.download(film.name, path)

    assert caught.value.reason is Reason.DIGEST_MISMATCH
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_watching_resumes_after_the_last_event_that_was_seen(
    gateway: FakeGateway, client: Client
) -> None:
    job = client.create_job(job_pb2.JobSpec())
    gateway.break_after["WatchJob"] = 3

    events = [event.WhichOneof("event") for event in client.watch(job.name)]

    assert events == ["snapshot", "progress", "notice", "snapshot", "progress", "finished"]
    assert gateway.calls == ["CreateJob", "WatchJob", "WatchJob 2"]


def test_watching_survives_a_gateway_that_goes_away_and_comes_back(
    gateway: FakeGateway, client: Client
) -> None:
    job = client.create_job(job_pb2.JobSpec())
    events = client.watch(job.name)
    seen = [next(events), next(events)]

    gateway.stop()
    gateway.start()
    seen.extend(events)

    assert seen[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
    progress = [event.progress.frames_done for event in seen if event.HasField("progress")]
    assert progress == sorted(progress)


def test_a_gateway_that_stays_away_ends_the_client_patience(gateway: FakeGateway) -> None:
    gateway.stop()

    with (
        Client(gateway.address, patience_seconds=0.3) as client,
        pytest.raises(Unavailable),
    ):
        client.server_info()


def test_an_error_of_the_gateway_arrives_as_it_was_meant(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        list(client.watch("jobs/none"))

    assert caught.value.reason is Reason.JOB_NOT_FOUND
    assert caught.value.field == "name"


def test_listing_jobs_fetches_every_page(gateway: FakeGateway, client: Client) -> None:
    names = [client.create_job(job_pb2.JobSpec()).name for _ in range(5)]
    gateway.calls.clear()

    assert [job.name for job in client.list_jobs(page_size=2)] == names[::-1]
    assert gateway.calls == ["ListJobs"] * 3


def test_generate_sends_the_config_first_and_yields_until_finished(
    gateway: FakeGateway, client: Client
) -> None:
    config = generation_service_pb2.GenerateConfig()

    responses = list(client.generate(config, text=["Hello ", "world."], reference=PHOTO))

    assert gateway.calls == ["config", *["reference_chunk"] * 4, "text_chunk", "text_chunk"]
    kinds = [response.WhichOneof("event") for response in responses]
    assert kinds == ["accepted", "progress", "finished"]


def test_cancelling_ends_an_endless_job(gateway: FakeGateway, client: Client) -> None:
    gateway.endless = True
    job = client.create_job(job_pb2.JobSpec())
    gateway.on_watch = lambda: client.cancel(job.name)

    *_, last = client.watch(job.name)

    assert last.finished.state == job_pb2.JOB_STATE_CANCELLED
    assert re.search("cancelled", last.finished.error.message)
