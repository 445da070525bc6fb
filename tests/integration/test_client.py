"""The client against a gateway that breaks, stays away and comes back."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from s2v.api.gateway.v1 import (
    generation_service_pb2,
    job_pb2,
    job_service_pb2,
    voice_service_pb2,
)
from s2v.client import AsyncClient, Client, Tls
from s2v.client.source import CHUNK_BYTES, Source
from s2v.core.errors import Corrupt, DeadlineExceeded, InvalidInput, NotFound, Reason, Unavailable
from s2v.testing.fakes_gateway import FILM, FakeGateway

TLS = Path("tests/data/tls")  # a key that everybody knows, of nothing but these tests
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 4000  # four chunks


def test_an_upload_becomes_an_asset_with_the_type_of_its_bytes(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    path = tmp_path / "photo.of.me"
    path.write_bytes(PHOTO)

    asset = client.upload(path)

    assert asset.media_type == "image/jpeg"
    assert gateway.blobs[asset.name] == PHOTO
    assert gateway.write_offsets == [n * CHUNK_BYTES for n in range(4)]


def test_what_the_gateway_has_already_is_not_sent_again(gateway: FakeGateway, client: Any) -> None:
    first = client.upload(PHOTO)
    gateway.calls.clear()

    assert client.upload(PHOTO) == first
    assert gateway.calls == ["CreateUpload"]


def test_an_upload_goes_on_after_the_last_chunk_that_arrived(
    gateway: FakeGateway, client: Any
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


def test_a_file_is_named_by_its_path_or_by_text(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "me.jpg"
    path.write_bytes(PHOTO)

    assert client.upload(str(path)) == client.upload(path) == client.upload(PHOTO)

    client.download(client.upload(path).name, str(tmp_path / "copy.jpg"))
    assert (tmp_path / "copy.jpg").read_bytes() == PHOTO


def test_an_upload_whose_check_takes_its_time_is_asked_after_until_it_is_an_asset(
    gateway: FakeGateway, client: Any
) -> None:
    gateway.checking = 3
    gateway.break_after["FinishUpload"] = 1  # the second answer is lost, too

    asset = client.upload(PHOTO)

    assert gateway.blobs[asset.name] == PHOTO
    assert gateway.calls.count("FinishUpload") == 4


def test_an_upload_that_a_gateway_was_lost_with_is_sent_again(
    gateway: FakeGateway, client: Any
) -> None:
    gateway.forgets = True

    asset = client.upload(PHOTO)

    assert gateway.blobs[asset.name] == PHOTO
    assert gateway.calls.count("FinishUpload") == 2


def test_a_call_whose_answer_is_lost_is_repeated_and_does_its_work_once(
    gateway: FakeGateway, client: Any
) -> None:
    gateway.break_after |= {"CreateUpload": 1, "FinishUpload": 1, "CreateJob": 1}

    client.upload(PHOTO)
    job = client.create_job(job_pb2.JobSpec())

    assert list(gateway.jobs) == [job.name]
    assert len(gateway.assets) == len(gateway.uploads) == 1
    assert gateway.calls.count("CreateJob") == 2


def test_an_error_while_a_file_is_read_is_not_taken_for_one_of_the_gateway(
    gateway: FakeGateway, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Source, offset: int = 0) -> Iterator[bytes]:
        yield b"\xff\xd8\xff"
        raise OSError("the disk is gone")

    monkeypatch.setattr(Source, "chunks", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        client.upload(PHOTO)


def test_an_empty_file_is_refused_before_any_call(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    path = tmp_path / "nothing.png"
    path.touch()

    with pytest.raises(InvalidInput, match=r"nothing\.png is empty"):
        client.upload(path)
    assert gateway.calls == []


def test_a_download_goes_on_from_where_it_broke_off(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    film = gateway.add_asset(FILM, "video/mp4")
    gateway.break_after["ReadAsset"] = 1
    path = tmp_path / "film.mp4"

    assert client.download(film.name, path) == film

    assert path.read_bytes() == FILM
    assert gateway.read_offsets == [0, CHUNK_BYTES]
    assert list(tmp_path.iterdir()) == [path]


def test_a_download_with_another_digest_leaves_the_old_file_alone(
    gateway: FakeGateway, client: Any, tmp_path: Path
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


def test_a_gateway_that_stays_away_ends_the_client_patience(gateway: FakeGateway) -> None:
    gateway.stop()

    with (
        Client(gateway.address, patience_seconds=0.3) as client,
        pytest.raises(Unavailable),
    ):
        client.server_info()


def test_an_error_of_the_gateway_arrives_as_it_was_meant(client: Any) -> None:
    with pytest.raises(NotFound) as caught:
        list(client.watch("jobs/none"))

    assert caught.value.reason is Reason.JOB_NOT_FOUND
    assert caught.value.field == "name"


def test_listing_jobs_fetches_every_page(gateway: FakeGateway, client: Any) -> None:
    names = [client.create_job(job_pb2.JobSpec()).name for _ in range(5)]
    gateway.calls.clear()

    assert [job.name for job in client.list_jobs(page_size=2)] == names[::-1]
    assert gateway.calls == ["ListJobs"] * 3


def test_voices_engines_and_assets_come_from_every_page(gateway: FakeGateway, client: Any) -> None:
    voice = voice_service_pb2.Voice
    gateway.voices = [voice(name=f"voices/{number}") for number in range(450)]
    uploads = [client.upload(bytes([number]) * 8).name for number in range(1, 6)]

    assert [voice.name for voice in client.voices()] == [voice.name for voice in gateway.voices]
    assert [engine.name for engine in client.engines()] == ["engines/fake", "engines/large"]
    assert [asset.name for asset in client.list_assets(page_size=2)] == uploads[::-1]
    assert gateway.calls.count("ListAssets") == 3
    assert client.asset(uploads[0]).size_bytes == 8


def test_what_is_deleted_is_gone(gateway: FakeGateway, client: Any) -> None:
    job, asset = client.create_job(job_pb2.JobSpec()).name, client.upload(PHOTO).name

    client.delete_job(job)
    client.delete_asset(asset)

    for name, call in ((job, client.job), (asset, client.asset), (job, client.delete_job)):
        with pytest.raises(NotFound):
            call(name)


def test_a_deletion_whose_answer_is_lost_is_done(gateway: FakeGateway, client: Any) -> None:
    job, asset = client.create_job(job_pb2.JobSpec()).name, client.upload(PHOTO).name
    gateway.break_after |= {"DeleteJob": 1, "DeleteAsset": 1}

    client.delete_job(job)
    client.delete_asset(asset)

    assert gateway.calls.count("DeleteJob") == gateway.calls.count("DeleteAsset") == 2


def test_the_server_tells_of_itself(client: Any) -> None:
    assert client.server_info().version == "0.0.0-fake"
    assert client.server_info(timeout_seconds=5.0).version == "0.0.0-fake"
    assert [service.name for service in client.system_status().services] == ["tts", "render"]


def test_cancelling_ends_an_endless_job(gateway: FakeGateway, client: Any) -> None:
    gateway.endless = True
    job = client.create_job(job_pb2.JobSpec())
    gateway.on_watch = lambda: client.cancel(job.name)

    *_, last = client.watch(job.name)

    assert last.finished.state == job_pb2.JOB_STATE_CANCELLED
    assert re.search("cancelled", last.finished.error.message)


def test_make_goes_from_files_to_a_film(gateway: FakeGateway, client: Any, tmp_path: Path) -> None:
    photo, film = tmp_path / "me.jpg", tmp_path / "film.mp4"
    photo.write_bytes(PHOTO)
    seen: list[float] = []

    job = client.make(
        text="Hello.",
        reference=str(photo),
        output=str(film),
        on_progress=lambda progress: seen.append(progress.fraction),
        voice="heart",
        seed=7,
    )

    assert job.state == job_pb2.JOB_STATE_SUCCEEDED
    assert film.read_bytes() == FILM
    assert seen == [0.25, 1.0]
    spec = gateway.jobs[job.name].spec
    assert (spec.script.text, spec.voice, spec.seed) == ("Hello.", "heart", 7)
    assert gateway.blobs[spec.reference] == PHOTO


def test_make_takes_sound_with_its_transcript_and_a_pose(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    job = client.make(
        audio=b"RIFF\x24\0\0\0WAVEfmt ",
        transcript="Hello.",
        reference=PHOTO,
        pose=b"\0\0\0\x20ftypisom",
        output=tmp_path / "film.mp4",
        engine="wan",
    )

    spec = gateway.jobs[job.name].spec
    assert gateway.assets[spec.script.audio].media_type == "audio/wav"
    assert gateway.assets[spec.pose].media_type == "video/mp4"
    assert spec.script.transcript == "Hello."
    assert not spec.HasField("seed")


def test_make_raises_what_the_job_failed_with(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    gateway.error = InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")

    with pytest.raises(InvalidInput, match="no face") as caught:
        client.make(text="Hello.", reference=PHOTO, output=tmp_path / "film.mp4")

    assert (caught.value.reason, caught.value.field) == (Reason.FACE_NOT_FOUND, "spec.reference")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", [{}, {"text": "Hello.", "audio": b"RIFF"}])
def test_make_refuses_what_it_cannot_do_before_any_call(
    gateway: FakeGateway, client: Any, tmp_path: Path, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput, match="either text or audio"):
        client.make(reference=PHOTO, output=tmp_path / "film.mp4", **given)
    with pytest.raises(FileNotFoundError, match="no folder"):
        client.make(text="Hello.", reference=PHOTO, output=tmp_path / "none" / "film.mp4")
    assert gateway.calls == []


def test_make_that_is_given_up_cancels_its_job(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    def give_up(progress: job_pb2.Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.make(
            text="Hello.", reference=PHOTO, output=tmp_path / "film.mp4", on_progress=give_up
        )
    assert gateway.calls[-1] == "CancelJob"


def test_a_key_goes_with_every_call(gateway: FakeGateway) -> None:
    with Client(gateway.address, api_key="secret") as client:
        job = client.create_job(job_pb2.JobSpec(reference=client.upload(PHOTO).name))
        *_, last = client.watch(job.name)
        asset = client.asset(last.finished.film.asset)
        list(client.generate(generation_service_pb2.GenerateConfig(), text="Hello."))
        client.delete_asset(asset.name)
    assert len(gateway.tokens) == 8
    assert set(gateway.tokens) == {"Bearer secret"}


async def test_a_key_goes_with_every_call_of_a_coroutine(gateway: FakeGateway) -> None:
    async with AsyncClient(gateway.address, api_key="secret") as client:
        job = await client.create_job(job_pb2.JobSpec(reference=(await client.upload(PHOTO)).name))
        assert [event async for event in client.watch(job.name)]
        config = generation_service_pb2.GenerateConfig()
        assert [event async for event in client.generate(config, text="Hello.")]
    assert set(gateway.tokens) == {"Bearer secret"}


@pytest.mark.parametrize("key", ["secret\n", "gehe\u00efm"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        Client("localhost:1", api_key=key)


def test_no_proxy_stands_between_a_client_and_its_own_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    gateway = FakeGateway("127.0.0.1:0")
    gateway.start()
    try:
        with Client(gateway.address, patience_seconds=0) as client:
            assert client.server_info(timeout_seconds=10.0).version
    finally:
        gateway.stop()


def test_a_call_that_takes_too_long_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Client(f"127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.2) as client,
        pytest.raises(DeadlineExceeded),
    ):
        client.server_info()


def test_calls_are_encrypted_where_tls_is_asked_for(tmp_path: Path) -> None:
    key, certificate = ((TLS / name).read_bytes() for name in ("key.pem", "certificate.pem"))
    served = grpc.ssl_server_credentials([(key, certificate)])
    gateway = FakeGateway("localhost:0", served)
    gateway.start()
    try:
        with Client(gateway.address, tls=Tls(TLS / "certificate.pem"), api_key="secret") as client:
            client.make(text="Hello.", reference=PHOTO, output=tmp_path / "film.mp4")
        with Client(gateway.address, patience_seconds=0) as open_client, pytest.raises(Unavailable):
            open_client.server_info()
    finally:
        gateway.stop()
    assert (tmp_path / "film.mp4").read_bytes() == FILM
    assert set(gateway.tokens) == {"Bearer secret"}


def test_an_error_with_hundreds_of_emoji_arrives(gateway: FakeGateway, client: Any) -> None:
    with pytest.raises(NotFound) as caught:
        client.job("jobs/" + "\N{GRINNING FACE}" * 800)
    assert caught.value.reason is Reason.JOB_NOT_FOUND


def test_webhooks_are_listed_page_by_page(gateway: FakeGateway, client: Any) -> None:
    names = [f"webhookDeliveries/{number}" for number in range(5)]
    gateway.webhook_deliveries += [
        job_service_pb2.WebhookDelivery(name=name, attempts=2) for name in names
    ]
    assert [one.name for one in client.webhook_deliveries(page_size=2)] == names
