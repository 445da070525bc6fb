"""Captions over the gateway's public services: asked for, told live, kept, fetched, dropped."""

import asyncio
from pathlib import Path

import pytest

from gateway_world import Running, Start, failure, gateways, generate_requests, png, wav
from s2v.api.common.v1 import caption_pb2, media_pb2
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.captions import Caption, SegmentCaptions
from s2v.core.errors import Reason
from s2v.core.job import FilmStats, JobState, StatsState
from s2v.core.ports import Notice, NoticeCode
from s2v.core.script import LipCues
from s2v.rpc.convert import caption_from_proto, caption_to_proto
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.film.captioning import MISSING
from s2v_gateway.records.job_rows import EVENT, Event, dump

TEXT = "abcdefghij klmnopqrst uvwxyzabcd"
"""Of which the fake stages make three segments of ten frames each."""


def told(events: list[job_service_pb2.WatchJobResponse]) -> list[job_pb2.SegmentCaptions]:
    return [event.captions for event in events if event.WhichOneof("event") == "captions"]


def lines(segments: list[job_pb2.SegmentCaptions]) -> list[str]:
    return [line for one in segments for caption in one.captions for line in caption.lines]


async def read(server: Running, name: str) -> str:
    call = server.assets.ReadAsset(asset_service_pb2.ReadAssetRequest(name=name))
    return b"".join([response.data async for response in call]).decode()


async def described(server: Running, name: str) -> asset_service_pb2.Asset:
    request = asset_service_pb2.GetAssetRequest(name=name)
    return (await server.assets.GetAsset(request)).asset


async def test_captions_come_live_and_as_files(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    job = await server.create(text=TEXT, captions=job_pb2.Captions())
    assert job.spec.captions.language == "en-US"
    live = []
    async for event in server.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=job.name)):
        if event.WhichOneof("event") == "captions":
            live.append(event.captions)
        if len(live) == 3:
            hold.set()  # nothing was rendered until now
    assert [one.segment for one in live] == [0, 1, 2]
    assert lines(live) == TEXT.split()
    times = [(c.start_seconds, c.end_seconds) for one in live for c in one.captions]
    assert [round(start * 25) // 10 for start, _ in times] == [0, 1, 2]
    film = (await server.finished(job.name)).film
    subrip, webvtt = await read(server, film.subrip_asset), await read(server, film.webvtt_asset)
    assert webvtt.startswith("WEBVTT\n\n00:00:00.")
    for word in TEXT.split():
        assert word in subrip
        assert word in webvtt


async def test_the_files_are_assets_of_the_job_and_go_with_it(start: Start) -> None:
    server = await start()
    job = await server.create(text=TEXT, captions=job_pb2.Captions())
    film = (await server.finished(job.name)).film
    found = [await described(server, name) for name in (film.subrip_asset, film.webvtt_asset)]
    assert [asset.media_type for asset in found] == ["application/x-subrip", "text/vtt"]
    assert {asset.job for asset in found} == {job.name}
    twin = await server.create(text=TEXT, captions=job_pb2.Captions())
    twins = (await server.finished(twin.name)).film
    await server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job.name))
    for name in (film.subrip_asset, film.webvtt_asset):
        assert (await failure(described(server, name))).reason is Reason.ASSET_NOT_FOUND
    # Its bytes are those of the other one's, too.
    assert "abcdefghij" in await read(server, twins.subrip_asset)


async def test_a_resume_token_replays_the_captions_that_came_after_it(start: Start) -> None:
    server = await start()
    job = await server.create(text=TEXT, captions=job_pb2.Captions())
    await server.finished(job.name)
    everything = await server.watch(job.name)
    assert lines(told(everything)) == TEXT.split()
    first = next(event for event in everything if event.WhichOneof("event") == "captions")
    again = await server.watch(job.name, first.resume_token)
    assert lines(told(again)) == TEXT.split()[1:]


async def test_captions_are_told_once_over_a_restart(tmp_path: Path) -> None:
    hold = asyncio.Event()
    async with gateways(tmp_path) as start:
        server = await start(FakeStages(hold={"render-1": hold}))
        job = await server.create(text=TEXT, captions=job_pb2.Captions())
        await server.stages.called("render-2")
    async with gateways(tmp_path) as start:
        server = await start()
        events = await server.watch(job.name)
    assert [one.segment for one in told(events)] == [0, 1, 2]
    assert events[-1].finished.film.subrip_asset


async def test_generate_tells_captions_too(start: Start) -> None:
    server = await start()
    config, *chunks = generate_requests(png(), text=(TEXT,))
    config.config.spec.captions.SetInParent()
    call = server.generation.Generate(iter([config, *chunks]))
    responses = [response async for response in call]
    shown = [r.captions for r in responses if r.WhichOneof("event") == "captions"]
    assert lines(shown) == TEXT.split()
    assert responses[-1].finished.film.webvtt_asset


async def test_who_asks_for_none_gets_none(start: Start) -> None:
    server = await start()
    job = await server.create(text=TEXT)
    events = await server.watch(job.name)
    assert not job.spec.HasField("captions")
    assert not told(events)
    assert events[-1].finished.film.subrip_asset == ""
    listed = await server.assets.ListAssets(asset_service_pb2.ListAssetsRequest())
    assert "text/vtt" not in {asset.media_type for asset in listed.assets}


@pytest.mark.parametrize("cues", [LipCues.LOUDNESS, LipCues.SOUNDS])
async def test_sound_of_which_no_words_are_known_has_no_captions_and_a_notice_says_so(
    start: Start, cues: LipCues
) -> None:
    stages = FakeStages()
    stages.cues = cues
    server = await start(stages)
    audio = await server.upload(wav(), "audio/wav")
    job = await server.create(script=job_pb2.Script(audio=audio), captions=job_pb2.Captions())
    assert job.spec.captions.language == "und"
    events = await server.watch(job.name)
    assert lines(told(events)) == []
    finished = events[-1].finished
    assert [notice.code for notice in finished.notices] == [media_pb2.NOTICE_CODE_CAPTIONS_MISSING]
    assert finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert (finished.film.subrip_asset, finished.film.webvtt_asset) == ("", "")


async def test_a_transcript_that_fits_gives_its_own_words(start: Start) -> None:
    stages = FakeStages()
    stages.cues = LipCues.TRANSCRIPT
    server = await start(stages)
    script = job_pb2.Script(
        audio=await server.upload(wav(), "audio/wav"), transcript="“Abcdefghij,” klmnopqrst!"
    )
    job = await server.create(script=script, captions=job_pb2.Captions(language="de"))
    events = await server.watch(job.name)
    assert lines(told(events)) == ["“Abcdefghij,”", "klmnopqrst!"]
    assert events[-1].finished.spec.captions.language == "de"


@pytest.mark.parametrize(
    ("captions", "text", "field"),
    [
        (job_pb2.Captions(language="english please"), TEXT, "spec.captions.language"),
        (job_pb2.Captions(burnt_in=True), "Runes: ᚠᚢᚦ", "spec.captions.burnt_in"),
    ],
)
async def test_captions_that_cannot_be_are_refused(
    start: Start, captions: job_pb2.Captions, text: str, field: str
) -> None:
    server = await start()
    error = await failure(server.create(text=text, captions=captions))
    assert (error.reason, error.field) == (Reason.FIELD_INVALID, field)
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    assert not listed.jobs


async def test_what_cannot_be_drawn_can_be_a_track(start: Start) -> None:
    server = await start()
    job = await server.create(text="Runes: ᚠᚢᚦ", captions=job_pb2.Captions(track=True))
    assert lines(told(await server.watch(job.name))) == ["Runes:", "ᚠᚢᚦ"]
    (order,) = server.stages.orders
    assert order.spec.captions is not None
    assert order.spec.captions.track


@pytest.mark.parametrize(
    "event",
    [
        JobState.RUNNING,
        Notice(NoticeCode.SERVICE_AWAY, "away"),
        MISSING,
        SegmentCaptions(0, ()),
        SegmentCaptions(7, (Caption(("a", "b"), 0, 1_920),)),
        FilmStats(None, StatsState.NOT_MEASURED, "why"),
    ],
)
def test_every_event_of_the_history_is_read_as_it_was_written(event: Event) -> None:
    assert EVENT.validate_json(dump(EVENT, event)) == event


def test_a_caption_crosses_the_wire_exactly() -> None:
    for first in range(0, 100_000_000, 7_654_321):
        caption = Caption(("a",), first, first + 1)
        message = caption_pb2.Caption.FromString(caption_to_proto(caption).SerializeToString())
        assert caption_from_proto(message) == caption
