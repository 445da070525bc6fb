"""The gateway's public services over real gRPC, database and DBOS; the work is faked."""

import asyncio
import hashlib
import io
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import google_crc32c
import grpc
import numpy as np
import pytest
import sqlalchemy
from dbos import DBOS
from PIL import Image

from s2v.api.gateway.v1 import (
    asset_service_pb2,
    asset_service_pb2_grpc,
    generation_service_pb2,
    generation_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    system_service_pb2,
    system_service_pb2_grpc,
)
from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v.core.job import Job
from s2v.core.ports import Continuity, Sampling, Solver
from s2v.media.pcm import wav_bytes
from s2v.media.video import ClipEncoder
from s2v.rpc.channel import connect
from s2v.rpc.convert import sampling_from_proto, sampling_to_proto
from s2v.rpc.errors import from_rpc_error, from_status
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.film.offers import EngineCatalogue, EngineOffer, PresetOffer, VoiceOffer
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.records.jobs import Jobs
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.wiring import Gateway, sweep, wire

ENGINE = EngineOffer(
    "portrait",
    "",
    Continuity.INDEPENDENT,
    (25, 30),
    64,
    1920,
    ("image/jpeg", "image/png"),
    (PresetOffer("standard", ""), PresetOffer("draft", "")),
)

DIRECTED = replace(ENGINE, name="directed", directed=True, side_step_pixels=64)


async def _engines() -> EngineCatalogue:
    return EngineCatalogue((ENGINE, DIRECTED), {"large": "engine large needs a setting"})


async def _voices() -> list[VoiceOffer]:
    return [VoiceOffer("heart", "en-US", "")]


async def _workers() -> list[object]:
    return []


@dataclass
class Running:
    """A gateway that runs, and stubs to call it with."""

    gateway: Gateway
    stages: FakeStages
    channel: grpc.aio.Channel
    assets: asset_service_pb2_grpc.AssetServiceStub = field(init=False)
    jobs: job_service_pb2_grpc.JobServiceStub = field(init=False)
    generation: generation_service_pb2_grpc.GenerationServiceStub = field(init=False)
    system: system_service_pb2_grpc.SystemServiceStub = field(init=False)

    def __post_init__(self) -> None:
        self.assets = asset_service_pb2_grpc.AssetServiceStub(self.channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self.channel)
        self.generation = generation_service_pb2_grpc.GenerationServiceStub(self.channel)
        self.system = system_service_pb2_grpc.SystemServiceStub(self.channel)

    async def upload(self, data: bytes, media_type: str = "image/png") -> str:
        created = await self.assets.CreateUpload(
            asset_service_pb2.CreateUploadRequest(media_type=media_type, total_bytes=len(data))
        )
        await self.assets.WriteUpload(
            iter(
                [
                    asset_service_pb2.WriteUploadRequest(
                        name=created.upload.name, data=data, crc32c=google_crc32c.value(data)
                    )
                ]
            )
        )
        finished = await self.assets.FinishUpload(
            asset_service_pb2.FinishUploadRequest(
                name=created.upload.name, sha256=hashlib.sha256(data).hexdigest()
            )
        )
        return finished.asset.name

    async def create(self, request_id: str = "", **spec: object) -> job_pb2.Job:
        script = spec.pop("script", job_pb2.Script(text=str(spec.pop("text", "a bb ccc"))))
        reference = spec.pop("reference", None) or await self.upload(png())
        request = job_service_pb2.CreateJobRequest(
            request_id=request_id,
            spec=job_pb2.JobSpec(
                script=script,  # type: ignore[arg-type]
                reference=str(reference),
                **spec,  # type: ignore[arg-type]
            ),
        )
        return (await self.jobs.CreateJob(request)).job

    async def watch(self, name: str, token: str = "") -> list[job_service_pb2.WatchJobResponse]:
        request = job_service_pb2.WatchJobRequest(name=name, resume_token=token)
        return [event async for event in self.jobs.WatchJob(request)]

    async def finished(self, name: str) -> job_pb2.Job:
        return (await self.watch(name))[-1].finished


Start = Callable[..., "asyncio.Future[Running]"]


def png(colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


def wav() -> bytes:
    return wav_bytes(np.full(48_000, 1000, np.int16))


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    running: list[Running] = []

    async def starting(stages: FakeStages | None = None, **settings: object) -> Running:
        stages = stages or FakeStages()
        gateway = wire(
            GatewaySettings(
                listen="127.0.0.1:0",
                data_dir=tmp_path / "gateway",
                store_url=str(tmp_path / "store"),
                **settings,  # type: ignore[arg-type]
            ),
            stages,
            Catalogue(_engines, _voices),
            channels={},
            list_workers=_workers,  # type: ignore[arg-type]
        )
        await gateway.server.start()
        await gateway.open()
        await gateway.server.serving()
        running.append(Running(gateway, stages, connect(gateway.server.address)))
        return running[-1]

    yield starting
    for one in running:
        await one.channel.close()
        await one.gateway.server.stop(0)
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True)


async def rest(call: grpc.aio.Call) -> list[object]:
    """Read a stream to its end; grpc.aio does not let `read` and iteration mix."""
    messages = []
    while (message := await call.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]
        messages.append(message)
    return messages


async def failure(call: object) -> S2VError:
    with pytest.raises(grpc.RpcError) as caught:
        await call  # type: ignore[misc]
    return from_rpc_error(caught.value)


async def test_a_job_becomes_a_film(start: Start) -> None:
    server = await start()
    job = await server.create()
    assert job.spec.voice == "heart"
    assert job.spec.preset == "standard"
    assert job.spec.frame_rate == 25
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert ended.film.frames == 6
    assert ended.progress.fraction == 1.0
    assert ended.film.asset.startswith("assets/")
    assert [t.stage for t in ended.stage_times] == [1, 2, 3]


async def test_what_a_directed_engine_is_told_lasts_and_reaches_the_stages(
    start: Start, tmp_path: Path
) -> None:
    server = await start()
    with ClipEncoder(tmp_path / "dance.mp4", width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((5, 64, 64, 3), np.uint8))
    pose = await server.upload((tmp_path / "dance.mp4").read_bytes())
    sampling = Sampling(steps=4, guidance=1.0, shift=3.0, solver=Solver.UNIPC)
    told = {"engine": "directed", "prompt": "a person", "negative_prompt": "blur", "pose": pose}

    job = await server.create(
        "once", sampling=sampling_to_proto(sampling), width_pixels=128, **told
    )
    await server.finished(job.name)

    kept = (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=job.name))).job.spec
    for spec in (job.spec, kept):
        assert (spec.prompt, spec.negative_prompt, spec.pose) == ("a person", "blur", pose)
        assert sampling_from_proto(spec.sampling) == sampling
    (order,) = server.stages.orders
    assert order.spec.sampling == sampling
    assert order.pose is not None
    assert order.pose.media_type == "video/mp4"


async def test_directions_for_an_engine_that_takes_none_are_refused(start: Start) -> None:
    server = await start()

    error = await failure(server.create(prompt="a person"))
    unknown = await failure(server.create(sampling={"solver": 9}))
    withheld = await failure(server.create(engine="large"))

    assert (error.reason, error.field) == (Reason.FIELD_INVALID, "spec.prompt")
    assert "engine portrait takes no prompt" in error.message
    assert (unknown.reason, unknown.field) == (Reason.FIELD_INVALID, "spec.sampling.solver")
    assert withheld.reason is Reason.ENGINE_UNKNOWN
    assert "engine large needs a setting" in withheld.message


async def test_the_stats_of_a_film_follow_its_job(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"measure": hold}), max_running_jobs=1)
    first = await server.create()
    ended = await server.finished(first.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert not ended.HasField("stats")
    await server.stages.called("measure")
    # Measuring holds nobody's place.
    second = await server.finished((await server.create()).name)
    assert second.state == job_pb2.JOB_STATE_SUCCEEDED
    hold.set()
    request = job_service_pb2.GetJobRequest(name=first.name)
    while not (job := (await server.jobs.GetJob(request)).job).HasField("stats"):
        pass
    assert job.stats.lip_sync.opening_correlation == pytest.approx(0.9)
    assert not job.stats.lip_sync.HasField("identity_distance")
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert listed.jobs[-1].stats == job.stats


async def test_measuring_can_be_turned_off(start: Start) -> None:
    server = await start(measure_films=False)
    ended = await server.finished((await server.create()).name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert "measure" not in server.stages.calls


async def test_a_film_that_cannot_be_measured_is_a_film(start: Start) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    server = await start(FakeStages(fail={"measure": error}))
    ended = await server.finished((await server.create()).name)
    await server.stages.called("measure")
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED


async def test_everything_works_over_postgresql_too(start: Start, postgres_url: str) -> None:
    server = await start(database_url=postgres_url)
    job = await server.create("once")
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    assert (await server.create("once", reference=job.spec.reference)).name == job.name
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert [one.name for one in listed.jobs] == [job.name]


async def test_watching_begins_with_a_snapshot_and_ends_with_the_end(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    job = await server.create()
    await server.stages.called("render-1")
    call = server.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=job.name))
    events = [await call.read()]
    hold.set()
    events += await rest(call)
    assert events[0].WhichOneof("event") == "snapshot"
    assert events[-1].WhichOneof("event") == "finished"
    fractions = [e.progress.fraction for e in events if e.HasField("progress")]
    assert fractions == sorted(fractions)
    assert [e.state for e in events if e.WhichOneof("event") == "state"] == [1, 2, 4]


async def test_a_resume_token_leaves_out_what_was_seen(start: Start) -> None:
    server = await start()
    job = await server.create()
    everything = await server.watch(job.name)
    states = [e for e in everything if e.WhichOneof("event") == "state"]
    again = await server.watch(job.name, states[1].resume_token)
    assert [e.state for e in again if e.WhichOneof("event") == "state"] == [4]
    for token in ("99", "nonsense", "9" * 30, "٣"):
        error = await failure(server.watch(job.name, token))
        assert error.reason is Reason.RESUME_TOKEN_INVALID


async def test_repeating_a_request_id_gives_the_same_job(start: Start) -> None:
    server = await start()
    request_id = str(uuid.uuid4())
    reference = await server.upload(png())
    first = await server.create(request_id, reference=reference)
    again = await server.create(request_id, reference=reference)
    assert again.name == first.name
    error = await failure(server.create(request_id, reference=reference, text="something else"))
    assert error.reason is Reason.REQUEST_ID_REUSED
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert len(listed.jobs) == 1


async def test_calls_with_one_request_id_at_the_same_moment_make_one_job(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    jobs = await asyncio.gather(*(server.create("same", reference=reference) for _ in range(8)))
    assert len({job.name for job in jobs}) == 1


REFUSED_SPECS: list[tuple[dict[str, object], Reason, str]] = [
    ({"text": " \n "}, Reason.TEXT_EMPTY, "spec.script.text"),
    ({"text": "x" * 20_001}, Reason.TEXT_TOO_LONG, "spec.script.text"),
    ({"voice": "nobody"}, Reason.VOICE_UNKNOWN, "spec.voice"),
    ({"voice": "x" * 10_000}, Reason.VOICE_UNKNOWN, "spec.voice"),
    ({"request_id": "x" * 5_000}, Reason.FIELD_INVALID, "request_id"),
    ({"engine": "steam"}, Reason.ENGINE_UNKNOWN, "spec.engine"),
    ({"preset": "best"}, Reason.PRESET_UNKNOWN, "spec.preset"),
    ({"frame_rate": 24}, Reason.FRAME_RATE_UNSUPPORTED, "spec.frame_rate"),
    ({"frame_rate": -1}, Reason.FRAME_RATE_UNSUPPORTED, "spec.frame_rate"),
    ({"width_pixels": 101}, Reason.SIZE_UNSUPPORTED, "spec.width_pixels"),
    ({"height_pixels": 4000}, Reason.SIZE_UNSUPPORTED, "spec.height_pixels"),
    ({"reference": "assets/none"}, Reason.ASSET_NOT_FOUND, "spec.reference"),
    ({"display_name": "x" * 201}, Reason.FIELD_INVALID, "spec.display_name"),
]


async def test_a_spec_that_cannot_work_is_refused_and_leaves_no_job(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    for spec, reason, field_ in REFUSED_SPECS:
        error = await failure(server.create(**{"reference": reference, **spec}))
        assert (error.reason, error.field) == (reason, field_)
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert not listed.jobs


async def test_the_failure_of_a_job_is_told_in_the_job(start: Start) -> None:
    fault = InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")
    server = await start(FakeStages(fail={"render-0": fault}))
    job = await server.create()
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_FAILED
    error = from_status(ended.error)
    assert (error.reason, error.field) == (Reason.FACE_NOT_FOUND, "spec.reference")


async def test_cancelling_reaches_the_stage_and_is_told(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    job = await server.create(text="a")
    await server.stages.called("render-0")
    request = job_service_pb2.CancelJobRequest(name=job.name)
    await server.jobs.CancelJob(request)
    ended = await server.finished(job.name)
    assert ended.state == job_pb2.JOB_STATE_CANCELLED
    assert from_status(ended.error).reason is Reason.JOB_CANCELLED
    assert server.stages.cancelled == ["render-0"] or "compose" in server.stages.cancelled
    again = (await server.jobs.CancelJob(request)).job
    assert again.state == job_pb2.JOB_STATE_CANCELLED


async def test_a_job_that_waits_is_cancelled_at_once(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"cut": hold}), max_running_jobs=1)
    first = await server.create()
    await server.stages.called("cut")
    second = await server.create()
    job = (await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=second.name))).job
    assert job.state == job_pb2.JOB_STATE_CANCELLED
    hold.set()
    assert (await server.finished(first.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert server.stages.calls.count("cut") == 1


async def test_a_full_queue_says_when_to_try_again(start: Start) -> None:
    server = await start(FakeStages(hold={"cut": asyncio.Event()}), max_queued_jobs=1)
    await server.create()
    error = await failure(server.create())
    assert error.reason is Reason.QUEUE_FULL
    assert error.retry_after_seconds is not None


async def test_jobs_are_listed_in_pages_the_newest_first(start: Start) -> None:
    server = await start()
    made = [(await server.create()).name for _ in range(5)]
    for name in made:
        await server.finished(name)
    listed: list[str] = []
    token = ""
    while True:
        page = await server.jobs.ListJobs(
            job_service_pb2.ListJobsRequest(
                page_size=2, page_token=token, states=[job_pb2.JOB_STATE_SUCCEEDED]
            )
        )
        listed += [job.name for job in page.jobs]
        token = page.next_page_token
        if not token:
            break
    assert listed == made[::-1]
    none = job_service_pb2.ListJobsRequest(states=[job_pb2.JOB_STATE_FAILED])
    assert not (await server.jobs.ListJobs(none)).jobs
    for bad in (
        {"page_size": 201},
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "9" * 30},
        {"states": [99]},
    ):
        request = job_service_pb2.ListJobsRequest(**bad)  # type: ignore[arg-type]
        assert (await failure(server.jobs.ListJobs(request))).reason is Reason.FIELD_INVALID


def generate_requests(
    reference: bytes, *, text: tuple[str, ...] = ("a ", "bb"), **config: object
) -> list[generation_service_pb2.GenerateRequest]:
    request = generation_service_pb2.GenerateRequest
    half = len(reference) // 2
    return [
        request(config=generation_service_pb2.GenerateConfig(**config)),  # type: ignore[arg-type]
        *(request(text_chunk=chunk) for chunk in text),
        request(reference_chunk=reference[:half]),
        request(reference_chunk=reference[half:]),
    ]


async def test_generate_sends_everything_in_one_call(start: Start) -> None:
    server = await start()
    call = server.generation.Generate(iter(generate_requests(png())))
    responses = [response async for response in call]
    kinds = [r.WhichOneof("event") for r in responses]
    assert kinds[0] == "accepted"
    assert responses[0].accepted.spec.script.text == "a bb"
    assert kinds[-1] == "finished"
    assert responses[-1].finished.film.sha256
    media = b"".join(r.media.data for r in responses if r.HasField("media"))
    assert media == b"xx"
    assert not list(Path(server.gateway.database_url[10:]).parent.glob("media/*"))


async def test_text_beside_sound_is_its_transcript(start: Start) -> None:
    server = await start()
    config, *chunks = generate_requests(png(), text=("What was ", "said."))
    sound = generation_service_pb2.GenerateRequest(audio_chunk=wav())
    call = server.generation.Generate(iter([config, *chunks, sound]))
    responses = [response async for response in call]
    finished = responses[-1].finished
    assert finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert finished.spec.script.WhichOneof("source") == "audio"
    assert finished.spec.script.transcript == "What was said."


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [("x" * 100_001, Reason.TEXT_TOO_LONG), ("... !", Reason.TEXT_EMPTY)],
)
async def test_a_transcript_that_nobody_can_speak_is_refused(
    start: Start, transcript: str, reason: Reason
) -> None:
    server = await start()
    script = job_pb2.Script(audio=await server.upload(wav(), "audio/wav"), transcript=transcript)
    error = await failure(server.create(script=script))
    assert (error.reason, error.field) == (reason, "spec.script.transcript")


async def test_the_transcript_of_an_hour_is_longer_than_a_text_may_be(start: Start) -> None:
    server = await start()
    said = "word " * 20_000
    script = job_pb2.Script(audio=await server.upload(wav(), "audio/wav"), transcript=said)
    assert (await server.create(script=script)).spec.script.transcript == said
    requests = [
        generation_service_pb2.GenerateRequest(**fields)
        for fields in (
            {"config": {}},
            {"text_chunk": said},
            {"audio_chunk": wav()},
            {"reference_chunk": png()},
        )
    ]
    call = server.generation.Generate(iter(requests))
    assert (await call.read()).accepted.spec.script.transcript == said
    call.cancel()


async def test_a_transcript_without_sound_is_refused(start: Start) -> None:
    server = await start()
    error = await failure(server.create(script=job_pb2.Script(text="a", transcript="a")))
    assert (error.reason, error.field) == (Reason.FIELD_INVALID, "spec.script.transcript")


REFUSED_STREAMS: list[tuple[list[dict[str, object]], Reason]] = [
    ([], Reason.CONFIG_EXPECTED),
    ([{"text_chunk": "hello"}], Reason.CONFIG_EXPECTED),
    ([{"config": {}}, {"config": {}}], Reason.CONFIG_EXPECTED),
    ([{"config": {}}, {"reference_chunk": b"no image"}], Reason.MEDIA_TYPE_UNSUPPORTED),
    ([{"config": {}}, {"text_chunk": "x" * 20_001}], Reason.TEXT_TOO_LONG),
    ([{"config": {}}, {"reference_chunk": png()}], Reason.TEXT_EMPTY),
    (
        [
            {"config": {"spec": {"script": {"text": "a"}}}},
            {"audio_chunk": wav()},
            {"reference_chunk": png()},
        ],
        Reason.FIELD_INVALID,
    ),
    (
        [{"config": {}}, {"text_chunk": "!"}, {"audio_chunk": wav()}, {"reference_chunk": png()}],
        Reason.TEXT_EMPTY,
    ),
    ([{"config": {}}, {"reference_chunk": bytes(1024 * 1024 + 1)}], Reason.FIELD_INVALID),
]


async def test_generate_refuses_what_cannot_work_and_leaves_nothing(
    start: Start, tmp_path: Path
) -> None:
    server = await start()
    for requests, reason in REFUSED_STREAMS:
        messages = [generation_service_pb2.GenerateRequest(**r) for r in requests]  # type: ignore[arg-type]
        call = server.generation.Generate(iter(messages))
        error = await failure(call.read())
        assert error.reason is reason
    assert not list((tmp_path / "gateway" / "uploads").iterdir())
    assert not (await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs


@pytest.mark.parametrize("keep_running", [False, True])
async def test_a_client_that_vanishes_takes_its_job_with_it_unless_told_otherwise(
    start: Start, keep_running: bool
) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    call = server.generation.Generate(
        iter(generate_requests(png(), text=("a",), keep_running=keep_running))
    )
    name = (await call.read()).accepted.name
    await server.stages.called("render-0")
    call.cancel()
    if keep_running:
        hold.set()
    ended = await server.finished(name)
    expected = job_pb2.JOB_STATE_SUCCEEDED if keep_running else job_pb2.JOB_STATE_CANCELLED
    assert ended.state == expected


async def test_generate_again_with_the_same_request_id_joins_the_job(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    requests = generate_requests(png(), request_id="one", keep_running=True)
    first = server.generation.Generate(iter(requests))
    name = (await first.read()).accepted.name
    await server.stages.called("render-1")
    first.cancel()
    second = server.generation.Generate(iter(requests))
    assert (await second.read()).accepted.name == name
    hold.set()
    responses = await rest(second)
    assert b"".join(r.media.data for r in responses) == b"xx"
    assert responses[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED


async def test_writing_with_a_wrong_crc_offset_or_digest_is_refused(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    name = created.upload.name
    write = asset_service_pb2.WriteUploadRequest

    async def wrong(**message: object) -> S2VError:
        return await failure(server.assets.WriteUpload(iter([write(**message)])))  # type: ignore[arg-type]

    crc = google_crc32c.value(data)
    assert (await wrong(name=name, data=data, crc32c=crc ^ 1)).reason is Reason.CHUNK_CORRUPT
    offset = await wrong(name=name, offset=7, data=data, crc32c=crc)
    assert offset.reason is Reason.UPLOAD_OFFSET_MISMATCH
    assert offset.metadata["committed_bytes"] == "0"
    assert (await wrong(data=data, crc32c=crc)).reason is Reason.UPLOAD_NOT_FOUND
    assert (await failure(server.assets.WriteUpload(iter([])))).reason is Reason.FIELD_INVALID
    await server.assets.WriteUpload(iter([write(name=name, data=data, crc32c=crc)]))
    finish = asset_service_pb2.FinishUploadRequest(name=name, sha256="0" * 64)
    assert (await failure(server.assets.FinishUpload(finish))).reason is Reason.DIGEST_MISMATCH


async def test_a_second_writer_is_refused_while_the_first_one_writes(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    message = asset_service_pb2.WriteUploadRequest(
        name=created.upload.name, data=data, crc32c=google_crc32c.value(data)
    )
    first = server.assets.WriteUpload()
    await first.write(message)
    asked = asset_service_pb2.GetUploadRequest(name=created.upload.name)
    while not (await server.assets.GetUpload(asked)).upload.committed_bytes:
        pass
    second = await failure(server.assets.WriteUpload(iter([message])))
    assert second.reason is Reason.CONCURRENT_WRITER
    await first.done_writing()
    assert (await first).upload.committed_bytes == len(data)


async def test_a_client_that_vanishes_while_uploading_can_go_on(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    name = created.upload.name
    write = asset_service_pb2.WriteUploadRequest
    first = server.assets.WriteUpload()
    await first.write(write(name=name, data=data[:50], crc32c=google_crc32c.value(data[:50])))
    asked = asset_service_pb2.GetUploadRequest(name=name)
    while not (await server.assets.GetUpload(asked)).upload.committed_bytes:
        pass
    first.cancel()
    last = write(name=name, offset=50, data=data[50:], crc32c=google_crc32c.value(data[50:]))
    while True:  # until the server has seen the cancellation and given the lease back
        try:
            await server.assets.WriteUpload(iter([last]))
            break
        except grpc.RpcError as error:
            if from_rpc_error(error).reason is not Reason.CONCURRENT_WRITER:
                raise
    finish = asset_service_pb2.FinishUploadRequest(
        name=name, sha256=hashlib.sha256(data).hexdigest()
    )
    assert (await server.assets.FinishUpload(finish)).asset.size_bytes == len(data)


async def test_an_asset_is_read_back_from_any_offset(start: Start) -> None:
    server = await start()
    data = png()
    name = await server.upload(data)
    request = asset_service_pb2.ReadAssetRequest(name=name, offset=10, limit_bytes=20)
    pieces = [piece async for piece in server.assets.ReadAsset(request)]
    assert b"".join(p.data for p in pieces) == data[10:30]
    assert pieces[0].offset == 10
    assert pieces[0].crc32c == google_crc32c.value(pieces[0].data)
    beyond = asset_service_pb2.ReadAssetRequest(name=name, offset=len(data) + 1)
    error = await failure(server.assets.ReadAsset(beyond).read())
    assert error.reason is Reason.OFFSET_OUT_OF_RANGE


async def test_the_server_tells_its_limits_and_engines(start: Start) -> None:
    server = await start()
    info = await server.system.GetServerInfo(system_service_pb2.GetServerInfoRequest())
    assert info.max_text_characters == 20_000
    assert info.max_transcript_characters == 100_000
    assert info.max_reference_seconds == 600
    engines = await server.system.ListEngines(system_service_pb2.ListEnginesRequest())
    assert [p.name for p in engines.engines[0].presets] == ["standard", "draft"]
    assert [(e.directed, e.side_step_pixels) for e in engines.engines] == [(False, 2), (True, 64)]


async def test_a_gateway_that_goes_down_tells_its_watchers_and_leaves_the_job_alone(
    start: Start,
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    call = server.generation.Generate(iter(generate_requests(png(), text=("a",))))
    name = (await call.read()).accepted.name
    await server.stages.called("render-0")
    server.gateway.studio.close()
    error = await failure(rest(call))
    assert error.reason is Reason.SERVICE_UNAVAILABLE
    job = (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=name))).job
    assert job.state == job_pb2.JOB_STATE_RUNNING


async def test_sweeping_keeps_assets_and_what_unfinished_jobs_have_made(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}))
    store = server.gateway.store
    in_use, orphan = (store.put([text], "audio/wav") for text in (b"a", b"orphan"))
    job = await server.create()  # FakeStages names the speech of "a" by the digest of b"a"
    await server.stages.called("render-1")
    await sweep(server.gateway, older_than_seconds=-1.0)
    assert store.stat(orphan.sha256) is None
    assert store.stat(in_use.sha256) is not None
    asset = asset_service_pb2.GetAssetRequest(name=job.spec.reference)
    reference = (await server.assets.GetAsset(asset)).asset
    assert store.stat(reference.sha256) is not None
    hold.set()
    await server.finished(job.name)
    await sweep(server.gateway, older_than_seconds=-1.0)
    assert store.stat(in_use.sha256) is None


async def test_a_client_that_vanishes_within_create_job_leaves_a_job_that_runs(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    entered, released = threading.Event(), threading.Event()
    accept = Jobs.accept

    def slow_accept(*args: object, **kwargs: object) -> Job:
        job = accept(*args, **kwargs)  # type: ignore[arg-type]
        entered.set()
        released.wait()
        return job

    monkeypatch.setattr(Jobs, "accept", slow_accept)
    reference = await server.upload(png())
    creating = asyncio.create_task(server.create("mine", reference=reference))
    await asyncio.to_thread(entered.wait)
    creating.cancel()
    released.set()
    monkeypatch.undo()
    job = await server.create("mine", reference=reference)
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_database_that_is_away_when_a_job_ends_does_not_lose_its_end(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    succeed = Jobs.succeed
    calls: list[int] = []

    def first_fails(*args: object) -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise sqlalchemy.exc.OperationalError("COMMIT", {}, ConnectionError("restarted"))
        return succeed(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Jobs, "succeed", first_fails)
    job = await server.create()
    assert (await server.finished(job.name)).state == job_pb2.JOB_STATE_SUCCEEDED
    assert len(calls) == 2
