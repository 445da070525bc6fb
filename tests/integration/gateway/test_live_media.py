"""Films are watched while they are made, from any byte on, with nothing sent twice."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import google_crc32c
import numpy as np
import pytest

from gateway_world import Running, Start, failure, gateways, generate_requests, png, rest, rows
from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import wav_bytes
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_stages import FakeStages
from s2v_compositor.composing import FilmWriter
from s2v_gateway.records.reels import read_reels
from showing_stages import ShowingStages

LARGE = [bytes([number]) * 600_000 for number in range(3)]
"""What there is to watch of the three segments that "a bb ccc" has."""
FILM = b"".join(LARGE)


def watch(server: Running, name: str, **fields: object) -> object:
    request = job_service_pb2.WatchJobRequest(name=name, **fields)  # type: ignore[arg-type]
    return server.jobs.WatchJob(request)


async def create(server: Running, **fields: object) -> str:
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text="a bb ccc"), reference=await server.upload(png())
    )
    request = job_service_pb2.CreateJobRequest(
        spec=spec,
        **({"with_media": True} | fields),  # type: ignore[arg-type]
    )
    return (await server.jobs.CreateJob(request)).job.name


def joined(events: Sequence[object], *, first: int = 0) -> bytes:
    """Check that the chunks are whole and follow one another, and join them."""
    chunks: list[media_pb2.MediaChunk] = [e.media for e in events if e.HasField("media")]  # type: ignore[attr-defined]
    offset = first
    for chunk in chunks:
        assert chunk.offset == offset
        assert chunk.crc32c == google_crc32c.value(chunk.data)
        assert bool(chunk.media_type) == (chunk.offset == 0)
        offset += len(chunk.data)
    return b"".join(chunk.data for chunk in chunks)


async def first_bytes(call: object, size_bytes: int) -> list[object]:
    """Read so far into a call that so much of the film has come."""
    events: list[object] = []
    while len(joined(events)) < size_bytes:
        events.append(await call.read())  # type: ignore[attr-defined]
    return events


async def test_a_watcher_sees_what_generate_sends(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(ShowingStages(LARGE, hold={"join-1": hold}))
    generating = server.generation.Generate(iter(generate_requests(png(), text=("a bb ccc",))))
    name = (await generating.read()).accepted.name
    early = watch(server, name, with_media=True)
    seen = await first_bytes(early, len(LARGE[0]))
    hold.set()
    seen += await rest(early)  # type: ignore[arg-type]
    late = await rest(watch(server, name, with_media=True))  # type: ignore[arg-type]
    sent = await rest(generating)
    assert joined(sent) == joined(seen) == joined(late) == FILM
    for events in (seen, late, sent):
        assert events[-1].WhichOneof("event") == "finished"  # type: ignore[attr-defined]
    assert not joined(await rest(watch(server, name)))  # type: ignore[arg-type]


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("offset", [0, 1, 256 * 1024, 600_000, 1_234_567, len(FILM)])
async def test_a_film_is_watched_from_any_offset(start: Start, offset: int, ended: bool) -> None:
    hold = asyncio.Event()
    server = await start(ShowingStages(LARGE, hold={"join-1": hold}))
    name = await create(server)
    if ended:
        hold.set()
        await server.finished(name)
    call = watch(server, name, with_media=True, media_offset=offset)
    await call.read()  # type: ignore[attr-defined]
    hold.set()
    assert joined(await rest(call), first=offset) == FILM[offset:]  # type: ignore[arg-type]


async def test_a_viewer_that_drops_goes_on_where_it_was(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(ShowingStages(LARGE, hold={"join-1": hold}))
    requests = generate_requests(png(), text=("a bb ccc",), keep_running=True)
    generating = server.generation.Generate(iter(requests))
    name = (await generating.read()).accepted.name
    seen = joined(await first_bytes(generating, 1))
    generating.cancel()
    again = watch(server, name, with_media=True, media_offset=len(seen))
    await again.read()  # type: ignore[attr-defined]
    hold.set()
    assert seen + joined(await rest(again), first=len(seen)) == FILM  # type: ignore[arg-type]


async def test_a_viewer_goes_on_over_a_restart_of_the_gateway(tmp_path: Path) -> None:
    async with gateways(tmp_path) as start:
        server = await start(ShowingStages(LARGE, hold={"join-1": asyncio.Event()}))
        name = await create(server)
        seen = joined(await first_bytes(watch(server, name, with_media=True), len(LARGE[0])))
        server.gateway.studio.close()
    async with gateways(tmp_path) as start:
        server = await start(ShowingStages(LARGE))
        again = watch(server, name, with_media=True, media_offset=len(seen))
        assert seen + joined(await rest(again), first=len(seen)) == FILM  # type: ignore[arg-type]
        assert "render-0" not in server.stages.calls


async def test_what_was_shown_of_a_take_is_kept_over_a_restart(tmp_path: Path) -> None:
    async with gateways(tmp_path) as start:
        server = await start(ShowingStages(LARGE, hold={"render-2": asyncio.Event()}))
        name = await create(server)
        await server.stages.called("join-2-1")
        with server.gateway.database.connect() as connection:
            shown = read_reels(connection, _id(name))
        server.gateway.studio.close()
    async with gateways(tmp_path) as start:
        server = await start(ShowingStages(LARGE))
        assert (await server.finished(name)).state == job_pb2.JOB_STATE_SUCCEEDED
        assert [reel.first_frame for reel in shown[2]] == [0, 1]
        assert server.stages.rendered == {2: shown[2]}
        while server.gateway.store.stat(shown[2][0].video.sha256) is not None:  # noqa: ASYNC110 (a thread drops it)
            await asyncio.sleep(0)
        assert not rows(server, "job_reels", "job_id", _id(name))


async def test_a_job_that_nobody_watches_has_no_reels(start: Start) -> None:
    server = await start(FakeStages())
    name = await create(server, with_media=False)
    await server.finished(name)
    assert not any(server.stages.rendered.values())
    assert not [call for call in server.stages.calls if call.startswith("join-2-")]


def _id(name: str) -> str:
    return name.removeprefix("jobs/")


async def test_live_media_goes_some_time_after_the_end(start: Start) -> None:
    server = await start(ShowingStages(LARGE), live_media_seconds=0)
    name = await create(server)
    assert joined(await rest(watch(server, name, with_media=True))) == FILM  # type: ignore[arg-type]
    await server.gateway.retention.sweep()
    error = await failure(watch(server, name, with_media=True).read())  # type: ignore[attr-defined]
    assert (error.reason, error.field) == (Reason.MEDIA_NOT_FOUND, "with_media")
    assert (await server.finished(name)).state == job_pb2.JOB_STATE_SUCCEEDED


async def test_a_job_without_media_has_none(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    name = await create(server, with_media=False)
    error = await failure(watch(server, name, with_media=True).read())  # type: ignore[attr-defined]
    assert (error.reason, error.field) == (Reason.MEDIA_NOT_FOUND, "with_media")
    hold.set()
    assert (await server.finished(name)).state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.parametrize("offset", [-1, -(2**63), 2**62, 2**63 - 1])
async def test_an_offset_that_no_film_has_is_refused(start: Start, offset: int) -> None:
    server = await start(FakeStages(hold={"render-0": asyncio.Event()}))
    name = await create(server)
    call = watch(server, name, with_media=True, media_offset=offset)
    error = await failure(call.read())  # type: ignore[attr-defined]
    assert (error.reason, error.field) == (Reason.OFFSET_OUT_OF_RANGE, "media_offset")


async def test_an_offset_beyond_the_end_is_refused(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(ShowingStages(LARGE, hold={"join-2": hold}))
    name = await create(server)
    early = watch(server, name, with_media=True, media_offset=len(FILM) + 1)
    await early.read()  # type: ignore[attr-defined]
    hold.set()
    assert (await failure(rest(early))).reason is Reason.OFFSET_OUT_OF_RANGE  # type: ignore[arg-type]
    late = watch(server, name, with_media=True, media_offset=len(FILM) + 1)
    assert (await failure(late.read())).reason is Reason.OFFSET_OUT_OF_RANGE  # type: ignore[attr-defined]


async def test_a_watcher_with_media_hears_how_a_job_failed(start: Start) -> None:
    error = InvalidInput(Reason.FACE_NOT_FOUND, "no face")
    server = await start(ShowingStages(LARGE, fail={"render-0": error}))
    name = await create(server)
    await server.finished(name)
    *_, last = await rest(watch(server, name, with_media=True, with_stats=True))  # type: ignore[arg-type]
    assert last.finished.state == job_pb2.JOB_STATE_FAILED


async def test_the_first_chunk_names_the_codecs(start: Start, tmp_path: Path) -> None:
    pieces = _film(tmp_path)
    server = await start(ShowingStages(pieces))
    name = await create(server)
    events = await rest(watch(server, name, with_media=True))  # type: ignore[arg-type]
    assert joined(events) == b"".join(pieces)
    chunk = next(event.media for event in events if event.HasField("media"))
    assert chunk.media_type.startswith('video/mp4; codecs="avc1.')
    assert chunk.media_type.endswith(', mp4a.40.2"')


def _film(folder: Path) -> list[bytes]:
    """Return the fragments of a real film of three segments."""
    clip = folder / "clip.mp4"
    with ClipEncoder(clip, width=64, height=64, frame_rate=25) as encoder:
        encoder.write(np.zeros((25, 64, 64, 3), np.uint8))
    speech = wav_bytes(np.zeros(SAMPLE_RATE, np.int16))
    with FilmWriter(folder / "film.mp4", 25) as writer:
        pieces = [
            b"".join(fragment.data for fragment in writer.add(clip, io.BytesIO(speech), 25))
            for _ in range(3)
        ]
        rest_of_it = b"".join(fragment.data for fragment in writer.finish())
    return [*pieces[:2], pieces[2] + rest_of_it]


async def test_a_slow_reader_hears_other_news_between_the_chunks(start: Start) -> None:
    pieces = [bytes(16_000_000), b"x", b"x"]
    server = await start(ShowingStages(pieces, hold={"join-1": asyncio.Event()}))
    name = await create(server)
    await server.stages.called("join-1")
    call = watch(server, name, with_media=True)
    await call.read()  # type: ignore[attr-defined]
    cancel = job_service_pb2.CancelJobRequest(name=name)
    await server.jobs.CancelJob(cancel)
    await server.finished(name)
    kinds = [event.WhichOneof("event") for event in await rest(call)]  # type: ignore[arg-type]
    last_state = max(index for index, kind in enumerate(kinds) if kind == "state")
    assert kinds[-2:] == ["media", "finished"]
    assert last_state < len(kinds) // 2


async def test_stats_come_last_where_they_are_asked_for(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(ShowingStages(LARGE, hold={"measure": hold}))
    name = await create(server)
    early = watch(server, name, with_media=True, with_stats=True)
    await server.stages.called("measure")
    plain = await rest(watch(server, name))  # type: ignore[arg-type]
    assert plain[-1].finished.stats.state == job_pb2.STATS_STATE_PENDING
    late = watch(server, name, with_stats=True)
    await late.read()  # type: ignore[attr-defined]
    hold.set()
    for call in (early, late, watch(server, name, with_stats=True)):
        *_, finished, stats = await rest(call)  # type: ignore[arg-type]
        assert finished.WhichOneof("event") == "finished"
        assert stats.stats.state == job_pb2.STATS_STATE_DONE
        assert stats.stats.lip_sync.frames == 100
    again = await rest(watch(server, name, with_stats=True, resume_token=stats.resume_token))  # type: ignore[arg-type]
    assert [e.WhichOneof("event") for e in again] == ["snapshot", "finished", "stats"]


async def test_stats_that_cannot_be_are_told_with_the_reason(start: Start) -> None:
    server = await start(measure_films=False)
    name = await create(server)
    for _ in range(2):
        *_, finished, stats = await rest(watch(server, name, with_stats=True))  # type: ignore[arg-type]
        assert finished.finished.stats.state == job_pb2.STATS_STATE_NOT_MEASURED
        assert stats.stats == finished.finished.stats
        assert stats.stats.reason


async def test_generate_again_after_the_media_went_gives_the_film(start: Start) -> None:
    server = await start(live_media_seconds=0)
    requests = generate_requests(png(), request_id="once")
    first = (await rest(server.generation.Generate(iter(requests))))[-1].finished
    await server.gateway.retention.sweep()
    again = await rest(server.generation.Generate(iter(requests)))
    assert [r.WhichOneof("event") for r in again] == ["accepted", "finished"]
    assert again[-1].finished.film == first.film


async def test_generate_with_media_joins_a_job_without_and_leaves_it_alone(start: Start) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-0": hold}))
    requests = generate_requests(png(), request_id="once", keep_running=True, without_media=True)
    first = server.generation.Generate(iter(requests))
    name = (await first.read()).accepted.name
    first.cancel()
    requests[0] = generation_service_pb2.GenerateRequest(config={"request_id": "once"})
    second = server.generation.Generate(iter(requests))
    assert (await second.read()).accepted.name == name
    hold.set()
    responses = await rest(second)
    assert responses[-1].finished.state == job_pb2.JOB_STATE_SUCCEEDED
    assert not joined(responses)
