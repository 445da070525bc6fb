"""Whatever messages come, they are answered with what is wrong with them.

S2V_CHAOS_MESSAGES sets how many are sent to each service, S2V_CHAOS_SEED which.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gateway_world import wav
from installations import Installation, installed
from methods import BESIDE, SERVICES, Method
from random_messages import requests_of
from s2v.api.common.v1.artifact_pb2 import Artifact
from s2v.api.common.v1.clip_pb2 import Clip
from s2v.api.common.v1.speech_pb2 import Speech
from s2v.api.compositor.v1 import compositor_service_pb2
from s2v.api.gateway.v1 import asset_service_pb2
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.api.gateway.v1.job_pb2 import JobSpec, Script
from s2v.rpc.channel import connect_sync

MESSAGES = int(os.environ.get("S2V_CHAOS_MESSAGES", "60"))
SEED = int(os.environ.get("S2V_CHAOS_SEED", "1"))
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}
# gRPC itself refuses longer messages, and the client waits no longer.
NOT_OURS = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}
# What waits for more to come, or does real work, is left after a moment.
CALL_SECONDS = 1.5

pytestmark = [
    pytest.mark.timeout(240 + 2 * MESSAGES),
    # What fails may have long texts in it.
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"),
]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("home")) as installation:
        yield installation


@dataclass(frozen=True)
class There:
    """What there is to be named: a picture, a sound, an upload that is not finished."""

    picture: asset_service_pb2.Asset
    sound: asset_service_pb2.Asset
    upload: str

    @property
    def names(self) -> list[str]:
        """What texts may be."""
        assets = (self.picture, self.sound)
        known = [asset.name for asset in assets] + [asset.sha256 for asset in assets]
        return [*known, self.upload, "image/jpeg", "voices/heart", "heart", "portrait", "draft", ""]

    def good(self, method: Method) -> list[Message]:
        """Return messages that would do, or almost, for a method."""
        picture = Artifact(sha256=self.picture.sha256, size_bytes=1, media_type="image/jpeg")
        sound = Artifact(sha256=self.sound.sha256, size_bytes=1, media_type="audio/wav")
        speech = Speech(audio=sound, samples=48_000)
        spec = JobSpec(script=Script(text="Yes."), reference=self.picture.name, preset="draft")
        config = compositor_service_pb2.ComposeConfig(frame_rate=25, live=True)
        segment = compositor_service_pb2.ComposeSegment(
            clip=Clip(video=picture, frames=25, width_pixels=64, height_pixels=64), audio=sound
        )
        fields: dict[str, list[dict[str, Any]]] = {
            "CreateUpload": [{"media_type": "image/png", "total_bytes": 9}],
            "WriteUpload": [{"name": self.upload, "data": b"a"}, {"offset": 1, "data": b"b"}],
            "FinishUpload": [{"name": self.upload}],
            "ReadAsset": [{"name": self.picture.name}],
            "CreateJob": [{"spec": spec}],
            "Generate": [{"config": {"spec": spec}}, {"end_of_input": {}}],
            "CutScript": [{"text": "Yes. No.", "frame_rate": 25}],
            "Speak": [{"segment": {"text": "Yes."}, "voice": "heart", "frame_rate": 25}],
            "Render": [{"speech": speech, "reference": picture, "frame_rate": 25}],
            "Compose": [{"config": config}, {"segment": segment}],
            "MeasureFilm": [{"film": picture, "speeches": [speech], "frame_rate": 25}],
        }
        make = GetMessageClass(method.request)
        return [make(**given) for given in fields.get(method.path.rpartition("/")[2], [{}])]


@pytest.fixture(scope="module")
def there(installation: Installation) -> There:
    with installation.client() as client, connect_sync(installation.address) as channel:
        request = asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=9)
        upload = AssetServiceStub(channel).CreateUpload(request).upload
        return There(client.upload(PORTRAIT), client.upload(wav()), upload.name)


@pytest.mark.parametrize("service", SERVICES)
def test_every_message_is_answered_with_what_is_wrong_with_it(
    installation: Installation, there: There, service: str
) -> None:
    after, ends = installation.log_bytes, Counter[str]()
    pids = [installation.supervisor.pid(name) for name in SERVICES]
    calls = st.one_of(
        st.tuples(st.just(method), requests_of(method, there.names, there.good(method)))
        for method in SERVICES[service] + BESIDE
    )

    @seed(SEED)
    @settings(
        max_examples=MESSAGES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(calls)
    def send(call: tuple[Method, list[bytes]]) -> None:
        method, requests = call
        error = method.outcome(channel, requests, timeout_seconds=CALL_SECONDS)
        if error is None:
            ends["OK"] += 1
            return
        ends[error.code().name] += 1
        assert error.code() not in FAULTS, (method, error.details())
        if method.path.startswith("/s2v.") and error.code() not in NOT_OURS:
            assert rpc_status.from_call(error).details[0].Is(error_details_pb2.ErrorInfo.DESCRIPTOR)

    with connect_sync(installation.address_of(service)) as channel:
        send()
    print(service, dict(ends))
    assert installation.complaints(after=after) == []
    assert ends.total() >= MESSAGES
    assert installation.supervisor.all_serving
    assert pids == [installation.supervisor.pid(name) for name in SERVICES]
