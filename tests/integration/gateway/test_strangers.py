"""Every method of the public services refuses strangers, or is listed here as open to them.

The methods come from the contract: one that is added fails here until somebody says which it is.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
import pytest
from google.protobuf.message import Message

import s2v.api.gateway.v1 as public
from gateway_world import Running, Start, png, wav
from methods import Method, methods_of
from s2v.api.gateway.v1 import asset_service_pb2 as assets
from s2v.api.gateway.v1 import generation_service_pb2 as generation
from s2v.api.gateway.v1 import job_pb2
from s2v.api.gateway.v1 import job_service_pb2 as jobs
from s2v.api.gateway.v1 import voice_service_pb2 as voices
from s2v.rpc.errors import from_rpc_error

SECONDS = 20.0
ANN, EVE = "red/ann", "blue/eve"


def public_methods() -> dict[str, Method]:
    """Return every method of the package that clients call, by the name of service and method."""
    modules = [
        importlib.import_module(f"{public.__name__}.{module.name}")
        for module in pkgutil.iter_modules(public.__path__)
        if module.name.endswith("_pb2")
    ]
    found = methods_of(*(module.DESCRIPTOR for module in modules))
    return {method.path.rpartition(".")[2]: method for method in found}


METHODS = public_methods()

OPEN = {
    "SystemService/GetServerInfo": "the version and the limits, which belong to nobody",
    "SystemService/ListEngines": "the engines, which belong to nobody",
}
"""What answers every caller with a key alike, and why that is well."""
FOR_ADMINS = {"SystemService/GetSystemStatus"}
"""What answers no caller that is not an admin."""


@dataclass(frozen=True)
class Anns:
    """What ann has."""

    job: str
    asset: str
    film: str
    upload: str
    voice: str
    picture: bytes

    @property
    def names(self) -> list[bytes]:
        """What no answer to a stranger may hold."""
        digest = hashlib.sha256(self.picture).hexdigest()
        named = (self.job, self.asset, self.film, self.upload, digest)
        return [name.encode() for name in named]

    def asked_for(self) -> dict[str, Sequence[Message]]:
        """Return for every method what asks it for something of ann's."""
        script = job_pb2.Script(text="Yes.")
        spec = job_pb2.JobSpec(script=script, reference=self.asset)
        update = voices.UpdateVoiceRequest(voice=voices.Voice(name=self.voice, description="mine"))
        update.update_mask.paths.append("description")
        voice = voices.Voice(name="voices/eves", language="en-US")
        voice.consent.statement, voice.consent.date = "She agreed.", "2026-01-01"
        return {
            "AssetService/CreateUpload": [
                assets.CreateUploadRequest(
                    media_type="image/png",
                    total_bytes=len(self.picture),
                    sha256=hashlib.sha256(self.picture).hexdigest(),
                )
            ],
            "AssetService/WriteUpload": [assets.WriteUploadRequest(name=self.upload, data=b"x")],
            "AssetService/GetUpload": [assets.GetUploadRequest(name=self.upload)],
            "AssetService/FinishUpload": [
                assets.FinishUploadRequest(name=self.upload, sha256="0" * 64)
            ],
            "AssetService/GetAsset": [assets.GetAssetRequest(name=self.asset)],
            "AssetService/ListAssets": [assets.ListAssetsRequest()],
            "AssetService/ReadAsset": [assets.ReadAssetRequest(name=self.film)],
            "AssetService/DeleteAsset": [assets.DeleteAssetRequest(name=self.asset)],
            "JobService/CreateJob": [jobs.CreateJobRequest(spec=spec)],
            "JobService/GetJob": [jobs.GetJobRequest(name=self.job)],
            "JobService/ListJobs": [jobs.ListJobsRequest()],
            "JobService/EstimateJob": [jobs.EstimateJobRequest(spec=spec)],
            "JobService/BatchCreateJobs": [
                jobs.BatchCreateJobsRequest(requests=[jobs.CreateJobRequest(spec=spec)])
            ],
            "JobService/RetryJob": [jobs.RetryJobRequest(name=self.job)],
            "JobService/ListWebhookDeliveries": [jobs.ListWebhookDeliveriesRequest()],
            "JobService/WatchJob": [jobs.WatchJobRequest(name=self.job)],
            "JobService/CancelJob": [jobs.CancelJobRequest(name=self.job)],
            "JobService/DeleteJob": [jobs.DeleteJobRequest(name=self.job)],
            "GenerationService/Generate": [
                generation.GenerateRequest(config=generation.GenerateConfig(spec=spec))
            ],
            "VoiceService/ListVoices": [voices.ListVoicesRequest()],
            "VoiceService/CreateVoice": [voices.CreateVoiceRequest(voice=voice, asset=self.asset)],
            "VoiceService/GetVoice": [voices.GetVoiceRequest(name=self.voice)],
            "VoiceService/UpdateVoice": [update],
            "VoiceService/DeleteVoice": [voices.DeleteVoiceRequest(name=self.voice)],
            "VoiceService/NormalizeText": [
                voices.NormalizeTextRequest(name=self.voice, text="Yes.")
            ],
            "VoiceService/PreviewVoice": [voices.PreviewVoiceRequest(name=self.voice, text="Yes.")],
        }


NOT_FOUND = {
    "CreateJob": "ASSET_NOT_FOUND",
    "CreateVoice": "ASSET_NOT_FOUND",
    "EstimateJob": "ASSET_NOT_FOUND",
    "Generate": "ASSET_NOT_FOUND",
    "GetUpload": "UPLOAD_NOT_FOUND",
    "WriteUpload": "UPLOAD_NOT_FOUND",
    "FinishUpload": "UPLOAD_NOT_FOUND",
    **dict.fromkeys(("GetAsset", "ReadAsset", "DeleteAsset"), "ASSET_NOT_FOUND"),
    **dict.fromkeys(("GetJob", "WatchJob", "CancelJob", "DeleteJob", "RetryJob"), "JOB_NOT_FOUND"),
    **dict.fromkeys(
        ("GetVoice", "UpdateVoice", "DeleteVoice", "NormalizeText", "PreviewVoice"),
        "VOICE_NOT_FOUND",
    ),
}
"""With which reason strangers are refused; all other methods answer them without ann's things."""


async def call(
    server: Running, method: str, requests: Sequence[Message], key: str = ""
) -> tuple[grpc.StatusCode, str, bytes]:
    """Call a method; return how it ended, with which reason, and all that was answered."""
    metadata = (("authorization", f"Bearer {key}"),) if key else ()
    send = server.channel.stream_stream(METHODS[method].path)
    answered = bytearray()
    try:
        sent = iter([request.SerializeToString() for request in requests])
        async for message in send(sent, timeout=SECONDS, metadata=metadata):
            answered += message
    except grpc.aio.AioRpcError as error:
        return error.code(), from_rpc_error(error).reason, bytes(answered)
    return grpc.StatusCode.OK, "", bytes(answered)


async def anns(server: Running) -> Anns:
    """Make something of each kind for ann."""
    ann = server.acting(ANN)
    picture = png("teal")
    job = await ann.create(reference=await ann.upload(picture))
    begin = assets.CreateUploadRequest(media_type="image/png", total_bytes=9)
    voice = voices.Voice(name="voices/anns", language="en-US")
    voice.consent.statement, voice.consent.date = "I agree.", "2026-01-01"
    create = voices.CreateVoiceRequest(voice=voice, asset=await ann.upload(wav(), "audio/wav"))
    return Anns(
        job=job.name,
        asset=job.spec.reference,
        film=(await ann.finished(job.name)).film.asset,
        upload=(await ann.assets.CreateUpload(begin)).upload.name,
        voice=(await ann.voices.CreateVoice(create)).voice.name,
        picture=picture,
    )


def test_every_method_is_spoken_of() -> None:
    asked = set(Anns("", "", "", "", "", b"").asked_for())
    assert asked | OPEN.keys() | FOR_ADMINS == METHODS.keys()
    assert not asked & (OPEN.keys() | FOR_ADMINS)
    assert NOT_FOUND.keys() <= {method.rpartition("/")[2] for method in asked}


@pytest.mark.parametrize("method", METHODS)
async def test_without_a_key_that_counts_no_method_says_anything(start: Start, method: str) -> None:
    server = await start(access="closed")
    for key, reason in (("", "CREDENTIALS_MISSING"), ("s2v_" + "A" * 43, "CREDENTIALS_INVALID")):
        ended = await call(server, method, [], key)
        assert ended == (grpc.StatusCode.UNAUTHENTICATED, reason, b"")
    assert not server.gateway.audit.path.exists()


async def test_a_stranger_is_refused_or_hears_nothing_of_what_others_have(start: Start) -> None:
    server = await start(access="closed")
    hers = await anns(server)
    eve = server.acting(EVE)
    for method, requests in hers.asked_for().items():
        code, reason, answered = await call(server, method, requests, eve.key)
        wanted = NOT_FOUND.get(method.rpartition("/")[2], "")
        assert (method, reason) == (method, wanted)
        assert code is (grpc.StatusCode.NOT_FOUND if wanted else grpc.StatusCode.OK)
        sent = b"".join(request.SerializeToString() for request in requests)
        told = [name for name in [*hers.names, b"anns"] if name in answered and name not in sent]
        assert (method, told) == (method, [])
    for method in FOR_ADMINS:
        code, reason, answered = await call(server, method, [NOTHING], eve.key)
        assert (code, reason, answered) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "ROLE_MISSING",
            b"",
        )
    ann = server.acting("red/bob")
    assert (await ann.jobs.GetJob(jobs.GetJobRequest(name=hers.job))).job.film.asset == hers.film
    await ann.assets.GetAsset(assets.GetAssetRequest(name=hers.asset))
    assert (await ann.voices.GetVoice(voices.GetVoiceRequest(name=hers.voice))).voice.name
    kept = await ann.assets.GetUpload(assets.GetUploadRequest(name=hers.upload))
    assert kept.upload.committed_bytes == 0


async def test_what_is_open_says_the_same_to_everybody(start: Start) -> None:
    server = await start(access="closed")
    await anns(server)
    for method in OPEN:
        answers = {
            await call(server, method, [NOTHING], server.acting(who).key) for who in (ANN, EVE)
        }
        [(code, _, _)] = answers
        assert code is grpc.StatusCode.OK


NOTHING = jobs.ListJobsRequest()
"""No bytes at all, as a request of any method may be."""
