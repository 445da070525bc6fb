"""Films of scripts that are still being written: Generate begins at the first sentence."""

import asyncio
from pathlib import Path

import grpc
import numpy as np
import pytest

from gateway_world import (
    Gate,
    Running,
    Start,
    failure,
    gateways,
    generate_requests,
    png,
    rest,
    rows,
    wav,
)
from s2v.api.gateway.v1 import asset_service_pb2, generation_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.records.jobs import JobRecords

Request = generation_service_pb2.GenerateRequest
Response = generation_service_pb2.GenerateResponse


class Writing:
    """A client of Generate that keeps its side open."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.call = server.generation.Generate()

    async def send(self, **fields: object) -> None:
        await self.call.write(Request(**fields))  # type: ignore[arg-type]

    async def begin(self, *texts: str, **config: object) -> job_pb2.Job:
        """Send what is needed and these pieces of text; return the job when it is accepted."""
        await self.send(config=config)
        await self.send(reference_chunk=png())
        for text in texts:
            await self.send(text_chunk=text)
        return (await self.call.read()).accepted

    async def end(self) -> list[Response]:
        await self.call.done_writing()
        return await rest(self.call)  # type: ignore[return-value]


async def job(server: Running, name: str) -> job_pb2.Job:
    return (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=name))).job


def spoken(server: Running) -> list[str]:
    """What was cut, in order."""
    return [order.spec.text for order in server.stages.orders]


@pytest.mark.parametrize("text", ["Hello there. ", "Hello there.", "Hello there! And"])
async def test_the_work_begins_at_the_first_sentence(start: Start, text: str) -> None:
    server = await start()
    writing = Writing(server)
    accepted = await writing.begin(text)
    assert accepted.spec.script.text == text.removesuffix("And").rstrip()
    await server.stages.called("render-0")
    await writing.send(text_chunk=" So it goes on. ")
    while "cut" not in server.stages.calls[1:]:
        await server.stages.called("cut")
        await asyncio.to_thread(lambda: None)
    *_, last = await writing.end()
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert last.finished.spec.script.text == text + " So it goes on. "
    assert "".join(spoken(server)).split() == (text + " So it goes on. ").split()


async def test_the_film_has_all_of_the_text_in_order(start: Start) -> None:
    server = await start()
    writing = Writing(server)
    pieces = ["One. Tw", "o! Thr", "ee? Four, ", "five. ", "Six"]
    await writing.begin(*pieces)
    responses = await writing.end()
    finished = responses[-1].finished
    assert finished.spec.script.text == "".join(pieces)
    assert " ".join(spoken(server)).split() == ["One.", "Two!", "Three?", "Four,", "five.", "Six"]
    words = ["One.", "Two!", "Three?", "Four,", "five.", "Six"]
    assert finished.film.frames == sum(map(len, words))
    assert finished.progress.segments_total == len(words)
    media = [r.media for r in responses if r.HasField("media")]
    assert b"".join(chunk.data for chunk in media) == b"x" * len(words)


@pytest.mark.parametrize(
    ("pieces", "first"),
    [
        (["Dr. ", "Smith is here. ", "X"], "Dr. Smith is here. "),
        (["We meet at 5 p.m. ", "today in town. ", "X"], "We meet at 5 p.m. today in town. "),
        (["Pi is 3.", "14 or so. ", "X"], "Pi is 3.14 or so. "),
        (["He", "llo the", "re", ". ", "X"], "Hello there. "),
        (["... ", "!! ", "Well said. ", "X"], "... !! Well said. "),
    ],
)
async def test_a_sentence_is_not_broken_where_chunks_are(
    start: Start, pieces: list[str], first: str
) -> None:
    server = await start()
    requests = [
        Request(config={}),
        Request(reference_chunk=png()),
        *(Request(text_chunk=piece) for piece in pieces),
    ]
    responses = await rest(server.generation.Generate(iter(requests)))
    assert responses[-1].finished.spec.script.text == "".join(pieces)
    assert spoken(server)[0].startswith(first.rstrip())
    assert "".join(spoken(server)).rstrip() == "".join(pieces).rstrip()


async def test_the_end_of_input_ends_the_script(start: Start) -> None:
    server = await start()
    writing = Writing(server)
    await writing.begin("Hello there. ")
    await writing.send(text_chunk="Bye")
    await writing.send(end_of_input={})
    *_, last = await rest(writing.call)
    assert last.finished.spec.script.text == "Hello there. Bye"
    whole = Writing(server)
    await whole.send(config={})
    await whole.send(reference_chunk=png())
    await whole.send(text_chunk="no stop")
    await whole.send(end_of_input={})
    assert (await whole.call.read()).accepted.spec.script.text == "no stop"
    assert (await rest(whole.call))[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.parametrize(
    ("late", "field"),
    [
        ({"reference_chunk": png()}, "spec.reference"),
        ({"audio_chunk": wav()}, "spec.script.audio"),
        ({"pose_chunk": b"x"}, "spec.pose"),
    ],
)
async def test_a_file_that_comes_after_the_text_has_begun_is_refused(
    start: Start, late: dict[str, object], field: str
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    writing = Writing(server)
    accepted = await writing.begin("Hello there. ", keep_running=True)
    await writing.send(**late)
    error = await failure(rest(writing.call))
    assert (error.reason, error.field) == (Reason.FIELD_INVALID, field)
    assert (await server.finished(accepted.name)).state == job_pb2.JOB_STATE_CANCELLED


async def test_a_second_config_after_the_text_has_begun_is_refused(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    writing = Writing(server)
    accepted = await writing.begin("Hello there. ")
    await writing.send(config={})
    assert (await failure(rest(writing.call))).reason is Reason.CONFIG_EXPECTED
    assert (await server.finished(accepted.name)).state == job_pb2.JOB_STATE_CANCELLED


async def test_too_much_text_is_refused_whenever_it_comes(start: Start) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    writing = Writing(server)
    accepted = await writing.begin("Hello there. ")
    await writing.send(text_chunk="x" * 20_000)
    error = await failure(rest(writing.call))
    assert (error.reason, error.field) == (Reason.TEXT_TOO_LONG, "spec.script.text")
    assert (await server.finished(accepted.name)).state == job_pb2.JOB_STATE_CANCELLED


async def test_too_much_text_at_once_makes_no_job(start: Start) -> None:
    server = await start()
    requests = [
        Request(config={}),
        Request(reference_chunk=png()),
        Request(text_chunk="Hello there. " + "x" * 20_000),
    ]
    error = await failure(rest(server.generation.Generate(iter(requests))))
    assert error.reason is Reason.TEXT_TOO_LONG
    assert not (await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs


@pytest.mark.parametrize("keep_running", [False, True])
async def test_a_writer_that_vanishes_leaves_the_text_so_far(
    start: Start, keep_running: bool
) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    writing = Writing(server)
    accepted = await writing.begin("Hello there. ", keep_running=keep_running)
    await writing.send(text_chunk="More. Even")
    while "More." not in (await job(server, accepted.name)).spec.script.text:
        pass
    writing.call.cancel()
    if keep_running:
        hold.set()
    while not (ended := await job(server, accepted.name)).HasField("end_time"):
        pass  # who watched it would keep it running
    expected = job_pb2.JOB_STATE_SUCCEEDED if keep_running else job_pb2.JOB_STATE_CANCELLED
    assert ended.state == expected
    assert ended.spec.script.text.startswith("Hello there. More.")
    assert not rows(server, "jobs", "script_open", "1")


async def test_a_writer_that_vanishes_while_the_job_is_accepted_leaves_no_open_script(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start()
    gate = Gate()
    monkeypatch.setattr(JobRecords, "accept", gate.around(JobRecords.accept, before=True))
    writing = Writing(server)
    beginning = asyncio.create_task(writing.begin("Hello there. ", keep_running=True))
    await gate.reached.wait()
    writing.call.cancel()
    with pytest.raises((asyncio.CancelledError, grpc.RpcError)):
        await beginning
    await server.upload(png())
    gate.opened.set()
    listed: list[job_pb2.Job] = []
    while not listed:
        listed = list((await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs)
    assert (await server.finished(listed[0].name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_writer_that_vanishes_before_there_is_enough_leaves_nothing(
    start: Start, tmp_path: Path
) -> None:
    server = await start()
    for config in ({}, {"keep_running": True}):
        writing = Writing(server)
        await writing.send(config=config)
        await writing.send(reference_chunk=png())
        await writing.send(text_chunk="no end")
        folder = tmp_path / "gateway" / "uploads"
        while not any(path.stat().st_size for path in folder.iterdir()):
            await asyncio.to_thread(lambda: None)
        writing.call.cancel()
        while list(folder.iterdir()):
            await asyncio.to_thread(lambda: None)
    assert not (await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs
    assert not (await server.assets.ListAssets(asset_service_pb2.ListAssetsRequest())).assets


async def test_a_gateway_that_dies_goes_on_with_the_text_so_far(tmp_path: Path) -> None:
    async with gateways(tmp_path) as start:
        server = await start()
        writing = Writing(server)
        accepted = await writing.begin("Hello there. ", keep_running=True)
        await writing.send(text_chunk="And more. Then")
        while "more." not in (await job(server, accepted.name)).spec.script.text:
            pass
        await server.stages.called("render-3")
        server.gateway.studio.close()
        await failure(rest(writing.call))
    async with gateways(tmp_path) as start:
        server = await start()
        ended = await server.finished(accepted.name)
        assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
        assert ended.spec.script.text == "Hello there. And more."
        assert ended.film.frames == len("Hellothere.Andmore.")
        assert not any(call.startswith("speak") for call in server.stages.calls)


async def test_who_joins_does_not_write_the_script_twice(start: Start) -> None:
    server = await start()
    first, second = Writing(server), Writing(server)
    accepted = await first.begin("Hello there. ", request_id="once")
    joined = await second.begin("Something else. ", request_id="once")
    assert joined.name == accepted.name
    await second.send(text_chunk="More of it. ")
    await second.call.done_writing()
    await first.send(text_chunk="Bye.")
    *_, mine = await first.end()
    *_, theirs = await rest(second.call)
    assert mine.finished.spec.script.text == "Hello there. Bye."
    assert theirs.finished == mine.finished


async def test_who_joins_does_not_end_the_job_of_another(start: Start) -> None:
    server = await start()
    first, second = Writing(server), Writing(server)
    accepted = await first.begin("Hello there. ", request_id="once")
    await second.begin("Hello there. ", request_id="once")
    second.call.cancel()
    await server.upload(png())
    await first.send(text_chunk="Bye.")
    *_, last = await first.end()
    assert last.finished.name == accepted.name
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_config_that_names_everything_begins_at_once(start: Start) -> None:
    server = await start()
    reference = await server.upload(png())
    config = {"spec": {"reference": reference, "script": {"text": "a bb"}}}
    writing = Writing(server)
    await writing.send(config=config)
    assert (await writing.call.read()).accepted.spec.script.text == "a bb"
    assert (await rest(writing.call))[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.parametrize("late", [{"text_chunk": "b"}, {"audio_chunk": wav()}, {"pose_chunk": b""}])
async def test_a_config_that_names_everything_takes_nothing_more(
    start: Start, late: dict[str, object]
) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    reference = await server.upload(png())
    config = {"spec": {"reference": reference, "script": {"text": "a bb"}}}
    writing = Writing(server)
    await writing.send(config=config)
    name = (await writing.call.read()).accepted.name
    await writing.send(**late)
    assert (await failure(rest(writing.call))).reason is Reason.FIELD_INVALID
    assert (await server.finished(name)).state == job_pb2.JOB_STATE_CANCELLED


async def test_a_pose_comes_before_the_text(start: Start, tmp_path: Path) -> None:
    server = await start()
    requests = generate_requests(png(), spec={"engine": "directed"})
    pose = _video(tmp_path / "pose.mp4")
    config, *texts = requests[:3]
    files = [*requests[3:], Request(pose_chunk=pose[:100]), Request(pose_chunk=pose[100:])]
    responses = await rest(server.generation.Generate(iter([config, *files, *texts])))
    (order,) = server.stages.orders
    assert order.pose is not None
    assert responses[-1].finished.spec.pose.startswith("assets/")


def _video(path: Path) -> bytes:
    with ClipEncoder(path, width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((5, 64, 64, 3), np.uint8))
    return path.read_bytes()


@pytest.mark.parametrize("tail", [[], [""], ["  \n"], ["... ", "!?"], [" - ", "\u200d"]])
async def test_a_rest_that_nobody_can_speak_is_left_out(start: Start, tail: list[str]) -> None:
    server = await start()
    writing = Writing(server)
    await writing.begin("Hello there. ")
    for text in tail:
        await writing.send(text_chunk=text)
    *_, last = await writing.end()
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert last.finished.spec.script.text == "Hello there. " + "".join(tail)
    assert last.finished.film.frames == len("Hellothere.")
    assert spoken(server) == ["Hello there."]


async def test_a_script_without_any_text_makes_no_job(start: Start) -> None:
    server = await start()
    for texts in ([], [""], ["  "]):
        requests = [
            Request(config={}),
            Request(reference_chunk=png()),
            *(Request(text_chunk=text) for text in texts),
        ]
        error = await failure(rest(server.generation.Generate(iter(requests))))
        assert error.reason is Reason.TEXT_EMPTY


@pytest.mark.parametrize("text", ["\u4f60\u597d\u3002 ", f"Fine. {16 * chr(0x4F60)}\u3002 Then. "])
async def test_more_of_a_text_that_the_voice_cannot_say_is_refused_when_it_comes(
    start: Start, text: str
) -> None:
    server = await start()
    writing = Writing(server)
    accepted = await writing.begin("Hello there. ")
    await writing.send(text_chunk=text)
    refusal = await failure(rest(writing.call))
    assert refusal.reason is Reason.TEXT_EMPTY
    assert "spec.script.text" in str(refusal.field)
    assert (await job(server, accepted.name)).state != job_pb2.JOB_STATE_SUCCEEDED


async def test_a_first_sentence_that_the_voice_cannot_say_makes_no_job(start: Start) -> None:
    server = await start()
    writing = Writing(server)
    await writing.send(config={})
    await writing.send(reference_chunk=png())
    await writing.send(text_chunk="\u4f60\u597d\uff0c\u4e16\u754c\u3002 ")
    refusal = await failure(rest(writing.call))
    assert refusal.reason is Reason.TEXT_EMPTY
    assert not (await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())).jobs
