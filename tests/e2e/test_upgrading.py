"""The services over the home of an earlier release: its jobs end, and what it made stays."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from installations import Installation, installed
from old_home import UPLOAD_REQUEST_ID, first_clip, half_uploaded, old_jobs, unpack
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.client import Client
from s2v.rpc.channel import connect_sync

OLD = old_jobs()
BEGUN = ["running half", "running live"]


class Upgraded:
    """The services of this release over the old home."""

    def __init__(
        self, installation: Installation, client: Client, kept: dict[str, list[bytes]]
    ) -> None:
        self.client = client
        self.kept = kept
        self._log_lines = installation.log_lines

    def job(self, name: str) -> job_pb2.Job:
        """Return how the old job of that display name ended."""
        return list(self.client.watch(OLD[name].name))[-1].finished

    def segments_begun(self, name: str) -> set[int]:
        """Return the segments of which a take began."""
        return {
            int(str(line["segment"]))
            for line in self._log_lines()
            if line["event"] == "take begins" and f"jobs/{line['job_id']}" == OLD[name].name
        }


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    home = tmp_path_factory.mktemp("old")
    unpack(home)
    kept = {name: pictures(first_clip(home, OLD[name])) for name in BEGUN}
    with installed(home) as installation, installation.client() as client:
        yield Upgraded(installation, client, kept)


def pictures(film: Path) -> list[bytes]:
    """Return the coded pictures of a film, in order."""
    with av.open(str(film)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_the_old_home_is_described() -> None:
    assert len(OLD) == 9
    assert {job.ends for job in OLD.values()} == {"SUCCEEDED", "FAILED", "CANCELLED"}


@pytest.mark.parametrize("name", OLD)
def test_every_job_ends_as_it_would_have(upgraded: Upgraded, name: str) -> None:
    ended = upgraded.job(name)

    assert job_pb2.JobState.Name(ended.state) == f"JOB_STATE_{OLD[name].ends}", ended.error
    # Another processor rounds a voice's numbers otherwise: a sentence may be a frame longer there.
    assert abs(ended.film.frames - OLD[name].frames) <= 2
    assert ended.spec.display_name == name


def test_a_job_that_waited_has_the_film_that_is_made_now(upgraded: Upgraded) -> None:
    waited = upgraded.job("queued text")
    spec = job_pb2.JobSpec()
    spec.CopyFrom(waited.spec)
    made_now = list(upgraded.client.watch(upgraded.client.create_job(spec).name))[-1].finished

    assert made_now.film.sha256 == waited.film.sha256


@pytest.mark.parametrize("name", BEGUN)
def test_what_was_rendered_begins_the_film(upgraded: Upgraded, tmp_path: Path, name: str) -> None:
    upgraded.client.download(upgraded.job(name).film.asset, tmp_path / "film.mp4")

    kept = upgraded.kept[name]
    assert pictures(tmp_path / "film.mp4")[: len(kept)] == kept


@pytest.mark.parametrize("name", BEGUN)
def test_what_was_rendered_is_not_rendered_again(upgraded: Upgraded, name: str) -> None:
    total = upgraded.job(name).progress.segments_total

    begun: set[int] = set()
    while total - 1 not in begun:  # lines come late
        begun = upgraded.segments_begun(name)
    assert not begun & OLD[name].rendered


def test_films_can_be_read_whoever_made_them(upgraded: Upgraded, tmp_path: Path) -> None:
    for name in ("succeeded", "queued text"):
        film = upgraded.job(name).film
        upgraded.client.download(film.asset, tmp_path / "film.mp4")
        digest = hashlib.sha256((tmp_path / "film.mp4").read_bytes()).hexdigest()
        assert digest == film.sha256
    assert upgraded.job("succeeded").film.sha256 == OLD["succeeded"].sha256


def test_what_drives_the_mouth_is_still_known(upgraded: Upgraded) -> None:
    for name in ("running half", "queued sound"):
        assert upgraded.job(name).lip_cues != 0
    assert upgraded.job("succeeded").stats.lip_sync.frames > 0


def test_old_names_and_request_ids_mean_what_they_meant(upgraded: Upgraded) -> None:
    listed = {job.name for job in upgraded.client.list_jobs()}
    assert {job.name for job in OLD.values()} <= listed
    spec = job_pb2.JobSpec()
    spec.CopyFrom(upgraded.job("succeeded").spec)
    (reference,) = [a for a in upgraded.client.list_assets() if a.name == spec.reference]
    assert reference.expire_time.seconds > 0


def test_an_upload_that_was_half_way_goes_on(upgraded: Upgraded) -> None:
    data = half_uploaded()
    request = asset_service_pb2.CreateUploadRequest(
        request_id=UPLOAD_REQUEST_ID,
        media_type="audio/wav",
        total_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    with connect_sync(upgraded.client.address) as channel:
        stub = AssetServiceStub(channel)
        upload = stub.CreateUpload(request).upload
        rest = asset_service_pb2.WriteUploadRequest(
            name=upload.name,
            offset=upload.committed_bytes,
            data=data[upload.committed_bytes :],
        )
        stub.WriteUpload(iter([rest]))
        finished = stub.FinishUpload(asset_service_pb2.FinishUploadRequest(name=upload.name))

    assert upload.committed_bytes == len(data) // 2
    assert finished.asset.sha256 == request.sha256
