"""Films within one call of Generate."""

import asyncio
from pathlib import Path

import google_crc32c
import pytest

from gateway_world import Start, failure, generate_requests, png, rest, wav
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.testing.fakes_stages import FakeStages


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
    chunks = [r.media for r in responses if r.HasField("media")]
    assert [c.offset for c in chunks] == [0, *(len(c.data) for c in chunks[:-1])][: len(chunks)]
    assert chunks[0].media_type == "video/mp4"
    assert all(c.crc32c == google_crc32c.value(c.data) for c in chunks)


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
