"""The clients' streams: watching, live media and films made within one call, over broken calls."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import AsyncClient, Client
from s2v.core.errors import Corrupt, NotFound, Reason, Unavailable
from s2v.testing.fakes_gateway import FILM, FakeGateway

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 4000  # four chunks
LIVE = bytes(range(256)) * 40  # eleven chunks
CONFIG = generation_service_pb2.GenerateConfig()


def kinds(events: Any) -> list[str]:
    return [event.WhichOneof("event") for event in events]


def live(events: Any) -> bytes:
    return b"".join(event.media.data for event in events if event.HasField("media"))


def films_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


def test_watching_resumes_after_the_last_event_that_was_seen(
    gateway: FakeGateway, client: Any
) -> None:
    job = client.create_job(job_pb2.JobSpec())
    gateway.break_after["WatchJob"] = 3

    events = kinds(client.watch(job.name))

    assert events == ["snapshot", "progress", "notice", "snapshot", "progress", "finished"]
    assert gateway.calls == ["CreateJob", "WatchJob", "WatchJob 2"]


def test_watching_begins_where_it_is_told_to(gateway: FakeGateway, client: Any) -> None:
    job = client.create_job(job_pb2.JobSpec())
    assert kinds(client.watch(job.name, resume_token="3")) == ["snapshot", "finished"]


def test_watching_survives_a_gateway_that_goes_away_and_comes_back(
    gateway: FakeGateway, client: Any
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


def test_a_gateway_that_gets_no_further_than_the_snapshot_is_away(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec())

    class Always(dict[str, int]):
        def pop(self, *_: Any) -> int:
            return 1

    gateway.break_after = Always()
    with Client(gateway.address, patience_seconds=0.5) as client, pytest.raises(Unavailable):
        list(client.watch(job.name))
    assert gateway.calls.count("WatchJob 0") < 10


@pytest.mark.parametrize("after", [4, 7, 13])
def test_live_media_goes_on_without_a_byte_twice_or_left_out(
    gateway: FakeGateway, client: Any, after: int
) -> None:
    gateway.media = LIVE
    gateway.break_after["WatchJob"] = after
    job = client.create_job(job_pb2.JobSpec(), with_media=True)

    events = list(client.watch(job.name, with_media=True))

    assert live(events) == LIVE
    assert gateway.media_offsets == [0, (after - 3) * 1000]
    assert kinds(events).count("finished") == 1


def test_damaged_media_is_fetched_again(gateway: FakeGateway, client: Any) -> None:
    gateway.media, gateway.damaged_chunks = LIVE, 2
    job = client.create_job(job_pb2.JobSpec(), with_media=True)

    assert live(client.watch(job.name, with_media=True, media_offset=2000)) == LIVE[2000:]
    assert set(gateway.media_offsets) == {2000}
    assert len(gateway.media_offsets) > 1


def test_media_that_is_always_damaged_ends_patience(gateway: FakeGateway) -> None:
    gateway.media, gateway.damaged_chunks = LIVE, 1_000_000
    job = gateway.add_job(job_pb2.JobSpec(), with_media=True)

    with Client(gateway.address, patience_seconds=0.5) as client, pytest.raises(Corrupt) as caught:
        list(client.watch(job.name, with_media=True))
    assert caught.value.reason is Reason.CHUNK_CORRUPT


def test_a_job_that_was_made_without_live_media_has_none(gateway: FakeGateway, client: Any) -> None:
    job = client.create_job(job_pb2.JobSpec())
    with pytest.raises(NotFound) as caught:
        list(client.watch(job.name, with_media=True))
    assert caught.value.reason is Reason.MEDIA_NOT_FOUND


def test_stats_are_waited_for_when_they_are_asked_for(gateway: FakeGateway, client: Any) -> None:
    gateway.stats = job_pb2.FilmStats(state=job_pb2.STATS_STATE_DONE)
    job = client.create_job(job_pb2.JobSpec())
    gateway.break_after["WatchJob"] = 5  # between `finished` and `stats`

    *_, finished, snapshot, last = client.watch(job.name, with_stats=True)

    assert kinds([finished, snapshot, last]) == ["finished", "snapshot", "stats"]
    assert last.stats.state == job_pb2.STATS_STATE_DONE


def test_a_job_that_failed_has_no_stats_to_wait_for(gateway: FakeGateway, client: Any) -> None:
    gateway.error = Corrupt(Reason.INTERNAL, "broken")
    job = client.create_job(job_pb2.JobSpec())
    assert kinds(client.watch(job.name, with_stats=True))[-1] == "finished"


def test_watching_that_is_left_ends_its_call(gateway: FakeGateway, client: Any) -> None:
    gateway.endless = True
    job = client.create_job(job_pb2.JobSpec())
    events = client.watch(job.name)
    assert kinds(itertools.islice(events, 2)) == ["snapshot", "progress"]
    events.close()
    assert client.job(job.name).state == job_pb2.JOB_STATE_RUNNING


def test_generate_sends_the_config_first_and_the_text_last(
    gateway: FakeGateway, client: Any, tmp_path: Path
) -> None:
    photo = tmp_path / "me.jpg"
    photo.write_bytes(PHOTO)
    gateway.media = LIVE

    responses = list(
        client.generate(
            CONFIG, text=["Hello ", "world."], reference=str(photo), audio=b"RIFF", pose=b"ftyp"
        )
    )

    files = ["reference_chunk"] * 4 + ["audio_chunk", "pose_chunk"]
    assert gateway.calls == ["config", *files, "text_chunk", "text_chunk"]
    assert b"".join(request.reference_chunk for request in gateway.generated) == PHOTO
    assert kinds(responses) == ["accepted", "progress", *["media"] * 11, "finished"]
    assert live(responses) == LIVE


def test_generate_takes_a_text_that_is_given_whole_for_one_piece(
    gateway: FakeGateway, client: Any
) -> None:
    list(client.generate(CONFIG, text="Hello world."))
    assert [request.text_chunk for request in gateway.generated] == ["", "Hello world."]


def test_generate_refuses_damaged_media(gateway: FakeGateway, client: Any) -> None:
    gateway.media, gateway.damaged_chunks = LIVE, 1
    with pytest.raises(Corrupt):
        list(client.generate(CONFIG, text=["Hello."]))


def test_a_text_that_is_still_being_written_is_spoken_already(gateway: FakeGateway) -> None:
    accepted = threading.Event()

    def dictated() -> Iterator[str]:
        yield "One sentence. "
        assert accepted.wait(30)
        yield "Another one."

    with Client(gateway.address) as client:
        responses = client.generate(CONFIG, text=dictated())
        assert next(responses).HasField("accepted")
        accepted.set()
        assert kinds(responses)[-1] == "finished"
    assert gateway.calls == ["config", "text_chunk", "text_chunk"]


async def test_a_text_comes_from_a_coroutine_while_responses_arrive(gateway: FakeGateway) -> None:
    accepted = asyncio.Event()

    async def dictated() -> AsyncIterator[str]:
        yield "One sentence. "
        await asyncio.wait_for(accepted.wait(), 30)
        yield "Another one."

    seen = []
    async with AsyncClient(gateway.address) as client:
        async for response in client.generate(CONFIG, text=dictated(), reference=PHOTO):
            accepted.set()
            seen.append(response)
    assert kinds(seen) == ["accepted", "progress", "finished"]


def test_an_error_of_the_text_is_the_caller_s_own(gateway: FakeGateway) -> None:
    def dictated() -> Iterator[str]:
        yield "One sentence. "
        raise ZeroDivisionError

    with Client(gateway.address) as client, pytest.raises(ZeroDivisionError):
        list(client.generate(CONFIG, text=dictated()))


async def test_an_error_of_the_coroutine_s_text_is_the_caller_s_own(gateway: FakeGateway) -> None:
    async def dictated() -> AsyncIterator[str]:
        yield "One sentence. "
        raise ZeroDivisionError

    async with AsyncClient(gateway.address) as client:
        with pytest.raises(ZeroDivisionError):
            [response async for response in client.generate(CONFIG, text=dictated())]


async def test_leaving_a_film_ends_the_text_that_is_still_waited_for(gateway: FakeGateway) -> None:
    closed = asyncio.Event()

    async def dictated() -> AsyncIterator[str]:
        try:
            yield "One sentence. "
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with AsyncClient(gateway.address) as client:
        async with aclosing(client.generate(CONFIG, text=dictated())) as responses:
            assert (await anext(responses)).HasField("accepted")
        await asyncio.wait_for(closed.wait(), 30)


async def test_many_films_are_made_side_by_side(gateway: FakeGateway, tmp_path: Path) -> None:
    async with AsyncClient(gateway.address) as client:
        await asyncio.gather(
            *(
                client.make(text="Hello.", reference=PHOTO, output=tmp_path / f"{number}.mp4")
                for number in range(4)
            )
        )
    assert films_in(tmp_path) == [FILM] * 4


async def test_a_cancelled_coroutine_cancels_its_job(gateway: FakeGateway, tmp_path: Path) -> None:
    gateway.endless = True
    watched = asyncio.Event()
    async with AsyncClient(gateway.address) as client:
        making = asyncio.create_task(
            client.make(
                text="Hello.",
                reference=PHOTO,
                output=tmp_path / "film.mp4",
                on_progress=lambda _: watched.set(),
            )
        )
        await asyncio.wait_for(watched.wait(), 30)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
    assert gateway.calls[-1] == "CancelJob"
